import type { AppId, MerchantId, OrderId, PayerId, PaymentId, TransactionId } from '../../../shared/kernel/ids.ts'
import { asMinor, type Minor, type Money } from '../../../shared/kernel/money.ts'
import type { ChannelName, GoodsType, PayType } from '../../../shared/kernel/pay.ts'
import type { OrderStatus, RefundTotal } from '../../../shared/kernel/states.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

/** What a merchant sells once, and what became of it. */
export type Order = OrderContent & {
  readonly merchantId: MerchantId
  readonly orderId: OrderId
  readonly status: OrderStatus
  /** What is kept of the payment: the amount once paid, else 0. */
  readonly paid: Minor
  /** Paid back, and asked to be paid back: `refunded + refunding` never exceeds `paid`. */
  readonly refunded: Minor
  readonly refunding: Minor
  /** How many refunds were ever accepted here; the channel's limit counts them. */
  readonly refundCount: number
  /** How many attempts were ever made: what a decision about "all attempts" compares and sets. */
  readonly attemptCount: number
  readonly keptPaymentId?: PaymentId | undefined
  readonly channel?: ChannelName | undefined
  readonly payType?: PayType | undefined
  readonly transactionId?: TransactionId | undefined
  /** The request that made it, when it carried an idempotency key: a repeated run finds its own number by it. */
  readonly origin?: string | undefined
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly paidAt?: Instant | undefined
  readonly closedAt?: Instant | undefined
}

/** What makes two requests for one order number the same order. */
export type OrderContent = {
  readonly subject: string
  readonly body?: string | undefined
  readonly amount: Money
  readonly userId?: string | undefined
  readonly payerId?: PayerId | undefined
  /** The app in which the order was made, when a payer made it. */
  readonly payerAppId?: AppId | undefined
  readonly metadata: Readonly<Record<string, string>>
  readonly returnUrl?: string | undefined
  readonly goodsType: GoodsType
}

/**
 * How much of an order can still be refunded.
 *
 * @returns minor units; 0 when nothing was paid or all is refunded or reserved. Never negative.
 */
export function refundable(order: Pick<Order, 'paid' | 'refunded' | 'refunding'>): Minor {
  return asMinor(Math.max(0, order.paid - order.refunded - order.refunding))
}

/** `full` once all that was paid went back, `partial` once something did. */
export function refundTotalOf(order: Pick<Order, 'paid' | 'refunded'>): RefundTotal {
  if (order.refunded === 0) return 'none'
  return order.refunded >= order.paid ? 'full' : 'partial'
}

/** Whether two requests that name one order number ask for the same order. */
export function sameContent(one: OrderContent, other: OrderContent): boolean {
  return contentKey(one) === contentKey(other)
}

function contentKey(content: OrderContent): string {
  const { subject, body, amount, userId, payerId, metadata, returnUrl, goodsType } = content
  const sorted = Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([
    subject,
    body ?? null,
    amount.minor,
    amount.currency,
    userId ?? null,
    payerId ?? null,
    sorted,
    returnUrl ?? null,
    goodsType,
  ])
}
