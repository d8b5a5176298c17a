import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { closeDatabase, type Database, openDatabase, type Tx } from '../../../server/store/database.ts'
import { parseDatabaseUrl } from '../../../server/store/database-url.ts'
import { findOrder } from '../../../server/store/orders.ts'
import { CommitUnknown, transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { anOrder } from '../../support/builders.ts'
import { openTestDatabase, storeKind } from '../../support/databases.ts'
import { type MariaDbProxy, startProxy } from '../../support/mariadb-proxy.ts'
import { silentLog } from '../../support/silent-log.ts'

const insert = (orderId: string) => (tx: Tx) => applyChange(tx, { kind: 'insertOrder', order: anOrder({ orderId: asOrderId(orderId) }) })
const isThere = async (db: Database, orderId: string) => (await findOrder(db, defaultMerchant, asOrderId(orderId))) !== undefined

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeEach(async () => {
  store = await openTestDatabase()
})
afterEach(() => store.end())

describe('a transaction', () => {
  it('leaves nothing behind when its body gives up, and says why', async () => {
    const giveUp = transaction(store.db, async (tx) => {
      await insert('ORDER_1')(tx)
      throw new RangeError('given up')
    })

    await expect(giveUp).rejects.toThrow(new RangeError('given up'))
    expect(await isThere(store.db, 'ORDER_1')).toBe(false)
  })

  it('does not run again because a key is taken', async () => {
    await transaction(store.db, insert('ORDER_1'))
    let runs = 0

    const won = await transaction(store.db, async (tx) => {
      runs++
      return insert('ORDER_1')(tx)
    })

    expect([won, runs]).toEqual([false, 1])
  })

  it('can be open more often than there are connections', async () => {
    const many = Array.from({ length: 60 }, (_, nth) => transaction(store.db, insert(`ORDER_${nth}`)))

    expect(await Promise.all(many)).toEqual(Array.from({ length: 60 }, () => true))
  })
})

const onMysql = storeKind === 'mysql' ? describe : describe.skip

onMysql('a transaction on a server that does not always do as it is told', () => {
  let proxy: MariaDbProxy
  let db: Database
  let counted: string[]

  beforeEach(async () => {
    proxy = await startProxy(store.url)
    counted = []
    const url = parseDatabaseUrl(proxy.url)
    if ('problem' in url) throw new Error(url.problem)
    const metrics = {
      dbRetries: { count: ({ reason }: { reason: string }) => void counted.push(reason) },
      dbCommitUnknown: { count: () => void counted.push('commit unknown') },
    }
    db = await openDatabase({ url, runtime: makeNodeRuntime(), log: silentLog, metrics })
  })
  afterEach(async () => {
    await closeDatabase(db)
    await proxy.stop()
  })

  it.each([
    [1213, 'deadlock'],
    [1205, 'lock_wait'],
    [1020, 'snapshot'],
    [3101, 'group_replication'],
    [9007, 'tidb_conflict'],
    [8022, 'tidb_commit'],
    [8028, 'tidb_schema'],
  ])('runs again as a whole after error %d at a statement, and the caller sees nothing', async (refuse, reason) => {
    proxy.fault({ on: /^insert into `orders`/, refuse })
    let runs = 0

    const won = await transaction(db, async (tx) => {
      runs++
      return insert('ORDER_1')(tx)
    })

    expect({ won, runs, counted }).toEqual({ won: true, runs: 2, counted: [reason] })
    expect(await isThere(store.db, 'ORDER_1')).toBe(true)
  })

  it('runs again after a deadlock that shows itself in COMMIT', async () => {
    proxy.fault({ on: /^commit/, refuse: 1213 })

    expect(await transaction(db, insert('ORDER_1'))).toBe(true)
    expect(counted).toEqual(['deadlock'])
    expect(await isThere(store.db, 'ORDER_1')).toBe(true)
  })

  it('undoes its first half before it runs again after a lock wait, which by itself undoes one statement only', async () => {
    proxy.fault({ on: /ORDER_2/, refuse: 1205 })
    let first = 'ORDER_1'

    await transaction(db, async (tx) => {
      await insert(first)(tx)
      first = 'ORDER_3'
      await insert('ORDER_2')(tx)
    })

    expect(await Promise.all(['ORDER_1', 'ORDER_2', 'ORDER_3'].map((orderId) => isThere(store.db, orderId)))).toEqual([false, true, true])
  })

  it('is not what a statement alone needs: it is asked again after a deadlock, and nothing is left astray', async () => {
    await transaction(store.db, insert('ORDER_1'))
    const astray: unknown[] = []
    const take = (error: unknown) => void astray.push(error)
    process.on('unhandledRejection', take)
    proxy.fault({ on: /^select .* from `orders`/, refuse: 1213 }, { on: /^select .* from `orders`/, refuse: 1213 })

    expect(await isThere(db, 'ORDER_1')).toBe(true)

    await new Promise((resolve) => setTimeout(resolve, 50))
    process.off('unhandledRejection', take)
    expect(astray).toEqual([])
  })

  it('ends with the error after ten runs', async () => {
    proxy.fault(...Array.from({ length: 20 }, () => ({ on: /^insert into `orders`/, refuse: 1213 })))

    await expect(transaction(db, insert('ORDER_1'))).rejects.toMatchObject({ errno: 1213 })
    expect(counted).toHaveLength(9)
  })

  it('runs again when the connection goes before COMMIT: then nothing has happened', async () => {
    proxy.fault({ on: /^insert into `orders`/, cut: 'after' })

    expect(await transaction(db, insert('ORDER_1'))).toBe(true)
    expect(counted).toEqual(['connection_lost'])
    expect(await isThere(store.db, 'ORDER_1')).toBe(true)
  })

  it.each([
    ['and it was not', 'before', false],
    ['and it was', 'after', true],
  ] as const)('does not run again when the answer of COMMIT is lost, for it may have been done: %s', async (_words, cut, done) => {
    proxy.fault({ on: /^commit/, cut })
    let runs = 0

    const outcome = transaction(db, async (tx) => {
      runs++
      return insert('ORDER_1')(tx)
    })

    await expect(outcome).rejects.toBeInstanceOf(CommitUnknown)
    expect({ runs, counted }).toEqual({ runs: 1, counted: ['commit unknown'] })
    expect(await isThere(store.db, 'ORDER_1')).toBe(done)
  })

  it.each([1047, 1290, 1836, 1792, 1053])('throws a connection away whose host says %d, and runs again', async (refuse) => {
    proxy.fault({ on: /^insert into `orders`/, refuse })

    expect(await transaction(db, insert('ORDER_1'))).toBe(true)
    expect(await isThere(store.db, 'ORDER_1')).toBe(true)
  })
})
