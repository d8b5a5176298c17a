import { asTransactionId, type OutTradeNo, readOutRefundNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { isCurrency, type Money, moneyOf } from '../../../shared/kernel/money.ts'
import { asInstant, type Instant, later } from '../../../shared/kernel/time.ts'
import type { Bill, BillKind, BillLine } from '../../core/rules/bill.ts'
import type { RefundFacts } from '../../core/rules/report.ts'
import { ChannelError } from '../failure.ts'
import { otherQuestion, unclear } from './call.ts'
import { merchantIn, merchantRefOf, type QfpayParts } from './parts.ts'
import { isUndone, listed, paidAt } from './query.ts'
import { isRefund, paymentOfTransaction, refundOutcome } from './query-refund.ts'
import { respClass } from './rejections.ts'
import { writeTime } from './times.ts'
import { minor, type Plain, text } from './wire.ts'

const dayMs = 24 * 60 * 60 * 1000
/** A page takes a hundred (fact sheet §9.1); so many stay below the thousand members that an answer may have. */
const pageSize = 25
const pagesMost = 10_000

/**
 * A day's payments and refunds, from the list that a query without a number gives, page by page in signed answers (fact sheet §9.1).
 * QFPay's own file of a day is for whoever runs a channel: all merchants in one, in columns that no document names.
 *
 * The list goes by when an order was made. One that was made the day before may have been paid on this one, so both days are read, and
 * what counts is when it was paid.
 */
export function makeBill(parts: QfpayParts) {
  const { credentials } = parts
  /** @throws ChannelError `billEmpty`; while it is read, when a page cannot be had. */
  return async function bill({ kind, day }: { readonly kind: BillKind; readonly day: string }): Promise<Bill> {
    if (kind === 'funds') throw refused('configuration', 'the flow of funds is not told')
    const from = asInstant(Date.parse(`${day}T00:00:00+08:00`))
    const span = {
      start_time: writeTime(later(from, -dayMs), credentials.zoneMinutes),
      end_time: writeTime(later(from, dayMs - 1000), credentials.zoneMinutes),
    }
    const first = await page(span, 1)
    if (first.length === 0) throw refused('billEmpty', 'there was nothing that day')
    return lines(span, first, (at) => at >= from && at < later(from, dayMs))
  }

  async function page(span: Readonly<Record<string, string>>, number: number): Promise<Plain[]> {
    return listed(parts, { ...span, page: String(number), page_size: String(pageSize) })
  }

  async function* lines(
    span: Readonly<Record<string, string>>,
    first: Plain[],
    isOfDay: (at: Instant) => boolean,
  ): AsyncGenerator<readonly BillLine[]> {
    const seen = new Set<string>()
    const payments = new Map<string, OutTradeNo>()
    let items = first
    for (let number = 2; ; number++) {
      // A page may have moved on meanwhile: what was told is not told twice.
      const fresh = items.filter((one) => isFresh(seen, text(one, 'syssn')))
      const read: BillLine[] = []
      for (const one of fresh) {
        const at = assertOurs(one)
        if (!isRefund(one)) remember(payments, one)
        if (at !== undefined && isOfDay(at)) read.push(isRefund(one) ? await refundLine(one, at, payments) : paymentLine(one, at))
      }
      yield read
      if (items.length < pageSize) return
      if (number > pagesMost) throw unclear('lists more than a day can hold')
      items = await page(span, number)
    }
  }

  function paymentLine(item: Plain, at: Instant): BillLine {
    const outTradeNo = readOutTradeNo(text(item, 'out_trade_no') ?? '')
    const [respcd, syssn] = [text(item, 'respcd') ?? '', text(item, 'syssn')]
    if (!outTradeNo || respClass(respcd) !== 'success' || isUndone(item)) return { kind: 'other', said: respcd.slice(0, 32) }
    if (syssn === undefined) throw unclear('lists a payment without its number')
    return {
      kind: 'payment',
      outTradeNo,
      transactionId: asTransactionId(syssn),
      amount: amountOf(item),
      merchantRef: merchantRefOf(credentials),
      appId: undefined,
      at,
      feeMicro: undefined,
      dueFeeMicro: undefined,
    }
  }

  async function refundLine(item: Plain, at: Instant, payments: ReadonlyMap<string, OutTradeNo>): Promise<BillLine> {
    const outRefundNo = readOutRefundNo(text(item, 'out_trade_no') ?? '')
    const [original, syssn, status] = [text(item, 'origssn'), text(item, 'syssn'), statusOf(refundOutcome(item, parts))]
    const outTradeNo = original === undefined ? undefined : (payments.get(original) ?? (await paymentOfTransaction(parts, original)))
    if (!outRefundNo || !outTradeNo || syssn === undefined || status === undefined) return { kind: 'other', said: 'refund' }
    const fee = { feeMicro: undefined, dueFeeMicro: undefined }
    return { kind: 'refund', outRefundNo, channelRefundId: syssn, outTradeNo, amount: amountOf(item), status, at, ...fee }
  }

  /** When it was paid, or made where it was not. @throws ChannelError when it is another merchant's. */
  function assertOurs(item: Plain): Instant | undefined {
    if (merchantIn(item, credentials) !== merchantRefOf(credentials)) throw otherQuestion('the orders of another merchant')
    return paidAt(item, credentials)
  }

  function amountOf(item: Plain): Money {
    const [amount, currency] = [minor(item, 'txamt'), text(item, 'txcurrcd') ?? credentials.currency]
    if (amount === undefined || !isCurrency(currency)) throw unclear('lists a payment without its amount')
    return moneyOf(amount, currency)
  }
}

function isFresh(seen: Set<string>, syssn: string | undefined): boolean {
  if (syssn === undefined || seen.has(syssn)) return false
  seen.add(syssn)
  return true
}

function remember(payments: Map<string, OutTradeNo>, item: Plain): void {
  const [syssn, outTradeNo] = [text(item, 'syssn'), readOutTradeNo(text(item, 'out_trade_no') ?? '')]
  if (syssn !== undefined && outTradeNo) payments.set(syssn, outTradeNo)
}

function statusOf({ status }: RefundFacts['outcome']): Extract<BillLine, { kind: 'refund' }>['status'] | undefined {
  return status === 'succeeded' || status === 'processing' || status === 'closed' ? status : undefined
}

function refused(refusal: 'billEmpty' | 'configuration', why: string): ChannelError {
  return new ChannelError({ kind: 'refused', refusal, code: 'CHANNEL_ERROR', message: `QFPay has no bill: ${why}` })
}
