import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Task, TaskKind } from '../../../server/core/rules/task.ts'
import { claimDue, delayTask, dueByKind, finishTask, giveBack } from '../../../server/store/tasks.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { endTasks, insertTasks } from '../../../server/store/transitions.ts'
import { asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'

const leaseMs = 60_000
const merchantId = defaultMerchant

let store: Awaited<ReturnType<typeof openTestDatabase>>
let made = 0
beforeEach(async () => {
  store = await openTestDatabase()
})
afterEach(() => store.end())

const at = (ms: number) => asInstant(aDay + ms)
const write = (tasks: Array<{ subject: string; ms?: number; kind?: TaskKind }>) =>
  transaction(store.db, (tx) =>
    insertTasks(
      tx,
      tasks.map(({ subject, ms = 0, kind = 'payment.sync' }) => ({
        taskId: asOwnId('TaskId', `tsk_${++made}`),
        merchantId,
        kind,
        subject,
        runAt: at(ms),
      })),
    ),
  )
const claim = (owner: string, { ms = 0, limit = 16 } = {}) => claimDue(store.db, { owner, now: at(ms), leaseMs, limit })
const subjects = (tasks: readonly Task[]) => tasks.map((task) => task.subject)
async function claimOne(owner: string, ms = 0): Promise<Task> {
  const [task] = await claim(owner, { ms })
  if (!task) throw new Error('nothing is due')
  return task
}

describe('tasks that are due', () => {
  it('are taken oldest first, no more than asked for, and none before its time', async () => {
    await write([
      { subject: 'c', ms: -1 },
      { subject: 'a', ms: -3 },
      { subject: 'b', ms: -2 },
      { subject: 'later', ms: 1 },
    ])

    expect(subjects(await claim('one', { limit: 2 }))).toEqual(['a', 'b'])
    expect(subjects(await claim('one'))).toEqual(['c'])
    expect(await claim('one')).toEqual([])
  })

  it('are each one owner’s, of any number who ask at once, and none is left lying', async () => {
    await write(Array.from({ length: 100 }, (_, nth) => ({ subject: `s${nth}`, ms: -nth })))
    const taken: string[] = []

    const owner = async (name: string) => {
      for (let batch = await claim(name); batch.length > 0; batch = await claim(name)) taken.push(...subjects(batch))
    }
    await Promise.all(['one', 'two', 'three', 'four'].map(owner))

    expect(taken).toHaveLength(100)
    expect(new Set(taken).size).toBe(100)
  })

  it('are nobody else’s while the lease lasts, and anybody’s afterwards, with the tries counted', async () => {
    await write([{ subject: 'a' }])

    expect(await claimOne('one')).toMatchObject({ tries: 0, leaseOwner: 'one', leaseUntil: at(leaseMs) })
    expect(await claim('two', { ms: leaseMs - 1 })).toEqual([])
    expect(await claimOne('two', leaseMs)).toMatchObject({ tries: 1, leaseOwner: 'two' })
  })

  it('are told by kind: how many, and since when the oldest', async () => {
    await write([
      { subject: 'a', ms: -5 },
      { subject: 'b', ms: -9 },
      { subject: 'c', ms: -2, kind: 'refund.send' },
      { subject: 'd', ms: 5, kind: 'order.expire' },
    ])

    expect([...(await dueByKind(store.db, aDay))].sort(([one], [other]) => one.localeCompare(other))).toEqual([
      ['payment.sync', { count: 2, since: at(-9) }],
      ['refund.send', { count: 1, since: at(-2) }],
    ])
  })
})

describe('a task', () => {
  it('is gone when its owner is done with it', async () => {
    await write([{ subject: 'a' }])

    expect(await finishTask(store.db, await claimOne('one'))).toBe(true)
    expect(await claim('two', { ms: leaseMs * 2 })).toEqual([])
  })

  it('is not touched by an owner whose lease was taken over', async () => {
    await write([{ subject: 'a' }])
    const slow = await claimOne('slow')
    const quick = await claimOne('quick', leaseMs)

    expect(await finishTask(store.db, slow)).toBe(false)
    expect(await delayTask(store.db, slow, at(1))).toBe(false)
    expect(await finishTask(store.db, quick)).toBe(true)
  })

  it('runs again when its owner says so', async () => {
    await write([{ subject: 'a' }])

    await delayTask(store.db, await claimOne('one'), at(1000))

    expect(await claim('two', { ms: 999 })).toEqual([])
    expect(await claimOne('two', 1000)).toMatchObject({ tries: 1 })
  })

  it('is one of a kind for a subject: written again, it runs at the earlier time', async () => {
    await write([{ subject: 'a', ms: 1000 }])
    await write([
      { subject: 'a', ms: 500 },
      { subject: 'b', ms: 500 },
    ])
    await write([{ subject: 'a', ms: 2000 }])

    expect(subjects(await claim('one', { ms: 500 })).sort()).toEqual(['a', 'b'])
    expect(await claim('one', { ms: leaseMs - 1 })).toEqual([])
  })

  it('that was wanted sooner while it ran does not lose that', async () => {
    await write([{ subject: 'a', ms: 1000 }])
    const running = await claimOne('one', 1000)
    await write([{ subject: 'a', ms: 900 }])

    await delayTask(store.db, running, at(50_000))

    expect(await claimOne('two', 1001)).toMatchObject({ subject: 'a' })
  })

  it('is ended by what makes it needless, and others are not', async () => {
    await write([{ subject: 'a' }, { subject: 'b' }, { subject: 'a', kind: 'order.expire' }])

    await transaction(store.db, (tx) => endTasks(tx, [{ merchantId, kind: 'payment.sync', subject: 'a' }]))

    const left = await claim('one')
    expect(left.map(({ kind, subject }) => `${kind} ${subject}`).sort()).toEqual(['order.expire a', 'payment.sync b'])
  })

  it('is given back at once by an instance that stops', async () => {
    await write([{ subject: 'a' }, { subject: 'b' }])
    await claim('one', { limit: 1 })
    await claim('two', { limit: 1 })

    await giveBack(store.db, 'one')

    expect(subjects(await claim('three'))).toEqual(['a'])
  })
})
