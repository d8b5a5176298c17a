import type { AccountId, OutTradeNo, PayerId, PaymentId } from '../../../shared/kernel/ids.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'
import type { Attempt, PrepareAsk } from './attempt.ts'
import { type Decision, decision } from './decision.ts'
import { orderEvent, refundEvent } from './event.ts'
import type { Order } from './order.ts'
import type { Refund } from './refund.ts'
import { nextTry } from './task.ts'

/** A new order, told to the merchant, with the task that will close it when nobody pays. */
export function decideCreate(order: Order): Decision {
  const { merchantId, orderId, createdAt } = order
  return decision({
    changes: [{ kind: 'insertOrder', order }],
    events: [orderEvent('order.created', order, createdAt)],
    tasks: [{ kind: 'order.expire', merchantId, subject: orderId, runAt: order.expiresAt }],
  })
}

export type NewAttempt = {
  readonly order: Order
  readonly paymentId: PaymentId
  readonly channel: ChannelName
  readonly account: AccountId
  readonly merchantRef: string
  readonly payerId?: PayerId | undefined
  readonly ask: PrepareAsk
  readonly now: Instant
}

/**
 * Writes an attempt before anything is sent: after a crash, "may have reached the channel" is all that is known, and the task that
 * comes with it finds out. Lost when somebody else made an attempt of this order meanwhile, or the order is no longer pending.
 */
export function decideAttempt(given: NewAttempt): { attempt: Attempt; decision: Decision } {
  const { order, paymentId, channel, account, merchantRef, payerId, ask, now } = given
  const { merchantId, orderId, attemptCount } = order
  const outTradeNo: OutTradeNo = ask.outTradeNo
  const attempt: Attempt = {
    merchantId,
    paymentId,
    orderId,
    outTradeNo,
    channel,
    account,
    merchantRef,
    status: 'sent',
    payerId,
    ask,
    createdAt: now,
  }
  return {
    attempt,
    decision: decision({
      changes: [
        { kind: 'countAttempt', merchantId, orderId, attemptCount, channel, payType: ask.payType },
        { kind: 'insertAttempt', attempt },
      ],
      tasks: [{ kind: 'payment.sync', merchantId, subject: paymentId, runAt: nextTry('payment.sync', 0, now) }],
    }),
  }
}

/** Closes an order none of whose attempts can be paid any more. Lost when an attempt was added or money came meanwhile. */
export function decideClose(order: Order, why: 'expired' | 'cancelled', now: Instant): Decision {
  const { merchantId, orderId, attemptCount } = order
  return decision({
    changes: [
      { kind: 'moveOrder', merchantId, orderId, from: ['pending'], to: 'closed', about: order, attemptCount, set: { closedAt: now } },
    ],
    events: [orderEvent('order.closed', order, now, { reason: why })],
    ended: [{ kind: 'order.expire', merchantId, subject: orderId }],
  })
}

/** Whoever asked sends it; the task is there for the case that he dies over it. */
const standByMs = 15_000

/** Reserves a refund's amount and writes the refund with its number, before the channel hears of it. Lost when there is no room. */
export function decideRefundRequest(refund: Refund, countMax: number, sendAt: Instant, isSentNow = false): Decision {
  const { merchantId, orderId, refundId, amount, createdAt } = refund
  return decision({
    changes: [
      { kind: 'reserveRefund', merchantId, orderId, amount: amount.minor, countMax },
      { kind: 'insertRefund', refund },
    ],
    events: [refundEvent('refund.created', refund, createdAt)],
    tasks: [{ kind: 'refund.send', merchantId, subject: refundId, runAt: isSentNow ? later(sendAt, standByMs) : sendAt }],
  })
}
