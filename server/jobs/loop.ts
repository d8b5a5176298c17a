import { asInstant, type Instant, later } from '../../shared/kernel/time.ts'
import type { Alarms } from '../core/alarms.ts'
import { nextTry, type Task, type TaskKind, type TaskQueue, type TaskResult, taskKinds } from '../core/rules/task.ts'
import type { TaskHandlers } from '../core/tasks.ts'
import type { Log } from '../lib/log.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { claimDue, delayTask, dueByKind, extendLease, finishTask, giveBack, recallTasks, waitingDeliveries } from '../store/tasks.ts'

/** How long a task is one instance's; an instance that died holds it no longer. */
const leaseMs = 60_000
/** The table is looked at this often; a task that is due sooner wakes the loop. */
const idleMs = 1000
/** What waits for merchants' servers is counted this often. */
const countEveryMs = 5000
const stuckAfterTries = 10
/** A clock that goes back by so much was wrong before, or is now. */
const clockWentBackMs = 60_000

/** Which tasks a loop takes, how many at once, and how many of one lane. */
export type Work = { readonly queue?: TaskQueue | undefined; readonly atOnce: number; readonly perLane?: number | undefined }

export type Loop = ReturnType<typeof makeLoop>

/** Takes due tasks by lease and runs them. Any number of instances may run one on the same database. */
export function makeLoop({
  db,
  runtime,
  log,
  metrics,
  alarms,
  handlers,
  owner,
  work,
  mayWork,
}: {
  db: Database
  runtime: Runtime
  log: Log
  metrics: Pick<Metrics, 'taskLeasesLost' | 'taskOldestDue' | 'tasksDue' | 'webhookPending' | 'webhookOldest'>
  alarms: Alarms
  handlers: TaskHandlers
  owner: string
  work: Work
  /** Whether the work of this store is done here. */
  mayWork: () => boolean
}) {
  for (const kind of taskKinds) {
    metrics.taskLeasesLost.count({ kind }, 0)
    tellDue(kind, undefined)
  }
  const ended = new AbortController()
  let nap = new AbortController()
  let running: Promise<void> | undefined
  const stuck = new Set<string>()
  const underWay = new Map<Promise<void>, string>()
  let lastLook: Instant = asInstant(0)
  let lastCount: Instant = asInstant(0)
  return { start, wake, stop }

  function start(): void {
    running ??= go()
  }

  /** Something is due at that instant: the loop does not sleep past it. */
  function wake(at: Instant): void {
    if (at <= runtime.now() + idleMs) nap.abort()
  }

  /** Takes no new task, waits for those it runs, and gives the rest back. */
  async function stop(): Promise<void> {
    ended.abort()
    nap.abort()
    await running
    await Promise.all(underWay.keys())
    // What cannot be given back comes free by itself when its lease ends.
    await giveBack(db, owner).catch((error: unknown) => log.warn({ event: 'tasks.give_back', error }))
  }

  async function go(): Promise<void> {
    while (!ended.signal.aborted) {
      nap = new AbortController()
      const ran = await runDue()
      if (ran === 0 && !ended.signal.aborted) await runtime.sleep(idleMs, nap.signal)
    }
  }

  /** Begins what is due now, as much as there is room for; how many it were. A slow one holds up no other. */
  async function runDue(): Promise<number> {
    try {
      await heedClock()
      if (work.queue === undefined) await tellAges()
      const room = mayWork() ? work.atOnce - underWay.size : 0
      const { queue, perLane } = work
      const lanes = perLane === undefined ? undefined : { most: perLane, busy: busyLanes() }
      const tasks = room === 0 ? [] : await claimDue(db, { owner, now: runtime.now(), leaseMs, limit: room, queue, lanes })
      for (const task of tasks) begin(task)
      return tasks.length
    } catch (error) {
      log.error({ event: 'tasks.claim', error })
      return 0
    }
  }

  function begin(task: Task): void {
    const running = run(task).finally(() => {
      underWay.delete(running)
      // What waited for room is looked at at once.
      if (underWay.size === work.atOnce - 1 || work.perLane !== undefined) nap.abort()
    })
    underWay.set(running, task.lane ?? '')
  }

  function busyLanes(): Map<string, number> {
    const busy = new Map<string, number>()
    for (const lane of underWay.values()) busy.set(lane, (busy.get(lane) ?? 0) + 1)
    return busy
  }

  /** After the clock went back, what was put off by the wrong clock, or is held until then, is looked at once more. */
  async function heedClock(): Promise<void> {
    const now = runtime.now()
    const wentBack = lastLook - now > clockWentBackMs
    lastLook = now
    if (wentBack) await recallTasks(db, { now, leaseMs })
  }

  async function run(task: Task): Promise<void> {
    let held = task
    const alive = async () => {
      held = await holdOn(held)
    }
    try {
      const result = await handlers[task.kind](task, alive)
      await write(held, result)
      if (stuck.delete(task.taskId) && stuck.size === 0) alarms.clear('task_stuck')
    } catch (error) {
      log.error({ event: 'task.failed', kind: task.kind, subject: task.subject, tries: task.tries, error })
      if (task.tries >= stuckAfterTries) {
        stuck.add(task.taskId)
        alarms.raise('task_stuck', { kind: task.kind, subject: task.subject, tries: task.tries })
      }
      await write(held, { again: nextTry(task.kind, task.tries, runtime.now()) }).catch((reason: unknown) =>
        log.error({ event: 'task.write', kind: task.kind, error: reason }),
      )
    }
  }

  /** Long work keeps its lease, and stops when it has lost it. */
  async function holdOn(task: Task): Promise<Task> {
    const now = runtime.now()
    if (task.leaseUntil - now > leaseMs / 2) return task
    const until = later(now, leaseMs)
    if (!(await extendLease(db, task, until))) throw new Error(`the lease of ${task.kind} was lost`)
    return { ...task, leaseUntil: until }
  }

  /** A task that was ended by what its handler decided is gone already; one that somebody else took over is not ours to write. */
  async function write(task: Task, result: TaskResult): Promise<void> {
    const won = result === 'done' ? await finishTask(db, task) : await delayTask(db, task, result.again)
    if (!won && task.leaseUntil < runtime.now()) metrics.taskLeasesLost.count({ kind: task.kind })
  }

  async function tellAges(): Promise<void> {
    const now = runtime.now()
    const due = await dueByKind(db, now)
    for (const kind of taskKinds) tellDue(kind, due.get(kind), now)
    if (Math.abs(now - lastCount) >= countEveryMs) await tellWaiting(now)
  }

  async function tellWaiting(now: Instant): Promise<void> {
    lastCount = now
    const { count, since } = await waitingDeliveries(db)
    metrics.webhookPending.set({}, count)
    metrics.webhookOldest.set({}, since === undefined ? 0 : Math.max(0, (now - since) / 1000))
  }

  function tellDue(kind: TaskKind, due: { readonly count: number; readonly since: Instant } | undefined, now = asInstant(0)): void {
    metrics.tasksDue.set({ kind }, due?.count ?? 0)
    metrics.taskOldestDue.set({ kind }, due === undefined ? 0 : Math.max(0, (now - due.since) / 1000))
  }
}
