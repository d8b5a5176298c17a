import { moneyOf } from '../../../../shared/kernel/money.ts'
import { type RefundFacts, type RefundReport, vouchForRefund } from '../../../core/rules/report.ts'
import type { RefundQuery } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { mainApp, merchantRefOf } from '../account.ts'
import { otherQuestion, unclear, type V2Answer } from './call.ts'
import type { V2Parts } from './parts.ts'
import { fen } from './query.ts'
import { readClock } from './times.ts'

/** An order has at most fifty refunds, and an answer lists at most ten. */
const pagesMost = 5
const listedMost = 50

export type QueryRefund = ReturnType<typeof makeQueryRefund>
type Asked = Pick<RefundQuery, 'outRefundNo' | 'outTradeNo'>

/**
 * Asks what became of a refund. Its answer lists refunds by number, `refund_status_0`, `refund_status_1` …, and what does not fit is on
 * further pages (fact sheet §3.3). One that WeChat has never heard of is a report too.
 */
export function makeQueryRefund({ credentials, tools, call }: V2Parts) {
  return async function queryRefund({ outRefundNo, outTradeNo }: Asked): Promise<RefundReport> {
    const origin = { source: 'query', channel: 'wechat', account: tools.account, outRefundNo, outTradeNo } as const
    try {
      const { answer, at } = await found({ outRefundNo, outTradeNo })
      return vouchForRefund({ ...origin, ...factsOf(answer, at), merchantRef: merchantRefOf(credentials) })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForRefund({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }

  /** The page that lists the refund, and its place there. */
  async function found({ outRefundNo, outTradeNo }: Asked): Promise<{ answer: V2Answer; at: number }> {
    let offset = 0
    for (let page = 0; page < pagesMost; page++) {
      const answer = await call('/pay/refundquery', mainApp(credentials), {
        out_refund_no: outRefundNo,
        offset: offset === 0 ? undefined : String(offset),
      })
      if (answer.get('out_trade_no') !== outTradeNo) throw otherQuestion('the number of another order')
      const at = placeOf(answer, outRefundNo)
      if (at !== undefined) return { answer, at }
      const listed = fen(answer.get('refund_count')) ?? 0
      offset += listed
      if (listed === 0 || offset >= (fen(answer.get('total_refund_count')) ?? 0)) break
    }
    throw otherQuestion('the numbers of other refunds')
  }
}

function placeOf(answer: V2Answer, outRefundNo: string): number | undefined {
  for (let at = 0; at < listedMost; at++) if (answer.get(`out_refund_no_${at}`) === outRefundNo) return at
  return undefined
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
