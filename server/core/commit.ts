import { asOwnId, type MerchantId, type OrderId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import { newId } from '../lib/ids.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { makeCommitQueue } from './commit-queue.ts'
import type { Change, Decision, Note } from './rules/decision.ts'

/** Told after every commit: what was written, which orders changed, and how soon a task of it is due. */
export type AfterCommit = (what: {
  readonly decision: Decision
  readonly orders: ReadonlyArray<{ merchantId: MerchantId; orderId: OrderId }>
  readonly nextTaskAt: Instant | undefined
  /** Somebody may have to be told. */
  readonly hasEvents: boolean
}) => void

export type Commit = ReturnType<typeof makeCommit>

/**
 * The one writer: puts a decision down, all of it in one transaction or none of it.
 *
 * @returns false when it was lost to somebody else's: then nothing was written, and the rule is asked again with fresh rows.
 */
export function makeCommit({ db, runtime, afterCommit }: { db: Database; runtime: Runtime; afterCommit: AfterCommit }) {
  const put = makeCommitQueue({ db })
  return async function commit(decision: Decision): Promise<boolean> {
    if (!(await put({ decision, ...makeRows(decision) }))) return false
    afterCommit({ decision, orders: ordersOf(decision), nextTaskAt: earliest(decision), hasEvents: hasEvents(decision) })
    return true
  }

  /** Everything that needs time or chance is made before the transaction, whose body may run more than once. */
  function makeRows(decision: Decision) {
    const at = runtime.now()
    const notes = [...decision.notes, ...decision.changes.map((change) => transitionNote(change, at)).filter((note) => note !== undefined)]
    const [eventIds, taskIds, noteIds] = [
      ascendingIds('evt', decision.events.length),
      ascendingIds('tsk', decision.tasks.length),
      ascendingIds('note', notes.length),
    ]
    return {
      events: decision.events.map((event, nth) => ({ eventId: asOwnId('EventId', eventIds[nth] ?? ''), ...event })),
      tasks: decision.tasks.map((task, nth) => ({ taskId: asOwnId('TaskId', taskIds[nth] ?? ''), ...task })),
      notes: notes.map((note, nth) => ({ noteId: noteIds[nth] ?? '', ...note })),
    }
  }

  /** Ids of one instant that sort in the order of what they name. */
  function ascendingIds(prefix: string, count: number): string[] {
    return Array.from({ length: count }, () => newId(runtime, prefix)).sort()
  }
}

function transitionNote(change: Change, at: Instant): Note | undefined {
  switch (change.kind) {
    case 'insertOrder':
      return transition(change.order, at, `order made: ${change.order.status}`, {
        amountMinor: change.order.amount.minor,
        currency: change.order.amount.currency,
      })
    case 'insertAttempt':
      return transition(change.attempt, at, `attempt made: ${change.attempt.status}`, {
        outTradeNo: change.attempt.outTradeNo,
        payType: change.attempt.ask.payType,
        channel: change.attempt.channel,
      })
    case 'insertRefund':
      return transition(change.refund, at, `refund made: ${change.refund.status}`, {
        refundId: change.refund.refundId,
        amountMinor: change.refund.amount.minor,
        cause: change.refund.cause,
      })
    case 'moveOrder':
      return transition(change, at, `order: ${change.to}`, {})
    case 'moveAttempt':
      return transition(change, at, `attempt: ${change.to}`, {
        paymentId: change.paymentId,
        kept: change.set.kept,
        transactionId: change.set.transactionId,
        reason: change.set.failure,
      })
    case 'moveRefund':
      return transition(change, at, `refund: ${change.to}`, { refundId: change.refundId, reason: change.set.failure })
    case 'insertUnmatched':
      return change.unmatched.orderId === undefined
        ? undefined
        : transition(
            { merchantId: change.unmatched.merchantId, orderId: change.unmatched.orderId },
            at,
            `money that does not match: ${change.unmatched.detail}`,
            {},
          )
    default:
      return undefined
  }
}

function transition(
  { merchantId, orderId }: { merchantId: MerchantId; orderId: OrderId },
  at: Instant,
  title: string,
  detail: Readonly<Record<string, unknown>>,
): Note {
  return { merchantId, orderId, at, kind: 'transition', title, detail }
}

function ordersOf(decision: Decision): Array<{ merchantId: MerchantId; orderId: OrderId }> {
  const seen = new Map<string, { merchantId: MerchantId; orderId: OrderId }>()
  for (const change of decision.changes) {
    if (change.kind !== 'moveOrder' && change.kind !== 'moveAttempt' && change.kind !== 'moveRefund') continue
    seen.set(`${change.merchantId} ${change.orderId}`, { merchantId: change.merchantId, orderId: change.orderId })
  }
  return [...seen.values()]
}

function hasEvents({ events, changes }: Decision): boolean {
  return events.length > 0 || changes.some(({ kind }) => kind === 'redeliver')
}

function earliest(decision: Decision): Instant | undefined {
  return decision.tasks.map((task) => task.runAt).sort((one, other) => one - other)[0]
}
