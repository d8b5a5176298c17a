import { type OutTradeNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import { type RefundFacts, type RefundReport, vouchForRefund } from '../../core/rules/report.ts'
import type { RefundAsk, RefundQuery } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { otherQuestion, unclear, wordsOf } from './call.ts'
import { merchantRefOf, type QfpayParts } from './parts.ts'
import { assertAsked, listed } from './query.ts'
import { rejectionOf, respClass } from './rejections.ts'
import { readTime, writeTime } from './times.ts'
import { minor, type Plain, text } from './wire.ts'

/** Asks for a refund. QFPay knows the payment by its own number only, so that is looked up where it is not known yet (fact sheet §9.2). */
export function makeRefund(parts: QfpayParts) {
  const { credentials, tools, post } = parts
  return async function refund(ask: RefundAsk): Promise<RefundReport> {
    const { outTradeNo, outRefundNo, amount, createdAt } = ask
    const syssn = ask.transactionId ?? (await syssnOf(outTradeNo))
    const answer = await post('/trade/v1/refund', {
      syssn,
      out_trade_no: outRefundNo,
      txamt: String(amount.minor),
      txdtm: writeTime(createdAt, credentials.zoneMinutes),
    })
    const respcd = text(answer, 'respcd') ?? ''
    const isTaken = respcd === '0000' || respClass(respcd) === 'pending'
    if (!isTaken) throw new ChannelError(rejectionOf(respcd, wordsOf(answer)))
    const original = text(answer, 'orig_syssn')
    if (original !== undefined && original !== syssn) throw otherQuestion('the refund of another payment')
    const at = readTime(text(answer, 'sysdtm'), credentials.zoneMinutes) ?? tools.runtime.now()
    return vouchForRefund({
      source: 'answer',
      channel: 'qfpay',
      account: tools.account,
      outRefundNo,
      outTradeNo,
      channelRefundId: text(answer, 'syssn'),
      merchantRef: merchantRefOf(credentials),
      amount,
      outcome: respcd === '0000' ? { status: 'succeeded', succeededAt: at } : { status: 'processing' },
    })
  }

  async function syssnOf(outTradeNo: OutTradeNo): Promise<string> {
    const [payment] = (await listed(parts, { out_trade_no: outTradeNo })).filter((one) => text(one, 'order_type') !== 'refund')
    const syssn = text(payment, 'syssn')
    if (syssn === undefined) throw unclear('does not list the payment that is to be refunded')
    return syssn
  }
}

export type QueryRefund = ReturnType<typeof makeQueryRefund>

/** Asks what became of a refund, by its own number among the transactions. */
export function makeQueryRefund(parts: QfpayParts) {
  const { credentials, tools } = parts
  return async function queryRefund({ outRefundNo, outTradeNo }: Pick<RefundQuery, 'outRefundNo' | 'outTradeNo'>): Promise<RefundReport> {
    const origin = { source: 'query', channel: 'qfpay', account: tools.account, outRefundNo, outTradeNo } as const
    const item = (await listed(parts, { out_trade_no: outRefundNo })).find((one) => text(one, 'order_type') === 'refund')
    if (!item) return vouchForRefund({ ...origin, outcome: { status: 'notFound' } })
    assertAsked(item, outRefundNo, credentials)
    const [amount, currency] = [minor(item, 'txamt'), text(item, 'txcurrcd') ?? credentials.currency]
    return vouchForRefund({
      ...origin,
      channelRefundId: text(item, 'syssn'),
      merchantRef: text(item, 'mchid') ?? merchantRefOf(credentials),
      amount: amount !== undefined && isCurrency(currency) ? moneyOf(amount, currency) : undefined,
      outcome: outcomeOf(item, credentials.zoneMinutes),
    })
  }
}

function outcomeOf(item: Plain, zoneMinutes: number): RefundFacts['outcome'] {
  const respcd = text(item, 'respcd') ?? ''
  switch (respClass(respcd)) {
    case 'success': {
      const at = readTime(text(item, 'paydtm'), zoneMinutes) ?? readTime(text(item, 'sysdtm'), zoneMinutes)
      if (at === undefined) throw unclear('told of a refund without its time')
      return { status: 'succeeded', succeededAt: at }
    }
    case 'pending':
    case 'unavailable':
      return { status: 'processing' }
    case 'unknown':
      return { status: 'unknown', said: respcd.slice(0, 32) }
    default:
      return { status: 'closed' }
  }
}

/** The number of the payment that a refund belongs to: a notification names it by QFPay's own number only. */
export async function paymentOfRefund(parts: QfpayParts, outRefundNo: string): Promise<OutTradeNo | undefined> {
  const refund = (await listed(parts, { out_trade_no: outRefundNo })).find((one) => text(one, 'order_type') === 'refund')
  const original = text(refund, 'origssn')
  const payment =
    original === undefined ? undefined : (await listed(parts, { syssn: original })).find((one) => text(one, 'syssn') === original)
  return readOutTradeNo(text(payment, 'out_trade_no') ?? '')
}
