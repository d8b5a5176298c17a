import type { EventType } from '../../../shared/kernel/events.ts'
import type { MerchantId, OrderId } from '../../../shared/kernel/ids.ts'
import { formatMoney } from '../../../shared/kernel/money.ts'
import { formatInstant, type Instant } from '../../../shared/kernel/time.ts'
import type { Attempt } from './attempt.ts'
import type { Order } from './order.ts'
import type { Refund } from './refund.ts'

/** Something that happened, as merchants are told of it. Its data is fixed when it is written. */
export type NewEvent = {
  readonly type: EventType
  readonly merchantId: MerchantId
  readonly orderId: OrderId
  readonly at: Instant
  readonly data: Readonly<Record<string, unknown>>
}

/** An event about an order as a whole. */
export function orderEvent(type: EventType, order: Order, at: Instant, more: Readonly<Record<string, unknown>> = {}): NewEvent {
  const { merchantId, orderId, amount } = order
  return {
    type,
    merchantId,
    orderId,
    at,
    data: { orderId, subject: order.subject, ...amountOf(amount), userId: order.userId ?? null, metadata: order.metadata, ...more },
  }
}

/** An event about one attempt's money. */
export function paymentEvent(
  type: EventType,
  order: Order,
  attempt: Attempt,
  at: Instant,
  more: Readonly<Record<string, unknown>> = {},
): NewEvent {
  const { paymentId, outTradeNo, channel } = attempt
  return orderEvent(type, order, at, {
    paymentId,
    outTradeNo,
    channel,
    payType: attempt.ask.payType,
    transactionId: attempt.transactionId ?? null,
    ...more,
  })
}

/** An event about one refund. */
export function refundEvent(type: EventType, refund: Refund, at: Instant): NewEvent {
  const { merchantId, orderId, refundId, outRefundNo, outTradeNo, amount, status, cause } = refund
  const succeededAt = refund.succeededAt === undefined ? null : formatInstant(refund.succeededAt)
  const [channelRefundId, failure] = [refund.channelRefundId ?? null, refund.failure ?? null]
  return {
    type,
    merchantId,
    orderId,
    at,
    data: {
      orderId,
      refundId,
      outRefundNo,
      outTradeNo,
      ...amountOf(amount),
      status,
      cause,
      reason: refund.reason ?? null,
      channelRefundId,
      failure,
      succeededAt,
    },
  }
}

function amountOf(amount: Order['amount']): { amount: string; amountMinor: number; currency: string } {
  return { amount: formatMoney(amount), amountMinor: amount.minor, currency: amount.currency }
}
