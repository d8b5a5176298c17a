import type { AppId, OutTradeNo, TransactionId } from '../../../shared/kernel/ids.ts'
import type { Currency, Minor, Money } from '../../../shared/kernel/money.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

/** A line of a channel's bill, in our words. Amounts were read as text; `feeMicro` is in millionths of the currency's unit, signed. */
export type BillLine =
  | (Payment & { readonly kind: 'payment' })
  | (Refunded & { readonly kind: 'refund' })
  | { readonly kind: 'funds'; readonly number: string; readonly amount: Money; readonly isIncome: boolean; readonly at: Instant }
  /** About something else than payments and refunds: a withdrawal, a fee. */
  | { readonly kind: 'other'; readonly said: string }

type Fee = {
  readonly feeMicro: number | undefined
  /** What the fee is by its own rate; undefined when the bill names none. */
  readonly dueFeeMicro: number | undefined
}
type Payment = Fee & {
  readonly outTradeNo: OutTradeNo
  readonly transactionId: TransactionId
  readonly amount: Money
  readonly merchantRef: string
  /** Absent where the bill does not name one. */
  readonly appId: AppId | undefined
  readonly at: Instant
}
type Refunded = Fee & {
  readonly outRefundNo: string
  readonly channelRefundId: string
  readonly outTradeNo: OutTradeNo
  readonly amount: Money
  readonly status: 'succeeded' | 'processing' | 'abnormal' | 'closed'
  readonly at: Instant
}

/**
 * A bill while it is read: lines in bunches, so that a million of them need little memory. It ends by throwing a ChannelError when the
 * bytes are not the ones that the channel vouched for: nothing of it may be believed before its end.
 */
export type Bill = AsyncIterable<readonly BillLine[]>
export type BillKind = 'trade' | 'funds'

/** A payment or refund of a bill as it was kept, to be held against the books. */
export type BilledLine = {
  readonly number: string
  /** Of a refund: the payment it belongs to. */
  readonly outTradeNo: string | undefined
  /** The channel's own number of the payment, or of the refund. */
  readonly transactionId: string | undefined
  readonly amountMinor: Minor
  readonly currency: Currency
  readonly status: string
  readonly merchantRef: string | undefined
  readonly appId: string | undefined
  readonly feeMicro: number | undefined
  readonly dueFeeMicro: number | undefined
  readonly at: Instant
}

/** A fee may be rounded another way; beyond one fen it is another fee. */
export const feeToleranceMicro = 10_000
