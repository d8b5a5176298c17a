import { type Selectable, sql } from 'kysely'
import type { DeliveryId } from '../../shared/kernel/ids.ts'
import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Task, TaskKind, TaskQueue } from '../core/rules/task.ts'
import type { Database } from './database.ts'
import { orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const columns = ['merchant_id', 'kind', 'subject', 'task_id', 'run_at', 'tries', 'lease_owner', 'lease_until', 'lane'] as const
const nobody = ''
/** Whose whole batch went to others looks again, so that no instance idles while there is work. */
const maxRounds = 3

/** Among so many times the tasks wanted, those are looked for whose lane has room. */
const lookAhead = 4

/** How many of one lane run at once at most, and how many do now. */
export type Lanes = { readonly most: number; readonly busy: ReadonlyMap<string, number> }
type ClaimAsk = {
  readonly owner: string
  readonly now: Instant
  readonly leaseMs: number
  readonly limit: number
  /** Undefined: the server's own work. */
  readonly queue?: TaskQueue | undefined
  readonly lanes?: Lanes | undefined
}

/**
 * Takes tasks that are due and nobody's: by compare-and-set on the lease, so that it holds on any number of instances and nodes.
 *
 * @returns those that are ours until `now + leaseMs`, with `tries` counting this one not yet.
 */
export async function claimDue(db: Database, ask: ClaimAsk): Promise<Task[]> {
  for (let round = 1; round <= maxRounds; round++) {
    const { seen, ours } = await claimBatch(db, ask)
    if (seen === 0 || ours.length > 0) return ours
  }
  return []
}

async function claimBatch(db: Database, { owner, now, leaseMs, limit, queue, lanes }: ClaimAsk): Promise<{ seen: number; ours: Task[] }> {
  const full = lanes === undefined ? [] : [...lanes.busy].filter(([, count]) => count >= lanes.most).map(([lane]) => lane)
  let query = db.query.selectFrom('tasks').select(['task_id', 'lane']).where('run_at', '<=', now).where('lease_until', '<=', now)
  query = queue === undefined ? query.where('queue', 'is', null) : query.where('queue', '=', queue)
  if (full.length > 0) query = query.where('lane', 'not in', full)
  const seen = await query
    .orderBy('run_at')
    .limit(lanes === undefined ? limit : limit * lookAhead)
    .execute()
  const due = lanes === undefined ? seen : withinLanes(seen, lanes).slice(0, limit)
  if (due.length === 0) return { seen: 0, ours: [] }
  const ids = due.map((row) => row.task_id)
  const until = asInstant(now + leaseMs)
  await db.query
    .updateTable('tasks')
    .set(({ eb }) => ({ lease_owner: owner, lease_until: until, tries: eb('tries', '+', 1) }))
    .where('task_id', 'in', ids)
    .where('lease_until', '<=', now)
    .execute()
  const ours = await db.query
    .selectFrom('tasks')
    .select(columns)
    .where('task_id', 'in', ids)
    .where('lease_owner', '=', owner)
    .where('lease_until', '=', until)
    .orderBy('run_at')
    .execute()
  return { seen: due.length, ours: ours.map(readTask) }
}

function withinLanes<Row extends { readonly lane: string | null }>(rows: readonly Row[], { most, busy }: Lanes): Row[] {
  const counts = new Map(busy)
  return rows.filter(({ lane }) => {
    const count = counts.get(lane ?? '') ?? 0
    counts.set(lane ?? '', count + 1)
    return count < most
  })
}

function readTask(row: Pick<Selectable<Schema['tasks']>, (typeof columns)[number]>): Task {
  return {
    merchantId: row.merchant_id,
    kind: row.kind,
    subject: row.subject,
    taskId: row.task_id,
    runAt: row.run_at,
    tries: row.tries - 1,
    leaseOwner: row.lease_owner,
    leaseUntil: row.lease_until,
    lane: orUndefined(row.lane),
  }
}

/** Ends a task; false when its lease was taken over meanwhile, or it is gone. */
export async function finishTask(db: Database, task: Task): Promise<boolean> {
  const result = await db.query
    .deleteFrom('tasks')
    .where('task_id', '=', task.taskId)
    .where('lease_owner', '=', task.leaseOwner)
    .where('lease_until', '=', task.leaseUntil)
    .where('run_at', '=', task.runAt)
    .executeTakeFirst()
  return result.numDeletedRows === 1n || (await letGo(db, task))
}

/** Puts a task off; false when its lease was taken over meanwhile, or it is gone. One that was brought forward meanwhile stays so. */
export async function delayTask(db: Database, task: Task, runAt: Instant): Promise<boolean> {
  const result = await db.query
    .updateTable('tasks')
    .set({ run_at: runAt, lease_owner: nobody, lease_until: asInstant(0) })
    .where('task_id', '=', task.taskId)
    .where('lease_owner', '=', task.leaseOwner)
    .where('lease_until', '=', task.leaseUntil)
    .where('run_at', '=', task.runAt)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n || (await letGo(db, task))
}

/** Holds on to a task for longer; false when its lease was taken over meanwhile, or it is gone. */
export async function extendLease(db: Database, task: Task, until: Instant): Promise<boolean> {
  const result = await db.query
    .updateTable('tasks')
    .set({ lease_until: until })
    .where('task_id', '=', task.taskId)
    .where('lease_owner', '=', task.leaseOwner)
    .where('lease_until', '=', task.leaseUntil)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Somebody wanted it again while it ran: it is given back as it is. */
async function letGo(db: Database, task: Task): Promise<boolean> {
  const result = await db.query
    .updateTable('tasks')
    .set({ lease_owner: nobody, lease_until: asInstant(0) })
    .where('task_id', '=', task.taskId)
    .where('lease_owner', '=', task.leaseOwner)
    .where('lease_until', '=', task.leaseUntil)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** No ladder puts a task off by more than this; only a clock that was ahead does. */
const longestDelayMs = 35 * 60 * 1000

/** Brings forward what a clock that was ahead has put off, and frees what it has leased; each costs one look. */
export async function recallTasks(db: Database, { now, leaseMs }: { now: Instant; leaseMs: number }): Promise<void> {
  await db.query
    .updateTable('tasks')
    .set({ run_at: now })
    .where('run_at', '>', asInstant(now + longestDelayMs))
    .where('kind', 'in', ['payment.sync', 'order.expire', 'refund.send', 'refund.sync'])
    .execute()
  await db.query
    .updateTable('tasks')
    .set({ lease_owner: nobody, lease_until: asInstant(0) })
    .where('lease_until', '>', asInstant(now + leaseMs))
    .execute()
}

/** Gives back what an instance holds. */
export async function giveBack(db: Database, owner: string): Promise<void> {
  await db.query
    .updateTable('tasks')
    .set({ lease_owner: nobody, lease_until: asInstant(0) })
    .where('lease_owner', '=', owner)
    .execute()
}

/** How many tasks of each kind are due, and since when the oldest of them has waited. */
export async function dueByKind(db: Database, now: Instant): Promise<Map<TaskKind, { readonly count: number; readonly since: Instant }>> {
  const rows = await db.query
    .selectFrom('tasks')
    .select(['kind', ({ fn }) => fn.min('run_at').as('since'), ({ fn }) => fn.countAll().as('count')])
    .where('run_at', '<=', now)
    .groupBy('kind')
    .execute()
  return new Map(rows.map((row) => [row.kind, { count: Number(row.count), since: asInstant(Number(row.since)) }]))
}

/** How many deliveries wait, and since when the oldest of them has. */
export async function waitingDeliveries(db: Database): Promise<{ readonly count: number; readonly since: Instant | undefined }> {
  const row = await db.query
    .selectFrom('tasks')
    .innerJoin('deliveries', (join) =>
      join.onRef('deliveries.merchant_id', '=', 'tasks.merchant_id').onRef('deliveries.delivery_id', '=', sql<DeliveryId>`tasks.subject`),
    )
    .select([({ fn }) => fn.countAll().as('count'), ({ fn }) => fn.min('deliveries.created_at').as('since')])
    .where('tasks.queue', '=', 'webhooks')
    .executeTakeFirst()
  return { count: Number(row?.count ?? 0), since: row?.since ? asInstant(Number(row.since)) : undefined }
}
