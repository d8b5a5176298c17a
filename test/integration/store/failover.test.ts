import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../../server/lib/prom-metrics.ts'
import { closeDatabase, type Database, openDatabase } from '../../../server/store/database.ts'
import { parseDatabaseUrl } from '../../../server/store/database-url.ts'
import { findOrder } from '../../../server/store/orders.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { anOrder } from '../../support/builders.ts'
import { openTestDatabase, storeKind } from '../../support/databases.ts'
import { type MariaDbProxy, startProxy } from '../../support/mariadb-proxy.ts'
import { silentLog } from '../../support/silent-log.ts'

/** After so long the writes of a shop whose first host is gone work again (docs: F-044). */
const failoverWithinMs = 10_000

const onMysql = storeKind === 'mysql' ? describe : describe.skip

onMysql('a store on two hosts', () => {
  let store: Awaited<ReturnType<typeof openTestDatabase>>
  let first: MariaDbProxy
  let second: MariaDbProxy
  let db: Database

  beforeEach(async () => {
    store = await openTestDatabase()
    first = await startProxy(store.url)
    second = await startProxy(store.url)
    db = await open()
  })
  afterEach(async () => {
    await closeDatabase(db)
    await Promise.all([first.stop(), second.stop()])
    await store.end()
  })

  async function open(): Promise<Database> {
    const { username, password, pathname } = new URL(store.url)
    const url = parseDatabaseUrl(`mysql://${username}:${password}@127.0.0.1:${first.port},127.0.0.1:${second.port}${pathname}`)
    if ('problem' in url) throw new Error(url.problem)
    return openDatabase({ url, runtime: makeNodeRuntime(), log: silentLog, metrics: makeMetrics() })
  }

  const write = (orderId: string) =>
    transaction(db, (tx) => applyChange(tx, { kind: 'insertOrder', order: anOrder({ orderId: asOrderId(orderId) }) }))
  const wrote = (proxy: MariaDbProxy, orderId: string) => proxy.heard.some((text) => text.startsWith('insert') && text.includes(orderId))

  it('writes to the first alone, as long as it lives', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, nth) => write(`ORDER_${nth}`)))

    expect(second.heard.filter((text) => text.startsWith('insert'))).toEqual([])
  })

  it('goes on with the second when the first dies in the middle of the work, and loses nothing that it confirmed', async () => {
    const confirmed: string[] = []
    const work = Array.from({ length: 60 }, async (_, nth) => {
      const orderId = `ORDER_${nth}`
      const isDone = await write(orderId).catch(() => false)
      if (isDone) confirmed.push(orderId)
      if (nth === 20) first.goDown()
    })
    await Promise.all(work)

    expect(await write('AFTERWARDS')).toBe(true)
    expect(wrote(second, 'AFTERWARDS')).toBe(true)
    const found = await Promise.all(confirmed.map((orderId) => findOrder(store.db, defaultMerchant, asOrderId(orderId))))
    expect(found.filter((order) => order === undefined)).toEqual([])
  })

  it('goes on with the second when the first freezes: what waits for it is not waited for for ever', async () => {
    await write('ORDER_1')
    first.hang()
    const startedAt = Date.now()

    const waiting = await Promise.all(Array.from({ length: 30 }, (_, nth) => write(`FROZEN_${nth}`)))

    expect(waiting).toEqual(Array.from({ length: 30 }, () => true))
    expect(Date.now() - startedAt).toBeLessThan(failoverWithinMs)
  }, 20_000)

  it.each([1290, 1836, 1047])('goes on with the second when the first says %d: it does not write', async (refuse) => {
    first.fault(...Array.from({ length: 5 }, () => ({ on: /^insert into `orders`/, refuse })))

    expect(await write('ORDER_1')).toBe(true)
    expect(wrote(second, 'ORDER_1')).toBe(true)
  })

  it('comes back to the first once that one has been well for some seconds', async () => {
    first.goDown()
    await write('ORDER_1')
    first.comeUp()

    for (let nth = 0; !wrote(first, `LATER_${nth - 1}`); nth++) {
      if (nth > 200) throw new Error('never came back')
      await write(`LATER_${nth}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(wrote(second, 'ORDER_1')).toBe(true)
  }, 20_000)

  it('says so when no host is left, and works again when one is', async () => {
    first.goDown()
    second.goDown()

    await expect(write('ORDER_1')).rejects.toThrow()

    second.comeUp()
    for (let nth = 0; !(await write(`LATER_${nth}`).catch(() => false)); nth++) expect(nth).toBeLessThan(50)
  }, 20_000)
})

onMysql('a store on one host', () => {
  it('does not wait for ever when that one freezes, and works again when it wakes', async () => {
    const store = await openTestDatabase()
    const proxy = await startProxy(store.url)
    const url = parseDatabaseUrl(proxy.url)
    if ('problem' in url) throw new Error(url.problem)
    const db = await openDatabase({ url, runtime: makeNodeRuntime(), log: silentLog, metrics: makeMetrics() })
    const read = () => findOrder(db, defaultMerchant, asOrderId('ORDER_1'))
    try {
      await read()
      proxy.hang()

      await expect(read()).rejects.toThrow()

      proxy.wake()
      expect(await read()).toBeUndefined()
    } finally {
      await closeDatabase(db)
      await proxy.stop()
      await store.end()
    }
  }, 20_000)
})
