import type { EventId, TaskId } from '../../shared/kernel/ids.ts'
import { never } from '../../shared/kernel/never.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Change, EndedTask, Note } from '../core/rules/decision.ts'
import type { NewEvent } from '../core/rules/event.ts'
import type { NewTask } from '../core/rules/task.ts'
import { writeAttempt } from './attempts.ts'
import type { Db, Tx } from './database.ts'
import { disableEndpoint, insertDeliveries, redeliver, writeTry } from './delivery-moves.ts'
import { insertIgnore, insertNew } from './insert-ignore.ts'
import { orNull } from './json-column.ts'
import { writeOrder } from './orders.ts'
import { saveReconciliation } from './reconciliations.ts'
import { bookRefund, releaseRefund, reserveRefund } from './refund-figures.ts'
import { writeRefund } from './refunds.ts'
import { insertUnmatched, resolveUnmatched } from './unmatched.ts'

/**
 * Writes one change, by compare-and-set.
 *
 * @returns false when the row was in another state than the change knows, or its key was taken: nothing was written then.
 */
export async function applyChange(tx: Tx, change: Change): Promise<boolean> {
  switch (change.kind) {
    case 'insertOrder':
      return insertNew(tx, 'orders', writeOrder(change.order))
    case 'insertAttempt':
      return insertNew(tx, 'attempts', writeAttempt(change.attempt))
    case 'insertRefund':
      return insertNew(tx, 'refunds', writeRefund(change.refund))
    case 'countAttempt':
      return countAttempt(tx, change)
    case 'moveOrder':
      return moveOrder(tx, change)
    case 'moveAttempt':
      return moveAttempt(tx, change)
    case 'markReversing':
      return markReversing(tx, change)
    case 'renewAction':
      return renewAction(tx, change)
    case 'moveRefund':
      return moveRefund(tx, change)
    case 'reserveRefund':
      return reserveRefund(tx, change)
    case 'bookRefund':
      return bookRefund(tx, change)
    case 'releaseRefund':
      return releaseRefund(tx, change)
    case 'saveReconciliation':
      return saveReconciliation(tx, change.reconciliation)
    case 'insertInbox':
      return insertInbox(tx, change)
    case 'insertUnmatched':
      return insertUnmatched(tx, change.unmatched)
    case 'resolveUnmatched':
      return resolveUnmatched(tx, change)
    case 'writeTry':
      return writeTry(tx, change)
    case 'redeliver':
      return redeliver(tx, change)
    case 'disableEndpoint':
      return disableEndpoint(tx, change)
    default:
      return never(change)
  }
}

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

