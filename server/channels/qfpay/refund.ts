import type { OutTradeNo } from '../../../shared/kernel/ids.ts'
import { type RefundReport, vouchForRefund } from '../../core/rules/report.ts'
import type { RefundAsk } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { otherQuestion, unclear, wordsOf } from './call.ts'
import { merchantRefOf, type QfpayParts } from './parts.ts'
import { assertAsked, listed } from './query.ts'
import { rejectionOf, respClass } from './rejections.ts'
import { readTime, writeTime } from './times.ts'
import { type Plain, text } from './wire.ts'

/**
 * Asks for a refund. QFPay knows the payment by its own number only, so that is looked up where it is not known yet (fact sheet §9.2).
 *
 * @throws ChannelError `refused` with `notEnough` when the unsettled takings of the day are too low (1269), with `rateLimited` at hours
 * when no refund is taken (1265): both go again under the same number.
 */
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
    assertAnswers(ask, syssn, answer)
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
    const payment = (await listed(parts, { out_trade_no: outTradeNo })).find((one) => text(one, 'order_type') !== 'refund')
    if (payment) assertAsked(payment, outTradeNo, credentials)
    const syssn = text(payment, 'syssn')
    if (syssn === undefined) throw unclear('does not list the payment that is to be refunded')
    return syssn
  }
}

/** The digest covers the answer alone: one about another refund would pass as well. */
function assertAnswers({ outRefundNo, outTradeNo, amount }: RefundAsk, syssn: string, answer: Plain): void {
  const [original, number, total] = [text(answer, 'orig_syssn'), text(answer, 'out_trade_no'), text(answer, 'txamt')]
  if (original !== undefined && original !== syssn) throw otherQuestion('the refund of another payment')
  // Whose number the answer repeats, the refund's or the payment's, is not written down for every region.
  if (number !== undefined && number !== outRefundNo && number !== outTradeNo) throw otherQuestion('the number of another refund')
  if (total !== undefined && total !== String(amount.minor)) throw otherQuestion('another amount')
}
