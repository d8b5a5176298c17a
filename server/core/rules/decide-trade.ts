import { outRefundNoOf, type PaymentId } from '../../../shared/kernel/ids.ts'
import { equalMoney, formatMoney } from '../../../shared/kernel/money.ts'
import { attemptMayComeFrom, isLiveAttempt, type SurplusCause } from '../../../shared/kernel/states.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import type { Attempt } from './attempt.ts'
import { type Change, type Decision, decision } from './decision.ts'
import { paymentEvent, refundEvent } from './event.ts'
import type { Order } from './order.ts'
import { type Refund, surplusRefundId } from './refund.ts'
import type { Success, TradeReport } from './report.ts'
import { isByCode, isReversalContradicted } from './reversal.ts'
import type { UnmatchedMoney } from './unmatched.ts'

/** What happens to money that arrives after an order closed. */
export const latePolicies = ['refund', 'accept'] as const
export type LatePolicy = (typeof latePolicies)[number]

export type TradeVerdict =
  | 'kept'
  | 'duplicate'
  | 'late'
  | 'already'
  | 'mismatch'
  | 'closed'
  | 'failed'
  | 'pending'
  | 'unknown_state'
  | 'not_found'

export type TradeCase = {
  readonly order: Order
  readonly attempt: Attempt
  /** All attempts of the order. */
  readonly attempts: readonly Attempt[]
  readonly report: TradeReport
  /** The channel was asked to undo the payment and refused for good: what it says now stands. */
  readonly isReversalOver?: boolean | undefined
  /** The money does not match, and staff have settled it: told again, it is nothing new. */
  readonly isSettledByStaff?: boolean | undefined
  readonly policy: LatePolicy
  /** Where the channel tells of a refund that the decision may start. */
  readonly notifyUrl: string
  readonly now: Instant
}

/**
 * What a verified report about one attempt means for its order: the one place where late, doubled, contradictory and wrong-amount
 * money is thought about. Pure: the same case gives the same decision.
 *
 * At most one attempt's money is kept; a second success, or one after closing (by the policy), is refunded in full.
 */
export function decideTrade(given: TradeCase): { verdict: TradeVerdict; decision: Decision } {
  const { attempt, report, now } = given
  const { outcome } = report
  switch (outcome.status) {
    case 'succeeded':
      return decideSuccess(given, outcome)
    case 'closed':
      return isLiveAttempt(attempt.status)
        ? { verdict: 'closed', decision: end(attempt, 'closed', now) }
        : { verdict: 'already', decision: decision({}) }
    case 'failed':
      return isLiveAttempt(attempt.status)
        ? { verdict: 'failed', decision: fail(given, outcome.said) }
        : { verdict: 'already', decision: decision({}) }
    case 'pending':
      return { verdict: outcome.isKnownWord ? 'pending' : 'unknown_state', decision: decision({}) }
    case 'notFound':
      return { verdict: 'not_found', decision: decision({}) }
  }
}

/** An attempt the channel refused, verified: it ends, the order can be paid another way. */
export function decideRefused(order: Order, attempt: Attempt, reason: string, now: Instant): Decision {
  return fail({ order, attempt, now }, reason)
}

/** In which figures the money reported is not the money asked for; undefined when it is. */
export function mismatchOf(attempt: Attempt, report: TradeReport, success: Success): string | undefined {
  const asked = attempt.ask
  const differences = [
    success.amount.currency !== asked.amount.currency && `currency ${success.amount.currency}, asked for ${asked.amount.currency}`,
    success.amount.minor !== asked.amount.minor && `amount ${formatMoney(success.amount)}, asked for ${formatMoney(asked.amount)}`,
    success.merchantRef !== attempt.merchantRef && `merchant ${success.merchantRef}, asked for ${attempt.merchantRef}`,
    success.appId !== undefined && success.appId !== asked.appId && `app ${success.appId}, asked for ${asked.appId}`,
    (report.channel !== attempt.channel || report.account !== attempt.account) &&
      `account ${report.account}, asked through ${attempt.account}`,
    report.outTradeNo !== attempt.outTradeNo && `number ${report.outTradeNo}, asked for ${attempt.outTradeNo}`,
    attempt.transactionId !== undefined &&
      attempt.transactionId !== success.transactionId &&
      `transaction ${success.transactionId}, known as ${attempt.transactionId}`,
  ].filter((difference) => difference !== false)
  return differences.length === 0 ? undefined : differences.join('; ')
}

