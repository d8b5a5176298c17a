import { type AccountId, asAppId, asOutTradeNo, asTransactionId, type OrderId, type OutRefundNo } from '../../../shared/kernel/ids.ts'
import { formatMillionths, formatMoney, isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import { type BilledLine, feeToleranceMicro } from './bill.ts'
import { type Difference, type DifferenceKind, listedDifferences, type Report } from './reconciliation.ts'
import { type RefundReport, type TradeReport, vouchForRefund, vouchForTrade } from './report.ts'

/** What the books know of a payment of the bill. */
export type BookedPayment = {
  readonly orderId: OrderId
  readonly status: string
  readonly transactionId: string | null
  readonly amountMinor: number
  readonly currency: string
}
export type BookedRefund = { readonly orderId: OrderId; readonly status: string; readonly amountMinor: number }
/** In the books, and not in the bill. */
export type NotInBill = { readonly number: string; readonly orderId: OrderId; readonly amountMinor: number; readonly currency: string }
/** One number in the trades and in the flow of funds; null where it is not. */
export type FundsPair = { readonly number: string; readonly tradeMinor: number | null; readonly fundsMinor: number | null }
type BillOf = { readonly channel: ChannelName; readonly account: AccountId }

export type Listed = ReturnType<typeof makeListed>

/** Counts all, lists the first. */
export function makeListed() {
  const counts = new Map<DifferenceKind, number>()
  const all: Difference[] = []
  return {
    add: (difference: Difference) => {
      counts.set(difference.kind, (counts.get(difference.kind) ?? 0) + 1)
      if (all.length < listedDifferences) all.push(difference)
    },
    counts: (): Report['counts'] => Object.fromEntries(counts),
    all: (): readonly Difference[] => all,
  }
}

export function paymentDifference(line: BilledLine, book: BookedPayment | undefined): Pick<Difference, 'kind' | 'detail'> | undefined {
  if (!book) return { kind: 'missing_here', detail: `the bill has ${amountOf(line)}, the books nothing` }
  if (book.amountMinor !== line.amountMinor || book.currency !== line.currency)
    return {
      kind: 'amount',
      detail: `the bill has ${amountOf(line)}, the books ${amountOf({ amountMinor: book.amountMinor, currency: book.currency })}`,
    }
  if (book.status !== 'succeeded') return { kind: 'state', detail: `paid by the bill, ${book.status} in the books` }
  if (book.transactionId !== line.transactionId)
    return { kind: 'state', detail: `transaction ${line.transactionId} by the bill, ${book.transactionId} in the books` }
  return undefined
}

export function refundDifference(line: BilledLine, book: BookedRefund | undefined): string | undefined {
  if (!book) return `the bill has a refund of ${amountOf(line)}, the books none`
  if (book.amountMinor !== line.amountMinor)
    return `the bill has ${amountOf(line)}, the books ${amountOf({ amountMinor: book.amountMinor, currency: line.currency })}`
  const isSame = book.status === line.status || (line.status === 'closed' && book.status === 'failed') || line.status === 'processing'
  return isSame ? undefined : `${line.status} by the bill, ${book.status} in the books`
}

export function feeDifference({ number, feeMicro, dueFeeMicro }: BilledLine, orderId: string | undefined): Difference[] {
  if (feeMicro === undefined || dueFeeMicro === undefined || Math.abs(feeMicro - dueFeeMicro) <= feeToleranceMicro) return []
  const detail = `a fee of ${formatMillionths(feeMicro)}, by its rate ${formatMillionths(dueFeeMicro)}`
  return [{ kind: 'fee', number, orderId, detail, repaired: false }]
}

export function notInBill(kind: 'missing_there' | 'refund', { number, orderId, amountMinor, currency }: NotInBill): Difference {
  const detail = `the books have ${amountOf({ amountMinor, currency })}, the bill nothing`
  return { kind, number, orderId, detail, repaired: false }
}

export function fundsDifference({ number, tradeMinor, fundsMinor }: FundsPair, trade: string): Difference {
  const said = (minor: number | null) => (minor === null ? 'nothing' : amountOf({ amountMinor: minor, currency: 'CNY' }))
  return {
    kind: 'funds',
    number,
    detail: `${trade}: ${said(tradeMinor)} by the trades, ${said(fundsMinor)} by the flow of funds`,
    repaired: false,
  }
}

/** A payment of the bill as news of it. */
export function tradeOf({ channel, account }: BillOf, line: BilledLine): TradeReport {
  return vouchForTrade({
    source: 'bill',
    channel,
    account,
    outTradeNo: asOutTradeNo(line.number),
    outcome: {
      status: 'succeeded',
      transactionId: asTransactionId(line.transactionId ?? ''),
      amount: moneyOf(line.amountMinor, line.currency),
      merchantRef: line.merchantRef ?? '',
      appId: line.appId === undefined ? undefined : asAppId(line.appId),
      succeededAt: line.at,
    },
  })
}

export function refundOf({ channel, account }: BillOf, line: BilledLine, outRefundNo: OutRefundNo): RefundReport {
  const status = line.status
  return vouchForRefund({
    source: 'bill',
    channel,
    account,
    outRefundNo,
    outTradeNo: asOutTradeNo(line.outTradeNo ?? ''),
    channelRefundId: line.transactionId ?? undefined,
    amount: moneyOf(line.amountMinor, line.currency),
    outcome:
      status === 'succeeded'
        ? { status, succeededAt: line.at }
        : status === 'abnormal' || status === 'closed' || status === 'processing'
          ? { status }
          : { status: 'unknown', said: status },
  })
}

function amountOf({ amountMinor, currency }: { amountMinor: number; currency: string }): string {
  return isCurrency(currency) ? `${formatMoney(moneyOf(amountMinor, currency))} ${currency}` : `${amountMinor} ${currency}`
}
