import type { AccountId, KeyId, MerchantId, OrderId, OutTradeNo, RefundId, TransactionId, UnmatchedId } from '../../../shared/kernel/ids.ts'
import { formatMoney, isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import type { UnmatchedReason, UnmatchedStatus } from '../../../shared/kernel/unmatched.ts'
import type { Success, TradeReport } from './report.ts'

/** Money that fits nothing here: listed for staff, never guessed at. */
export type UnmatchedMoney = {
  readonly channel: ChannelName
  readonly account: AccountId
  readonly outTradeNo: OutTradeNo
  /** The channel's number of the payment; of money that went back, the number of its refund. */
  readonly transactionId: TransactionId
  readonly reason: UnmatchedReason
  readonly merchantId: MerchantId
  /** Whose attempt it was paid for; once it is settled, where it is. */
  readonly orderId?: OrderId | undefined
  readonly amountMinor: number
  readonly currency: string
  readonly detail: string
  readonly seenAt: Instant
}

/** As it is listed; without a resolution it is open. */
export type Unmatched = UnmatchedMoney & { readonly unmatchedId: UnmatchedId; readonly resolution?: Resolution | undefined }

/** What staff did about it. */
export type Resolution = {
  readonly status: Exclude<UnmatchedStatus, 'open'>
  readonly note: string
  /** The key that was used. */
  readonly by: KeyId
  readonly at: Instant
  readonly orderId?: OrderId | undefined
  readonly refundId?: RefundId | undefined
}

/**
 * In which figures the money that the channel has now is not the money that was listed: nothing is moved on the word of a notification
 * of some time ago.
 *
 * @param merchantRef to whom the attempt's money was to go.
 * @returns undefined when it is that money.
 */
export function differenceNow(money: UnmatchedMoney, { outcome }: TradeReport, merchantRef: string): string | undefined {
  if (outcome.status !== 'succeeded') return `it says ${'said' in outcome ? outcome.said : outcome.status}`
  const differences = [
    !isSameMoney(money, outcome) && `amount ${formatMoney(outcome.amount)} ${outcome.amount.currency}, listed ${amountOf(money)}`,
    outcome.wentBack === true && 'some of it, or all, was given back already',
    outcome.transactionId !== money.transactionId && `transaction ${outcome.transactionId}, listed ${money.transactionId}`,
    outcome.merchantRef !== merchantRef && `merchant ${outcome.merchantRef}, it was to go to ${merchantRef}`,
  ].filter((difference) => difference !== false)
  return differences.length === 0 ? undefined : differences.join('; ')
}

/** Whether a success tells of an amount that was listed. */
function isSameMoney({ amountMinor, currency }: UnmatchedMoney, { amount }: Pick<Success, 'amount'>): boolean {
  return amount.minor === amountMinor && amount.currency === currency
}

function amountOf({ amountMinor, currency }: UnmatchedMoney): string {
  return `${isCurrency(currency) ? formatMoney(moneyOf(amountMinor, currency)) : amountMinor} ${currency}`
}