function decideSuccess(given: TradeCase, success: Success): { verdict: TradeVerdict; decision: Decision } {
  const { order, attempt, report, policy, now } = given
  if (isBeingUndone(given)) return { verdict: isLiveAttempt(attempt.status) ? 'pending' : 'already', decision: decision({}) }
  const mismatch = mismatchOf(attempt, report, success)
  if (mismatch !== undefined) return decideMismatch(given, success, mismatch)
  if (attempt.status === 'succeeded') return { verdict: 'already', decision: decision({}) }
  if (order.status === 'pending') return { verdict: 'kept', decision: keep(given, success, []) }
  if (order.status === 'succeeded') return { verdict: 'duplicate', decision: giveBack(given, success, 'duplicate') }
  if (policy === 'accept')
    return {
      verdict: 'late',
      decision: keep(given, success, [paymentEvent('payment.late', order, paidAttempt(attempt, success), now, { accepted: true })]),
    }
  return { verdict: 'late', decision: giveBack(given, success, 'late') }
}

/**
 * Listed for staff. What they noted of it ends the attempt, which the channel would call paid for ever: so its order can end as well.
 * Not on the word of the notification that they noted, nor of a bill: the channel, when asked, may have the right money.
 */
function decideMismatch(given: TradeCase, success: Success, mismatch: string): { verdict: TradeVerdict; decision: Decision } {
  const { attempt, report, isSettledByStaff, now } = given
  if (isSettledByStaff !== true)
    return {
      verdict: 'mismatch',
      decision: decision({ changes: [{ kind: 'insertUnmatched', unmatched: unmatchedOf(given, success, mismatch) }] }),
    }
  if (!isLiveAttempt(attempt.status) || report.source !== 'query') return { verdict: 'already', decision: decision({}) }
  return { verdict: 'failed', decision: end(attempt, 'failed', now, `settled by staff: ${mismatch}`) }
}

/** Money that came by a code and is being given back is not taken for paid; what was said before the channel undid it comes late. */
function isBeingUndone({ attempt, report, isReversalOver, now }: TradeCase): boolean {
  if (attempt.reversingAt === undefined) return false
  return !(report.source === 'query' && (isReversalOver === true || isReversalContradicted(attempt, now)))
}

function keep({ order, attempt, attempts, now }: TradeCase, success: Success, before: Decision['events']): Decision {
  const { merchantId, orderId } = order
  const paid = paidAttempt(attempt, success)
  return decision({
    changes: [succeed(attempt, success, true), payOrder(order, attempt, success)],
    events: [...before, paymentEvent('payment.succeeded', order, paid, now)],
    tasks: lookAfterOthers(attempts, attempt.paymentId, now),
    ended: [
      { kind: 'payment.sync', merchantId, subject: attempt.paymentId },
      { kind: 'order.expire', merchantId, subject: orderId },
    ],
  })
}

/** The order is paid by this attempt's money. */
export function payOrder(order: Order, attempt: Attempt, success: Success): Extract<Change, { kind: 'moveOrder' }> {
  const { merchantId, orderId } = order
  return {
    kind: 'moveOrder',
    merchantId,
    orderId,
    from: [order.status],
    to: 'succeeded',
    about: order,
    set: {
      paid: success.amount.minor,
      keptPaymentId: attempt.paymentId,
      channel: attempt.channel,
      payType: attempt.ask.payType,
      transactionId: success.transactionId,
      paidAt: success.succeededAt,
    },
  }
}

/** What else could still be paid is looked after at once: the task finds the order paid and closes it at the channel. */
export function lookAfterOthers(attempts: readonly Attempt[], keptPaymentId: PaymentId, now: Instant): Decision['tasks'] {
  return attempts
    .filter((other) => other.paymentId !== keptPaymentId && isLiveAttempt(other.status))
    .map(({ merchantId, paymentId }) => ({ kind: 'payment.sync', merchantId, subject: paymentId, runAt: now }))
}

