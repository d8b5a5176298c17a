import { asRefundId, outRefundNoOf } from '../../../shared/kernel/ids.ts'
import { equalMoney, formatMoney, type Money } from '../../../shared/kernel/money.ts'
import { type RefundStatus, refundMayComeFrom } from '../../../shared/kernel/states.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'
import { type Attempt, paidWith } from './attempt.ts'
import { type Change, type Decision, decision, type Note, together } from './decision.ts'
import { refundEvent } from './event.ts'
import { isSurplus, type Refund, surplusRefundId, surplusTries, surplusTry } from './refund.ts'
import type { RefundReport } from './report.ts'
import { nextTry } from './task.ts'

export type RefundVerdict =
  | 'succeeded'
  | 'processing'
  | 'abnormal'
  | 'closed'
  | 'already'
  | 'mismatch'
  | 'pending'
  | 'not_found'
  | 'adopted'
  | 'ignored'

/** The channel takes one refund of a payment a minute. */
const waitBeforeNextMs = 61_000

type RefundSet = Extract<Change, { kind: 'moveRefund' }>['set']

/**
 * What a verified report about one of our refunds means. A final state never moves back, whatever comes later.
 */
export function decideRefund(given: {
  readonly refund: Refund
  readonly report: RefundReport
  /** To whom the payment went. */
  readonly merchantRef: string
  readonly now: Instant
}): {
  verdict: RefundVerdict
  decision: Decision
} {
  const { refund, report, merchantRef, now } = given
  if (differs(refund, report, merchantRef)) return { verdict: 'mismatch', decision: decision({}) }
  const { outcome } = report
  const id = report.channelRefundId === undefined ? {} : { channelRefundId: report.channelRefundId }
  switch (outcome.status) {
    case 'succeeded':
      return move(refund, 'succeeded', { ...id, succeededAt: outcome.succeededAt }, now)
    case 'abnormal':
      return move(refund, 'abnormal', id, now)
    case 'closed':
      return move(refund, 'closed', id, now)
    case 'processing':
      return move(refund, 'processing', id, now)
    case 'unknown':
      return { verdict: 'pending', decision: decision({}) }
    case 'notFound':
      return { verdict: 'not_found', decision: decision({}) }
  }
}

/** A refund the channel refused by a rule of its own: it ends, and its amount can be refunded again. */
export function decideRefundRefused(refund: Refund, reason: string, now: Instant): Decision {
  return moved(refund, 'failed', { failure: reason }, now)
}

/**
 * A refund made outside of us, told by the channel: it becomes ours, so that the books agree and our own refunds cannot exceed the
 * rest. Lost (by the reservation) when what it gave back is reserved already.
 */
export function adoptRefund(given: {
  readonly attempt: Attempt
  readonly report: RefundReport
  readonly notifyUrl: string
  readonly now: Instant
}): { verdict: RefundVerdict; decision: Decision } {
  const { attempt, report, notifyUrl, now } = given
  const { outcome, amount } = report
  const isOver = outcome.status === 'succeeded'
  if (attempt.kept !== true || amount === undefined || (!isOver && outcome.status !== 'processing'))
    return { verdict: 'ignored', decision: decision({}) }
  const { merchantId, orderId } = attempt
  const refund = foreignRefund({ attempt, report, notifyUrl, now, amount })
  return {
    verdict: 'adopted',
    decision: decision({
      changes: [
        { kind: 'reserveRefund', merchantId, orderId, amount: amount.minor, countMax: Number.MAX_SAFE_INTEGER },
        { kind: 'insertRefund', refund },
        ...(isOver ? ([{ kind: 'bookRefund', merchantId, orderId, amount: amount.minor }] as const) : []),
      ],
      events: [
        refundEvent('refund.created', { ...refund, status: 'processing', succeededAt: undefined }, now),
        ...(isOver ? [refundEvent('refund.succeeded', refund, now)] : []),
      ],
      tasks: isOver ? [] : [{ kind: 'refund.sync', merchantId, subject: refund.refundId, runAt: nextTry('refund.sync', 0, now) }],
    }),
  }
}

function differs(refund: Refund, report: RefundReport, merchantRef: string): boolean {
  return (
    report.outTradeNo !== refund.outTradeNo ||
    report.account !== refund.account ||
    (report.merchantRef !== undefined && report.merchantRef !== merchantRef) ||
    (report.amount !== undefined && !equalMoney(report.amount, refund.amount))
  )
}

