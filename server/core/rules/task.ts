import type { MerchantId, TaskId } from '../../../shared/kernel/ids.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'

export const taskKinds = [
  'payment.sync',
  'order.expire',
  'refund.send',
  'refund.sync',
  'bill.reconcile',
  'keys.refresh',
  'store.sweep',
  'webhook.deliver',
] as const
export type TaskKind = (typeof taskKinds)[number]

/** Work that must not wait for other people's servers has a queue of its own; so has work that does. */
export const taskQueues = ['webhooks'] as const
export type TaskQueue = (typeof taskQueues)[number]

/** Something to do later, written with what makes it necessary. One of a kind for a subject. */
export type NewTask = {
  readonly kind: TaskKind
  readonly merchantId: MerchantId
  /** The payment, order, refund or account it is about. */
  readonly subject: string
  readonly runAt: Instant
}

export type Task = NewTask & {
  readonly taskId: TaskId
  readonly tries: number
  readonly leaseOwner: string
  readonly leaseUntil: Instant
  /** Of its queue: one lane's tasks do not hold up another's. */
  readonly lane?: string | undefined
}

/** What became of a run: nothing left to do, or when to run again. A handler may run twice and does not mind. */
export type TaskResult = 'done' | { readonly again: Instant }
/** Told between two pieces of work, so that whoever holds a lease on it can hold on. */
export type Alive = () => Promise<void>

const second = 1000
const minute = 60 * second

/** When the next try of a kind comes, after so many tries; the last step repeats for ever. */
const ladders: Record<TaskKind, readonly number[]> = {
  'payment.sync': [5 * second, 15 * second, 30 * second, minute, 3 * minute, 10 * minute],
  'order.expire': [15 * second, 30 * second, minute, 2 * minute, 5 * minute],
  'refund.send': [2 * second, 10 * second, 30 * second, minute, 5 * minute, 30 * minute],
  /** The rhythm WeChat recommends for refund queries, begun a little earlier. */
  'refund.sync': [10 * second, minute, minute, minute, minute, minute, 5 * minute, 10 * minute, 20 * minute, 30 * minute],
  /** A bill that is still being made is asked for every half an hour (fact sheet §10). */
  'bill.reconcile': [30 * minute],
  'keys.refresh': [minute, 5 * minute, 30 * minute],
  'store.sweep': [10 * minute],
  /** Only after a failure of our own; how often an endpoint is told is the delivery's own ladder. */
  'webhook.deliver': [10 * second, minute, 5 * minute],
}

/**
 * The instant of the next try.
 *
 * @param tries how often it ran already; 0 gives the first delay of the ladder.
 */
export function nextTry(kind: TaskKind, tries: number, now: Instant): Instant {
  const ladder = ladders[kind]
  const step = ladder[Math.min(Math.max(tries, 0), ladder.length - 1)] ?? minute
  return later(now, step)
}
