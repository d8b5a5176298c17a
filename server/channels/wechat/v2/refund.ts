import { readOutRefundNo, readOutTradeNo } from '../../../../shared/kernel/ids.ts'
import { moneyOf } from '../../../../shared/kernel/money.ts'
import { type RefundFacts, type RefundReport, vouchForRefund } from '../../../core/rules/report.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { RefundAsk, RefundQuery } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { merchantRefOf } from '../account.ts'
import { otherQuestion, unclear, type V2Answer } from './call.ts'
import type { V2Parts } from './parts.ts'
import { fen } from './query.ts'
import { readClock } from './times.ts'

const reasonMaxBytes = 80
/** A query answers with at most this many refunds; asked by its number there is one. */
const listedMost = 50

/** Asks for a refund, over two-way TLS. SUCCESS means accepted, not refunded (fact sheet §3.3). */
export function makeRefund({ credentials, tools, call }: V2Parts) {
  return async function refund(ask: RefundAsk): Promise<RefundReport> {
    const { outTradeNo, transactionId, outRefundNo, amount, total, reason, notifyUrl } = ask
    const answer = await call(
      '/secapi/pay/refund',
      mainApp(credentials),
      {
        ...(transactionId === undefined ? { out_trade_no: outTradeNo } : { transaction_id: transactionId }),
        out_refund_no: outRefundNo,
        total_fee: String(total.minor),
        refund_fee: String(amount.minor),
        refund_fee_type: amount.currency,
        refund_desc: reason === undefined ? undefined : cutToBytes(reason, reasonMaxBytes),
        notify_url: notifyUrl,
      },
      true,
    )
    if (answer.get('out_refund_no') !== outRefundNo || answer.get('out_trade_no') !== outTradeNo)
      throw otherQuestion('the number of another refund')
    if (fen(answer.get('refund_fee')) !== amount.minor) throw otherQuestion('another amount')
    return vouchForRefund({
      source: 'answer',
      channel: 'wechat',
      account: tools.account,
      outRefundNo,
      outTradeNo,
      channelRefundId: answer.get('refund_id'),
      merchantRef: merchantRefOf(credentials),
      amount,
      outcome: { status: 'processing' },
    })
  }
}

export type QueryRefund = ReturnType<typeof makeQueryRefund>

/** Asks what became of a refund. Its answer lists refunds by number: `refund_status_0`, `refund_status_1` … */
export function makeQueryRefund({ credentials, tools, call }: V2Parts) {
  return async function queryRefund({ outRefundNo, outTradeNo }: Pick<RefundQuery, 'outRefundNo' | 'outTradeNo'>): Promise<RefundReport> {
    const origin = { source: 'query', channel: 'wechat', account: tools.account, outRefundNo, outTradeNo } as const
    try {
      const answer = await call('/pay/refundquery', mainApp(credentials), { out_refund_no: outRefundNo })
      if (answer.get('out_trade_no') !== outTradeNo) throw otherQuestion('the number of another order')
      const at = Array.from({ length: listedMost }, (_, index) => index).find(
        (index) => answer.get(`out_refund_no_${index}`) === outRefundNo,
      )
      if (at === undefined) throw otherQuestion('the number of another refund')
      return vouchForRefund({ ...origin, ...factsOf(answer, at), merchantRef: merchantRefOf(credentials) })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForRefund({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }
}

/** A refund is asked for under the account's own app; which one makes no difference to it. */
function mainApp({ officialAppId, miniprogramAppId }: V2Parts['credentials']): string {
  return officialAppId ?? miniprogramAppId ?? ''
}

function factsOf(answer: V2Answer, at: number): Pick<RefundFacts, 'channelRefundId' | 'amount' | 'outcome'> {
  const amount = fen(answer.get(`refund_fee_${at}`))
  return {
    channelRefundId: answer.get(`refund_id_${at}`),
    amount: amount === undefined ? undefined : moneyOf(amount, 'CNY'),
    outcome: outcomeOf(answer.get(`refund_status_${at}`) ?? '', answer.get(`refund_success_time_${at}`)),
  }
}

function outcomeOf(status: string, successTime: string | undefined): RefundFacts['outcome'] {
  switch (status) {
    case 'SUCCESS': {
      const succeededAt = readClock(successTime)
      if (succeededAt === undefined) throw unclear('told of a refund without its time of success')
      return { status: 'succeeded', succeededAt }
    }
    case 'PROCESSING':
      return { status: 'processing' }
    case 'CHANGE':
      return { status: 'abnormal' }
    case 'REFUNDCLOSE':
      return { status: 'closed' }
    default:
      return { status: 'unknown', said: status.slice(0, 32) }
  }
}

/** The numbers in an opened refund notification; undefined when they are none of ours. */
export function numbersIn(notice: V2Answer) {
  const [outRefundNo, outTradeNo] = [readOutRefundNo(notice.get('out_refund_no') ?? ''), readOutTradeNo(notice.get('out_trade_no') ?? '')]
  return outRefundNo && outTradeNo ? { outRefundNo, outTradeNo } : undefined
}
