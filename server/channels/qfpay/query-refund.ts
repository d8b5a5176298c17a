import { type OutTradeNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import { type RefundFacts, type RefundReport, vouchForRefund } from '../../core/rules/report.ts'
import type { RefundQuery } from '../channel.ts'
import { otherQuestion } from './call.ts'
import { merchantIn, type QfpayParts } from './parts.ts'
import { assertAsked, listed, paidAt } from './query.ts'
import { respClass } from './rejections.ts'
import { minor, type Plain, text } from './wire.ts'

export type RefundNamed = Pick<RefundQuery, 'outRefundNo' | 'outTradeNo'> & Partial<Pick<RefundQuery, 'transactionId'>>
export type QueryRefund = ReturnType<typeof makeQueryRefund>

/** Asks what became of a refund, by its own number among the transactions. */
export function makeQueryRefund(parts: QfpayParts) {
  const { credentials, tools } = parts
  return async function queryRefund({ outRefundNo, outTradeNo, transactionId }: RefundNamed): Promise<RefundReport> {
    const origin = { source: 'query', channel: 'qfpay', account: tools.account, outRefundNo, outTradeNo } as const
    const item = (await listed(parts, { out_trade_no: outRefundNo })).find(isRefund)
    if (!item) return vouchForRefund({ ...origin, outcome: { status: 'notFound' } })
    assertAsked(item, outRefundNo, credentials)
    const original = text(item, 'origssn')
    if (transactionId !== undefined && original !== undefined && original !== transactionId)
      throw otherQuestion('the refund of another payment')
    const [amount, currency] = [minor(item, 'txamt'), text(item, 'txcurrcd') ?? credentials.currency]
    return vouchForRefund({
      ...origin,
      channelRefundId: text(item, 'syssn'),
      merchantRef: merchantIn(item, credentials),
      amount: amount !== undefined && isCurrency(currency) ? moneyOf(amount, currency) : undefined,
      outcome: refundOutcome(item, parts),
    })
  }
}

/** What an item that is a refund says. */
export function refundOutcome(item: Plain, { credentials, tools }: QfpayParts): RefundFacts['outcome'] {
  const respcd = text(item, 'respcd') ?? ''
  switch (respClass(respcd)) {
    case 'success':
      return { status: 'succeeded', succeededAt: paidAt(item, credentials) ?? tools.runtime.now() }
    case 'pending':
    case 'unavailable':
      return { status: 'processing' }
    case 'closed':
    case 'refused':
    case 'payer_retry':
    case 'bad_request':
    case 'config_error':
    case 'risk_denied':
    case 'failed':
      return { status: 'closed' }
    // Anything else says that QFPay itself does not know, or has to be asked otherwise.
    default:
      return { status: 'unknown', said: respcd.slice(0, 32) }
  }
}

/** The number of the payment that a refund belongs to: a notification names it by QFPay's own number only. */
export async function paymentOfRefund(parts: QfpayParts, outRefundNo: string): Promise<OutTradeNo | undefined> {
  const refund = (await listed(parts, { out_trade_no: outRefundNo })).find(isRefund)
  const original = text(refund, 'origssn')
  return original === undefined ? undefined : paymentOfTransaction(parts, original)
}

/** The number of ours under which QFPay knows a payment by its own. */
export async function paymentOfTransaction(parts: QfpayParts, syssn: string): Promise<OutTradeNo | undefined> {
  const payment = (await listed(parts, { syssn })).find((one) => text(one, 'syssn') === syssn)
  return readOutTradeNo(text(payment, 'out_trade_no') ?? '')
}

export function isRefund(item: Plain): boolean {
  return text(item, 'order_type') === 'refund'
}