function move(
  refund: Refund,
  to: RefundVerdict & RefundStatus,
  set: RefundSet,
  now: Instant,
): { verdict: RefundVerdict; decision: Decision } {
  if (!refundMayComeFrom(to).includes(refund.status)) return { verdict: 'already', decision: decision({}) }
  return { verdict: to, decision: moved(refund, to, set, now) }
}

/** An abnormal refund that somebody settled outside of the channel, and vouches for with a note. */
export function decideSettledByHand(refund: Refund, to: 'succeeded' | 'closed', note: string, now: Instant): Decision {
  const { merchantId, orderId, refundId } = refund
  const decided = moved(refund, to, to === 'succeeded' ? { succeededAt: now } : { failure: note }, now)
  const by: Note = { merchantId, orderId, at: now, kind: 'request', title: `refund settled by hand: ${to}`, detail: { refundId, note } }
  return { ...decided, notes: [...decided.notes, by] }
}

function moved(refund: Refund, to: RefundStatus, set: RefundSet, now: Instant): Decision {
  const once = movedOnce(refund, to, set, now)
  const again = to === 'closed' && isSurplus(refund) && surplusTry(refund) < surplusTries ? tryAgain(refund, now) : decision({})
  return together(once, again)
}

/** Surplus money goes back by itself: when the channel closed one refund of it, it wants the next under a new number. */
function tryAgain(refund: Refund, now: Instant): Decision {
  const nth = surplusTry(refund) + 1
  const refundId = surplusRefundId(refund.paymentId, nth)
  const { channelRefundId: _, failure: __, ...rest } = refund
  const next: Refund = { ...rest, refundId, outRefundNo: outRefundNoOf(refundId), status: 'pending', createdAt: now }
  return decision({
    changes: [{ kind: 'insertRefund', refund: next }],
    events: [refundEvent('refund.created', next, now)],
    tasks: [{ kind: 'refund.send', merchantId: refund.merchantId, subject: refundId, runAt: later(now, waitBeforeNextMs * nth) }],
  })
}

function movedOnce(refund: Refund, to: RefundStatus, set: RefundSet, now: Instant): Decision {
  const { merchantId, orderId, refundId } = refund
  const after: Refund = { ...refund, ...set, status: to }
  const goesOn = to === 'processing'
  return decision({
    changes: [
      { kind: 'moveRefund', merchantId, orderId, refundId, from: refundMayComeFrom(to), to, about: refund, set },
      ...bookkeeping(refund, to),
    ],
    events: eventsOf(after, now),
    tasks: goesOn ? [{ kind: 'refund.sync', merchantId, subject: refundId, runAt: nextTry('refund.sync', 0, now) }] : [],
    ended: [
      { kind: 'refund.send', merchantId, subject: refundId },
      ...(goesOn ? [] : ([{ kind: 'refund.sync', merchantId, subject: refundId }] as const)),
    ],
  })
}

/** Surplus money was never part of the order's own figures. */
function bookkeeping(refund: Refund, to: RefundStatus): Change[] {
  const { merchantId, orderId, amount } = refund
  if (isSurplus(refund)) return []
  if (to === 'succeeded') return [{ kind: 'bookRefund', merchantId, orderId, amount: amount.minor }]
  if (to === 'failed' || to === 'closed') return [{ kind: 'releaseRefund', merchantId, orderId, amount: amount.minor }]
  return []
}

function eventsOf(refund: Refund, now: Instant): Decision['events'] {
  if (refund.status === 'succeeded') return [refundEvent('refund.succeeded', refund, now)]
  if (refund.status === 'abnormal') return [refundEvent('refund.abnormal', refund, now)]
  if (refund.status === 'failed' || refund.status === 'closed') return [refundEvent('refund.failed', refund, now)]
  return []
}

function foreignRefund(given: { attempt: Attempt; report: RefundReport; notifyUrl: string; now: Instant; amount: Money }): Refund {
  const { attempt, report, notifyUrl, now, amount } = given
  const { merchantId, orderId, paymentId, outTradeNo, channel, account, transactionId } = attempt
  const { outcome } = report
  return {
    merchantId,
    refundId: asRefundId(report.outRefundNo),
    outRefundNo: report.outRefundNo,
    orderId,
    paymentId,
    outTradeNo,
    transactionId,
    channel,
    account,
    amount,
    total: paidWith(attempt),
    reason: `made outside of this system, ${formatMoney(amount)} ${amount.currency}`,
    notifyUrl,
    cause: 'external',
    status: outcome.status === 'succeeded' ? 'succeeded' : 'processing',
    channelRefundId: report.channelRefundId,
    createdAt: now,
    succeededAt: outcome.status === 'succeeded' ? outcome.succeededAt : undefined,
  }
}
