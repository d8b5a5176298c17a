import { currencyNames } from '../../shared/kernel/money.ts'
import { channelNames, payTypes } from '../../shared/kernel/pay.ts'
import { attemptStatuses, orderStatuses, refundCauses } from '../../shared/kernel/states.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Attempt } from './rules/attempt.ts'
import type { Change, Decision } from './rules/decision.ts'
import type { Refund } from './rules/refund.ts'
import type { DeliveryTry, TryOutcome } from './rules/webhook.ts'

type Counted = Pick<Metrics, 'payments' | 'paymentSeconds' | 'paidMinor' | 'orders' | 'refunds' | 'refundMinor' | 'webhookDeliveries'>
type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** A try's outcome in the figures: what the endpoint answered is one word, whatever it answered. */
const triesAs = {
  delivered: 'ok',
  refused: 'status',
  gone: 'status',
  redirected: 'status',
  timeout: 'timeout',
  unreachable: 'refused',
  blocked: 'blocked',
} as const satisfies Record<Exclude<TryOutcome, 'dropped'>, string>
const refundOutcomes = ['requested', 'succeeded', 'abnormal', 'failed', 'closed']

/**
 * Counts what became of payments and refunds: from decisions, after they are committed, so that a transaction that ran twice and a
 * decision that was lost count once and not at all. What another instance commits, it counts.
 */
export function makeFigures(metrics: Counted): (decision: Pick<Decision, 'changes'>) => void {
  declareAll(metrics)
  return ({ changes }) => {
    for (const change of changes) countChange(metrics, change)
  }
}

function countChange(metrics: Counted, change: Change): void {
  if (change.kind === 'insertOrder') countNewOrder(metrics, change)
  if (change.kind === 'moveOrder') countOrder(metrics, change)
  if (change.kind === 'insertAttempt') countNewAttempt(metrics, change)
  if (change.kind === 'moveAttempt') countAttempt(metrics, change)
  if (change.kind === 'insertRefund') countNewRefund(metrics, change.refund)
  if (change.kind === 'writeTry') countTry(metrics, change.made)
  if (change.kind === 'moveRefund') countRefund(metrics, change.about, change.to)
}

/** One that stands for money of nobody's is closed from the start. */
function countNewOrder({ orders }: Counted, { order: { status } }: ChangeOf<'insertOrder'>): void {
  orders.count({ outcome: 'created' })
  if (status !== 'pending') orders.count({ outcome: status })
}

/** One that staff wrote for money that nobody had asked for is paid from the start. */
function countNewAttempt({ payments }: Counted, { attempt }: ChangeOf<'insertAttempt'>): void {
  payments.count({ ...wayOf(attempt), outcome: 'created' })
  if (attempt.status === 'succeeded') payments.count({ ...wayOf(attempt), outcome: 'succeeded' })
}

function countOrder({ orders, paidMinor }: Counted, { to, set, about }: ChangeOf<'moveOrder'>): void {
  orders.count({ outcome: to })
  if (set.paid !== undefined && set.channel !== undefined)
    paidMinor.count({ channel: set.channel, currency: about.amount.currency }, set.paid)
}

function countAttempt({ payments, paymentSeconds }: Counted, { to, set, about }: ChangeOf<'moveAttempt'>): void {
  payments.count({ ...wayOf(about), outcome: to === 'open' ? 'opened' : to })
  // The channel's clock says when it was paid: it may be behind ours by a moment.
  if (to === 'succeeded' && set.succeededAt !== undefined)
    paymentSeconds.observe(wayOf(about), Math.max(0, set.succeededAt - about.createdAt) / 1000)
}

function countNewRefund(metrics: Counted, refund: Refund): void {
  const { channel, cause, amount } = refund
  metrics.refunds.count({ channel, cause, outcome: 'requested' })
  metrics.refundMinor.count({ channel, currency: amount.currency, outcome: 'requested' }, amount.minor)
  // Made outside of us, it may be over when we hear of it.
  if (refund.status === 'succeeded') countRefund(metrics, refund, 'succeeded')
}

function countRefund({ refunds, refundMinor }: Counted, { channel, cause, amount }: Refund, to: Refund['status']): void {
  if (!refundOutcomes.includes(to)) return
  refunds.count({ channel, cause, outcome: to })
  if (to === 'succeeded') refundMinor.count({ channel, currency: amount.currency, outcome: 'succeeded' }, amount.minor)
}

/** What was dropped, since its endpoint is gone, was no try. */
function countTry({ webhookDeliveries }: Counted, { outcome, isTls }: DeliveryTry): void {
  if (outcome !== 'dropped') webhookDeliveries.count({ outcome: isTls === true ? 'tls' : triesAs[outcome] })
}

function wayOf({ channel, ask }: Attempt) {
  return { channel, payType: ask.payType }
}

function declareAll({ payments, paymentSeconds, paidMinor, orders, refunds, refundMinor, webhookDeliveries }: Counted): void {
  for (const outcome of [...Object.values(triesAs), 'tls']) webhookDeliveries.count({ outcome }, 0)
  for (const outcome of ['created', ...orderStatuses.filter((one) => one !== 'pending')]) orders.count({ outcome }, 0)
  const outcomes = ['created', 'opened', ...attemptStatuses.filter((one) => one !== 'sent' && one !== 'open')]
  for (const channel of channelNames) {
    for (const payType of payTypes) {
      paymentSeconds.declare({ channel, payType })
      for (const outcome of outcomes) payments.count({ channel, payType, outcome }, 0)
    }
    for (const cause of refundCauses) for (const outcome of refundOutcomes) refunds.count({ channel, cause, outcome }, 0)
    for (const currency of currencyNames) {
      paidMinor.count({ channel, currency }, 0)
      for (const outcome of ['requested', 'succeeded']) refundMinor.count({ channel, currency, outcome }, 0)
    }
  }
}
