import {
  type AccountId,
  asRefundId,
  type MerchantId,
  type OrderId,
  type OutRefundNo,
  type OutTradeNo,
  type PaymentId,
  type RefundId,
  type TransactionId,
} from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import { type RefundCause, type RefundStatus, surplusCauses } from '../../../shared/kernel/states.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

export type Refund = {
  readonly merchantId: MerchantId
  readonly refundId: RefundId
  readonly outRefundNo: OutRefundNo
  readonly orderId: OrderId
  readonly paymentId: PaymentId
  readonly outTradeNo: OutTradeNo
  readonly transactionId?: TransactionId | undefined
  readonly channel: ChannelName
  readonly account: AccountId
  readonly amount: Money
  /** What the attempt was paid with; the channel wants it beside the amount. */
  readonly total: Money
  readonly reason?: string | undefined
  readonly notifyUrl: string
  readonly cause: RefundCause
  readonly status: RefundStatus
  readonly channelRefundId?: string | undefined
  readonly failure?: string | undefined
  readonly createdAt: Instant
  readonly succeededAt?: Instant | undefined
}

/** Whether a refund gives back surplus money: the order's own figures know nothing of it. */
export function isSurplus(refund: Pick<Refund, 'cause'>): boolean {
  return surplusCauses.some((cause) => cause === refund.cause)
}

/** How often the way back of a surplus payment is tried by itself; the channel wants a new number after it closed one. */
export const surplusTries = 5

/** The refund of a surplus payment: its number follows from the payment's and the try, so no try can be made twice. */
export function surplusRefundId(paymentId: PaymentId, nth = 1): RefundId {
  return asRefundId(`ref_${paymentId.slice(paymentId.indexOf('_') + 1)}${nth === 1 ? '' : `-${nth}`}`)
}

/** Which try a surplus refund is. */
export function surplusTry({ refundId }: Pick<Refund, 'refundId'>): number {
  return Number(/-(\d+)$/.exec(refundId)?.[1] ?? 1)
}
