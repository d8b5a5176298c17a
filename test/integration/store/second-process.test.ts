import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { closeDatabase } from '../../../server/store/database.ts'
import { findOrder } from '../../../server/store/orders.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { anOrder } from '../../support/builders.ts'
import { openTestDatabase, openUrl, storeKind } from '../../support/databases.ts'

const onSqlite = storeKind === 'sqlite' ? describe : describe.skip

onSqlite('a SQLite file that a second process writes to', () => {
  let store: Awaited<ReturnType<typeof openTestDatabase>>
  const holders: ChildProcess[] = []
  beforeEach(async () => {
    store = await openTestDatabase()
  })
  afterEach(async () => {
    for (const holder of holders.splice(0)) holder.kill()
    await store.end()
  })

  const orderOf = (name: string) => anOrder({ orderId: asOrderId(name) })
  const write = (name: string) => transaction(store.db, (tx) => applyChange(tx, { kind: 'insertOrder', order: orderOf(name) }))

  /** Takes the write lock as another process does, and holds it for so long. */
  async function holdLock(ms: number): Promise<void> {
    const program = `
      const { DatabaseSync } = require('node:sqlite')
      const db = new DatabaseSync(process.argv[1])
      db.exec('BEGIN IMMEDIATE')
      process.stdout.write('held')
      setTimeout(() => db.exec('COMMIT'), ${ms})`
    const holder = spawn(process.execPath, ['-e', program, store.url.slice('sqlite:'.length)], { stdio: ['ignore', 'pipe', 'inherit'] })
    holders.push(holder)
    await once(holder.stdout, 'data')
  }

  it('is waited for, for three seconds too, and nothing is lost', async () => {
    await holdLock(3000)

    expect(await write('ORDER_1')).toBe(true)
  }, 20_000)

  it('is not waited for without end, and the server answers others meanwhile', async () => {
    await holdLock(15_000)
    let longestSilenceMs = 0
    let last = Date.now()
    const pulse = setInterval(() => {
      longestSilenceMs = Math.max(longestSilenceMs, Date.now() - last)
      last = Date.now()
    }, 20)
    const startedAt = Date.now()

    try {
      await expect(write('ORDER_1')).rejects.toMatchObject({ errcode: 5 })
    } finally {
      clearInterval(pulse)
    }
    expect(Date.now() - startedAt).toBeLessThan(12_000)
    expect(longestSilenceMs).toBeLessThan(1500)
    expect(await findOrder(store.db, defaultMerchant, asOrderId('ORDER_1'))).toBeUndefined()
  }, 30_000)

  it('gives each of two that count on one row its own turn', async () => {
    const other = await openUrl(store.url)
    await write('ORDER_1')
    const count = (db: typeof store.db, attemptCount: number) =>
      transaction(db, (tx) =>
        applyChange(tx, {
          kind: 'countAttempt',
          merchantId: defaultMerchant,
          orderId: asOrderId('ORDER_1'),
          attemptCount,
          channel: 'wechat',
          payType: 'NATIVE',
        }),
      )

    try {
      const won = await Promise.all([...Array(10).keys()].map((nth) => count(nth % 2 === 0 ? store.db : other, 1)))
      expect(won.filter((one) => one)).toHaveLength(1)
    } finally {
      await closeDatabase(other)
    }
  })
})