async function countAttempt(tx: Tx, { merchantId, orderId, attemptCount, channel, payType }: ChangeOf<'countAttempt'>): Promise<boolean> {
  const result = await tx.query
    .updateTable('orders')
    .set({ attempt_count: attemptCount + 1, channel, pay_type: payType })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('status', '=', 'pending')
    .where('attempt_count', '=', attemptCount)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

async function moveOrder(tx: Tx, { merchantId, orderId, from, to, attemptCount, set }: ChangeOf<'moveOrder'>): Promise<boolean> {
  let update = tx.query
    .updateTable('orders')
    .set({
      status: to,
      ...(set.paid === undefined ? {} : { paid_minor: set.paid }),
      ...(set.keptPaymentId === undefined ? {} : { kept_payment_id: set.keptPaymentId }),
      ...(set.attemptCount === undefined ? {} : { attempt_count: set.attemptCount }),
      ...(set.channel === undefined ? {} : { channel: set.channel }),
      ...(set.payType === undefined ? {} : { pay_type: set.payType }),
      ...(set.transactionId === undefined ? {} : { transaction_id: set.transactionId }),
      ...(set.paidAt === undefined ? {} : { paid_at: set.paidAt }),
      ...(set.closedAt === undefined ? {} : { closed_at: set.closedAt }),
    })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('status', 'in', from)
  if (attemptCount !== undefined) update = update.where('attempt_count', '=', attemptCount)
  return (await update.executeTakeFirst()).numUpdatedRows === 1n
}

async function moveAttempt(tx: Tx, { merchantId, paymentId, from, to, unlessReversing, set }: ChangeOf<'moveAttempt'>): Promise<boolean> {
  let update = tx.query
    .updateTable('attempts')
    .set({
      status: to,
      ...(set.kept === undefined ? {} : { kept: Number(set.kept) }),
      ...(set.paid === undefined ? {} : { paid_minor: set.paid.minor, paid_currency: set.paid.currency }),
      ...(set.transactionId === undefined ? {} : { transaction_id: set.transactionId }),
      ...(set.action === undefined ? {} : { action: JSON.stringify(set.action) }),
      ...(set.actionExpiresAt === undefined ? {} : { action_expires_at: set.actionExpiresAt }),
      ...(set.channelState === undefined ? {} : { channel_state: set.channelState }),
      ...(set.failure === undefined ? {} : { failure: set.failure.slice(0, 500) }),
      ...(set.succeededAt === undefined ? {} : { succeeded_at: set.succeededAt }),
      ...(set.closedAt === undefined ? {} : { closed_at: set.closedAt }),
    })
    .where('merchant_id', '=', merchantId)
    .where('payment_id', '=', paymentId)
    .where('status', 'in', from)
  if (unlessReversing === true) update = update.where('reversing_at', 'is', null)
  return (await update.executeTakeFirst()).numUpdatedRows === 1n
}

async function markReversing(tx: Tx, { merchantId, paymentId, at }: ChangeOf<'markReversing'>): Promise<boolean> {
  const result = await tx.query
    .updateTable('attempts')
    .set({ reversing_at: at })
    .where('merchant_id', '=', merchantId)
    .where('payment_id', '=', paymentId)
    .where('status', 'in', ['sent', 'open'])
    .where('reversing_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

async function renewAction(
  tx: Tx,
  { merchantId, paymentId, action, actionExpiresAt, channelState }: ChangeOf<'renewAction'>,
): Promise<boolean> {
  const result = await tx.query
    .updateTable('attempts')
    .set({ action: JSON.stringify(action), action_expires_at: actionExpiresAt, channel_state: orNull(channelState) })
    .where('merchant_id', '=', merchantId)
    .where('payment_id', '=', paymentId)
    .where('status', 'in', ['sent', 'open'])
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

async function moveRefund(tx: Tx, { merchantId, refundId, from, to, set }: ChangeOf<'moveRefund'>): Promise<boolean> {
  const result = await tx.query
    .updateTable('refunds')
    .set({
      status: to,
      ...(set.channelRefundId === undefined ? {} : { channel_refund_id: set.channelRefundId }),
      ...(set.failure === undefined ? {} : { failure: set.failure.slice(0, 500) }),
      ...(set.succeededAt === undefined ? {} : { succeeded_at: set.succeededAt }),
    })
    .where('merchant_id', '=', merchantId)
    .where('refund_id', '=', refundId)
    .where('status', 'in', from)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

async function insertInbox(tx: Tx, { entry }: ChangeOf<'insertInbox'>): Promise<true> {
  const { channel, account, notifyId, inboxId, merchantId, orderId, receivedAt, verdict, body } = entry
  const row = {
    channel,
    account,
    notify_id: notifyId,
    inbox_id: inboxId,
    merchant_id: orNull(merchantId),
    order_id: orNull(orderId),
    received_at: receivedAt,
    verdict,
    body,
  }
  await insertIgnore(tx, 'inbox', [row])
  return true
}

/** Writes events, and to whom they are to be told. */
export async function insertEvents(tx: Tx, events: ReadonlyArray<NewEvent & { readonly eventId: EventId }>): Promise<void> {
  const rows = events.map(({ merchantId, eventId, type, orderId, at, data }) => ({
    merchant_id: merchantId,
    event_id: eventId,
    type,
    order_id: orderId,
    created_at: at,
    data: JSON.stringify(data),
  }))
  await tx.query.insertInto('events').values(rows).execute()
  await insertDeliveries(tx, events)
}

export async function insertNotes(tx: Tx, notes: ReadonlyArray<Note & { readonly noteId: string }>): Promise<void> {
  const rows = notes.map(({ merchantId, orderId, at, noteId, kind, title, detail }) => ({
    merchant_id: merchantId,
    order_id: orderId,
    at,
    note_id: noteId,
    kind,
    title: title.slice(0, 500),
    detail: JSON.stringify(detail),
  }))
  await tx.query.insertInto('timeline').values(rows).execute()
}

/** Whether a note is there, and with it all that its decision wrote. */
export async function wasWritten(
  db: Db,
  note: Pick<Note, 'merchantId' | 'orderId' | 'at'> & { readonly noteId: string },
): Promise<boolean> {
  const row = await db.query
    .selectFrom('timeline')
    .select('note_id')
    .where('merchant_id', '=', note.merchantId)
    .where('order_id', '=', note.orderId)
    .where('at', '=', note.at)
    .where('note_id', '=', note.noteId)
    .executeTakeFirst()
  return row !== undefined
}

/** Writes tasks; one that is there already runs at the earlier of the two times. */
export async function insertTasks(tx: Tx, tasks: ReadonlyArray<NewTask & { readonly taskId: TaskId }>): Promise<void> {
  const rows = tasks.map(({ merchantId, kind, subject, taskId, runAt }) => ({
    merchant_id: merchantId,
    kind,
    subject,
    task_id: taskId,
    run_at: runAt,
    tries: 0,
    lease_owner: '',
    lease_until: asInstant(0),
    queue: null,
    lane: null,
  }))
  if ((await insertIgnore(tx, 'tasks', rows)) === rows.length) return
  for (const { merchantId, kind, subject, runAt } of tasks) {
    await tx.query
      .updateTable('tasks')
      .set({ run_at: runAt })
      .where('merchant_id', '=', merchantId)
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .where('run_at', '>', runAt)
      .execute()
  }
}

export async function endTasks(tx: Tx, ended: readonly EndedTask[]): Promise<void> {
  await tx.query
    .deleteFrom('tasks')
    .where(({ eb, and, or }) =>
      or(
        ended.map(({ merchantId, kind, subject }) =>
          and([eb('merchant_id', '=', merchantId), eb('kind', '=', kind), eb('subject', '=', subject)]),
        ),
      ),
    )
    .execute()
}
