import { readOutRefundNo, readOutTradeNo } from '../../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../../shared/kernel/money.ts'
import { type RefundFacts, type RefundReport, type ReportSource, vouchForRefund } from '../../../core/rules/report.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { RefundAsk } from '../../channel.ts'
import type { WechatMerchant } from '../account.ts'
import { otherQuestion, unreadable } from './call.ts'
import type { V3Parts } from './parts.ts'
import { subMerchantBody } from './paths.ts'
import { readRefund, type WireRefund } from './wire.ts'

const path = '/v3/refund/domestic/refunds'
const reasonMaxBytes = 80

/** Asks for a refund. 200 means accepted, not refunded; the same number pays back once, however often it is sent (fact sheet §8). */
export function makeRefund({ credentials, tools, call }: V3Parts) {
  return async function refund(ask: RefundAsk): Promise<RefundReport> {
    const refunded = readRefund(
      await call({ method: 'POST', pathAndQuery: path, body: { ...refundBody(ask), ...subMerchantBody(credentials) } }),
    )
    if (!refunded) throw unreadable('a refund')
    if (refunded.outRefundNo !== ask.outRefundNo || refunded.outTradeNo !== ask.outTradeNo)
      throw otherQuestion('the number of another refund')
    if (refunded.refund !== undefined && refunded.refund !== ask.amount.minor) throw otherQuestion('another amount')
    return refundReport(refunded, credentials, { source: 'answer', account: tools.account })
  }
}

export function refundBody({
  outTradeNo,
  transactionId,
  outRefundNo,
  amount,
  total,
  reason,
  notifyUrl,
}: Omit<RefundAsk, 'createdAt'>): object {
  return {
    ...(transactionId === undefined ? { out_trade_no: outTradeNo } : { transaction_id: transactionId }),
    out_refund_no: outRefundNo,
    ...(reason === undefined ? {} : { reason: cutToBytes(reason, reasonMaxBytes) }),
    notify_url: notifyUrl,
    amount: { refund: amount.minor, total: total.minor, currency: amount.currency },
  }
}

/** A verified refund as a report. Only notifications name the provider. @throws ChannelError when it is another one's. */
export function refundReport(
  refund: WireRefund,
  { mchid, sub }: WechatMerchant,
  origin: { source: ReportSource; account: RefundReport['account'] },
): RefundReport {
  if (sub && (refund.spMchid ?? mchid) !== mchid) throw otherQuestion('a refund of another provider')
  const outRefundNo = readOutRefundNo(refund.outRefundNo)
  const outTradeNo = readOutTradeNo(refund.outTradeNo)
  if (!outRefundNo || !outTradeNo) throw unreadable('a refund of ours: its number has another form')
  const currency = refund.currency ?? 'CNY'
  const amount = refund.refund !== undefined && isCurrency(currency) ? moneyOf(refund.refund, currency) : undefined
  return vouchForRefund({
    ...origin,
    channel: 'wechat',
    outRefundNo,
    outTradeNo,
    transactionId: refund.transactionId,
    channelRefundId: refund.refundId,
    merchantRef: refund.mchid,
    amount,
    outcome: outcomeOf(refund),
  })
}

/** What a refund state means (fact sheet §7). */
function outcomeOf({ status, successTime }: WireRefund): RefundFacts['outcome'] {
  switch (status) {
    case 'SUCCESS':
      if (successTime === undefined) throw unreadable('a refund: its time of success is missing')
      return { status: 'succeeded', succeededAt: successTime }
    case 'PROCESSING':
      return { status: 'processing' }
    case 'ABNORMAL':
      return { status: 'abnormal' }
    case 'CLOSED':
      return { status: 'closed' }
    default:
      return { status: 'unknown', said: status.slice(0, 32) }
  }
}