function giveBack({ order, attempt, notifyUrl, now }: TradeCase, success: Success, cause: 'duplicate' | 'late'): Decision {
  const { merchantId, orderId } = order
  const refund = surplusRefund(attempt, success, cause, notifyUrl, now)
  const told = paymentEvent(cause === 'late' ? 'payment.late' : 'payment.duplicate_refunded', order, paidAttempt(attempt, success), now, {
    refundId: refund.refundId,
    accepted: false,
  })
  return decision({
    changes: [succeed(attempt, success, false), { kind: 'insertRefund', refund }],
    events: [told, refundEvent('refund.created', refund, now)],
    tasks: [{ kind: 'refund.send', merchantId, subject: refund.refundId, runAt: now }],
    ended: [{ kind: 'payment.sync', merchantId, subject: attempt.paymentId }],
    notes: [
      {
        merchantId,
        orderId,
        at: now,
        kind: 'transition',
        title: `${cause} payment refunded in full`,
        detail: { refundId: refund.refundId, outTradeNo: attempt.outTradeNo },
      },
    ],
  })
}

const surplusReasons: Record<SurplusCause, string> = {
  late: '订单已关闭，款项退回',
  duplicate: '重复支付，款项退回',
  unmatched: '款项与订单不符，退回',
}

/** All of an attempt's money goes back. */
export function surplusRefund(attempt: Attempt, success: Success, cause: SurplusCause, notifyUrl: string, now: Instant): Refund {
  const { merchantId, orderId, paymentId, outTradeNo, channel, account } = attempt
  const refundId = surplusRefundId(paymentId)
  return {
    merchantId,
    refundId,
    outRefundNo: outRefundNoOf(refundId),
    orderId,
    paymentId,
    outTradeNo,
    transactionId: success.transactionId,
    channel,
    account,
    amount: success.amount,
    total: success.amount,
    reason: surplusReasons[cause],
    notifyUrl,
    cause,
    status: 'pending',
    createdAt: now,
  }
}

export function succeed(attempt: Attempt, success: Success, kept: boolean): Change {
  const { merchantId, orderId, paymentId, ask } = attempt
  const { transactionId, succeededAt, amount } = success
  const set = { kept, transactionId, succeededAt, ...(equalMoney(amount, ask.amount) ? {} : { paid: amount }) }
  const unlessReversing = isByCode(attempt) && attempt.reversingAt === undefined
  return {
    kind: 'moveAttempt',
    merchantId,
    orderId,
    paymentId,
    from: attemptMayComeFrom('succeeded'),
    to: 'succeeded',
    about: attempt,
    unlessReversing,
    set,
  }
}

function end(attempt: Attempt, to: 'closed' | 'failed', now: Instant, failure?: string): Decision {
  const { merchantId, orderId, paymentId } = attempt
  const set = { closedAt: now, ...(failure === undefined ? {} : { failure }) }
  return decision({
    changes: [{ kind: 'moveAttempt', merchantId, orderId, paymentId, from: attemptMayComeFrom(to), to, about: attempt, set }],
    ended: [{ kind: 'payment.sync', merchantId, subject: paymentId }],
  })
}

function fail({ order, attempt, now }: Pick<TradeCase, 'order' | 'attempt' | 'now'>, said: string): Decision {
  return { ...end(attempt, 'failed', now, said), events: [paymentEvent('payment.failed', order, attempt, now, { reason: said })] }
}

function paidAttempt(attempt: Attempt, success: Success): Attempt {
  return { ...attempt, transactionId: success.transactionId }
}

function unmatchedOf({ attempt, report, now }: TradeCase, success: Success, detail: string): UnmatchedMoney {
  const { channel, account, outTradeNo } = report
  const { merchantId, orderId } = attempt
  const { amount, transactionId } = success
  return {
    channel,
    account,
    outTradeNo,
    transactionId,
    reason: 'mismatch',
    merchantId,
    orderId,
    amountMinor: amount.minor,
    currency: amount.currency,
    detail,
    seenAt: now,
  }
}
