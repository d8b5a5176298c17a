import { asOrderId, type KeyId, type OrderId } from '../../../shared/kernel/ids.ts'
import { formatMoney, zero } from '../../../shared/kernel/money.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import type { Attempt } from './attempt.ts'
import { lookAfterOthers, payOrder, succeed, surplusRefund } from './decide-trade.ts'
import { type Change, type Decision, decision, type Note } from './decision.ts'
import { paymentEvent, refundEvent } from './event.ts'
import type { Order } from './order.ts'
import type { Success } from './report.ts'
import type { Resolution, Unmatched } from './unmatched.ts'

/** What staff want done with money that fits nothing. */
export type ResolveAsk =
  | { readonly kind: 'refund'; readonly reason?: string | undefined; readonly note: string }
  | { readonly kind: 'assign'; readonly orderId: OrderId; readonly note: string }
  | { readonly kind: 'note'; readonly note: string }

type Staff = { readonly by: KeyId; readonly note: string; readonly now: Instant }

/** Money that the channel has confirmed a moment ago, and the attempt that it was paid for. */
export type Confirmed = Staff & {
  readonly money: Unmatched
  readonly success: Success
  /** Written already, or `isNew`: nobody here had asked for the number. */
  readonly attempt: Attempt
  readonly isNew: boolean
}

/** What a decision comes to, beside it: the row as it is once it is written. */
export type Resolved = { readonly decision: Decision; readonly unmatched: Unmatched }

const statusOf = { refund: 'refunded', assign: 'assigned', note: 'noted' } as const

/** Whether money that is settled was settled in just this way; the reason of a refund is the refund's to tell. */
export function isSameResolution({ status, note, orderId }: Resolution, ask: ResolveAsk): boolean {
  return status === statusOf[ask.kind] && note === ask.note && (ask.kind !== 'assign' || orderId === ask.orderId)
}

/** The order that stands for money which nobody here asked for: closed from the start, so that it can be looked up and given back. */
export function orderForStranger(
  { merchantId, unmatchedId, channel, account, outTradeNo }: Unmatched,
  success: Success,
  now: Instant,
): Order {
  return {
    merchantId,
    orderId: asOrderId(unmatchedId),
    subject: `不属于任何订单的款项 ${outTradeNo}`,
    amount: success.amount,
    metadata: { unmatchedId, outTradeNo, channel, account },
    goodsType: 'virtual',
    status: 'closed',
    paid: zero,
    refunded: zero,
    refunding: zero,
    refundCount: 0,
    attemptCount: 1,
    createdAt: now,
    expiresAt: now,
    closedAt: now,
  }
}

/**
 * All of it goes back, as surplus money does: the attempt succeeded and is not kept, and a refund is made with the task that sends it.
 * The order stays what it was, and may be paid or expire.
 *
 * @param order the attempt's own, or the one made for money that is nobody's.
 */
export function decideGiveBack(
  given: Confirmed & { readonly order: Order; readonly reason?: string | undefined; notifyUrl: string },
): Resolved {
  const { money, order, attempt, isNew, success, reason, notifyUrl, now } = given
  const { merchantId, orderId } = order
  const surplus = surplusRefund(attempt, success, 'unmatched', notifyUrl, now)
  const refund = { ...surplus, reason: reason ?? surplus.reason }
  const { refundId } = refund
  const written: Change[] = isNew
    ? [
        { kind: 'insertOrder', order },
        { kind: 'insertAttempt', attempt: paidNow(attempt, success, false) },
      ]
    : [succeed(attempt, success, false)]
  return resolved(
    given,
    { status: 'refunded', orderId, refundId },
    {
      changes: [...written, { kind: 'insertRefund', refund }],
      events: [refundEvent('refund.created', refund, now)],
      tasks: [{ kind: 'refund.send', merchantId, subject: refundId, runAt: now }],
      ended: [{ kind: 'payment.sync', merchantId, subject: attempt.paymentId }],
      notes: [told(given, orderId, 'money that does not match is given back', { refundId, listedFor: money.detail })],
    },
  )
}

/** It is kept for an order that nobody has paid; what was paid is what came, whatever the order asks for. */
export function decideAssign(given: Confirmed & { readonly order: Order; readonly attempts: readonly Attempt[] }): Resolved {
  const { money, order, attempts, attempt, isNew, success, now } = given
  const { merchantId, orderId, attemptCount } = order
  const paid = { ...attempt, transactionId: success.transactionId }
  const more = { paidAmount: formatMoney(success.amount), paidAmountMinor: success.amount.minor }
  const move = payOrder(order, attempt, success)
  // By which means money of nobody's was paid is not known.
  const set = { ...move.set, payType: null }
  const changes: Change[] = isNew
    ? [
        { ...move, attemptCount, set: { ...set, attemptCount: attemptCount + 1 } },
        { kind: 'insertAttempt', attempt: paidNow(attempt, success, true) },
      ]
    : [succeed(attempt, success, true), move]
  const late = order.status === 'pending' ? [] : [paymentEvent('payment.late', order, paid, now, { accepted: true })]
  return resolved(
    given,
    { status: 'assigned', orderId },
    {
      changes,
      events: [...late, paymentEvent('payment.succeeded', order, paid, now, more)],
      tasks: lookAfterOthers(attempts, attempt.paymentId, now),
      ended: [
        { kind: 'payment.sync', merchantId, subject: attempt.paymentId },
        { kind: 'order.expire', merchantId, subject: orderId },
      ],
      notes: [told(given, orderId, 'money that does not match is kept for this order', { listedFor: money.detail })],
    },
  )
}

/** Settled outside of the channel, or nothing to do: somebody vouches for it. No money moves. */
export function decideNoted(given: Staff & { readonly money: Unmatched }): Resolved {
  const { orderId } = given.money
  const notes = orderId === undefined ? [] : [told(given, orderId, 'money that does not match is settled by a note', {})]
  return resolved(given, { status: 'noted' }, { notes })
}

/** Lost when somebody else settled it meanwhile. */
function resolved(
  { money, by, note, now }: Staff & { readonly money: Unmatched },
  what: Pick<Resolution, 'status' | 'orderId' | 'refundId'>,
  parts: Partial<Decision>,
): Resolved {
  const orderId = what.orderId ?? money.orderId
  const resolution: Resolution = { ...what, orderId, note, by, at: now }
  const changes: Change[] = [{ kind: 'resolveUnmatched', unmatched: money, resolution }, ...(parts.changes ?? [])]
  return { decision: decision({ ...parts, changes }), unmatched: { ...money, orderId, resolution } }
}

/** An attempt that is written when it is paid already. */
function paidNow(attempt: Attempt, success: Success, kept: boolean): Attempt {
  const { transactionId, succeededAt, amount } = success
  return { ...attempt, status: 'succeeded', kept, transactionId, succeededAt, paid: amount }
}

/** Who did it and why, in the order's timeline. */
function told(
  { money, by, note, now }: Staff & { readonly money: Unmatched },
  orderId: OrderId,
  title: string,
  detail: Readonly<Record<string, unknown>>,
): Note {
  const { merchantId, unmatchedId, outTradeNo } = money
  return { merchantId, orderId, at: now, kind: 'request', title, detail: { unmatchedId, outTradeNo, note, by, ...detail } }
}
