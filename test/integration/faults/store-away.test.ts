import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createConnection } from 'mysql2'
import { startEmulator } from '../../../server/emulator/listen.ts'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { type Answer, makeClient } from '../../support/client.ts'
import { freshDatabase, storeKind } from '../../support/databases.ts'
import { deliver } from '../../support/deliver.ts'
import { freePort } from '../../support/mariadb.ts'
import { startProxy } from '../../support/mariadb-proxy.ts'
import { startServerProcess } from '../../support/server-process.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { paidWithLetter, startAnother } from './instances.ts'

/** The channel waits no longer for an answer to what it tells. */
const notifyLimitMs = 5000

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const onMysql = storeKind === 'mysql' ? describe : describe.skip

onMysql('a store on two hosts', () => {
  it('F-044: whose first dies: nothing confirmed is lost, writes work within ten seconds, and with none left it is not ready', async () => {
    const [first, second] = [await startProxy(shop.databaseUrl), await startProxy(shop.databaseUrl)]
    const far = await startAnother(shop, { DATABASE_URL: hostsOf(first.port, second.port) })
    try {
      const confirmed: string[] = []
      const work = Array.from({ length: 40 }, async (_, nth) => {
        const answer = await far.post('/orders', { subject: 'Tea', amount: '1.00' })
        if (answer.status === 201) confirmed.push(answer.data.orderId)
        if (nth === 10) first.goDown()
      })
      await Promise.all(work)
      const startedAt = performance.now()
      await far.eventually(
        () => far.post('/orders', { subject: 'Tea', amount: '1.00' }),
        ({ status }) => status === 201,
      )
      const tookMs = performance.now() - startedAt
      second.goDown()
      const down = await fetch(`${far.origin()}/readyz`)
      const alive = await fetch(`${far.origin()}/healthz`)
      second.comeUp()

      expect(tookMs).toBeLessThan(10_000)
      expect(confirmed.length).toBeGreaterThan(0)
      for (const orderId of confirmed) expect((await shop.read(orderId)).orderId).toBe(orderId)
      expect([down.status, alive.status]).toEqual([503, 200])
      expect(down.headers.get('retry-after')).not.toBeNull()
      await far.eventually(
        () => fetch(`${far.origin()}/readyz`),
        ({ status }) => status === 200,
      )
    } finally {
      await far.close()
      await Promise.all([first.stop(), second.stop()])
    }
  }, 20_000)

  it('F-045: whose first has too many connections (1040): the next is asked', async () => {
    const crowded = createServer((socket) => {
      socket.on('error', () => {})
      const payload = Buffer.concat([Buffer.from([0xff, 1040 & 0xff, 1040 >> 8]), Buffer.from('#08004Too many connections')])
      socket.end(Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]))
    })
    await new Promise<void>((resolve) => crowded.listen(0, '127.0.0.1', resolve))
    const second = await startProxy(shop.databaseUrl)
    const address = crowded.address()
    const far = await startAnother(shop, { DATABASE_URL: hostsOf(typeof address === 'object' ? (address?.port ?? 0) : 0, second.port) })
    try {
      expect((await far.post('/orders', { subject: 'Tea', amount: '1.00' })).status).toBe(201)
    } finally {
      await far.close()
      await second.stop()
      crowded.close()
    }
  }, 20_000)

  it('F-045: of which none writes is not ready', async () => {
    const only = await startProxy(shop.databaseUrl)
    const far = await startAnother(shop, { DATABASE_URL: hostsOf(only.port) })
    try {
      // As often as a transaction runs: then it has been refused for good.
      only.fault(...Array.from({ length: 10 }, () => ({ on: /^insert into `orders`/, refuse: 1290 })))
      only.fault(...Array.from({ length: 10 }, () => ({ on: /^update `installation`/, refuse: 1290 })))
      await far.post('/orders', { subject: 'Tea', amount: '1.00' })

      const ready = await fetch(`${far.origin()}/readyz`)

      expect(ready.status).toBe(503)
    } finally {
      await far.close()
      await only.stop()
    }
  }, 20_000)

  function hostsOf(...ports: number[]): string {
    const { username, password, pathname } = new URL(shop.databaseUrl)
    return `mysql://${username}:${password}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}${pathname}`
  }
})

const secret = 'a secret for tests that is long enough'
const key = 'sk_test_database_faults'

/** A server in a process of its own. */
async function startProcess(databaseUrl: string) {
  const emulator = await startEmulator({ port: 0 })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const environment = {
    ...emulator.emulator.environment(),
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: origin,
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: secret,
    MASTER_KEY: secret,
    BOOTSTRAP_API_KEY: key,
  }
  const server = await startServerProcess(environment, { answersAt: `${origin}/readyz` })
  const stop = async () => {
    await server.kill()
    await emulator.close()
  }
  return { server, emulator: emulator.emulator, origin, stop, ...makeClient(() => origin, emulator, key) }
}

onMysql('a server that is told to end while its database is away', () => {
  it('F-044: ends in good order', async () => {
    const proxy = await startProxy(shop.databaseUrl)
    const { server, stop } = await startProcess(proxy.url)
    try {
      proxy.goDown()

      expect(await server.kill('SIGTERM')).toBe(0)
    } finally {
      await stop()
      await proxy.stop()
    }
  }, 20_000)
})

onMysql('all connections taken by what does not end', () => {
  let far: Shop
  let answers: Answer[]
  let tookMs: number
  let after: Answer
  // Longer than anybody waits for a connection; once, for all that is looked at.
  beforeAll(async () => {
    far = await startAnother(shop, { DATABASE_URL: shop.databaseUrl })
    const blocker = createConnection(shop.databaseUrl).promise()
    await blocker.query('LOCK TABLES orders WRITE')
    const startedAt = performance.now()
    const asked = Promise.all(Array.from({ length: 40 }, () => far.get('/orders/D00000000000000000000')))
    await pause(11_000)
    await blocker.query('UNLOCK TABLES')
    answers = await asked
    tookMs = performance.now() - startedAt
    await blocker.end()
    after = await far.post('/orders', { subject: 'Tea', amount: '1.00' })
  }, 30_000)
  afterAll(() => far.close())
  const refused = () => answers.filter(({ status }) => status !== 404)

  it('F-049: refuse those that wait too long, and serve the others', () => {
    expect(refused().length).toBeGreaterThan(0)
    expect(refused().length).toBeLessThan(40)
    expect(refused().every(({ status }) => status === 500 || status === 503)).toBe(true)
    expect(tookMs).toBeLessThan(13_000)
    expect(after.status).toBe(201)
  })

  it('F-049: tell those they refuse when to come again', () => {
    expect(refused().map(({ headers }) => headers.has('retry-after'))).toEqual(refused().map(() => true))
  })
})

const onSqlite = storeKind === 'sqlite' ? describe : describe.skip

onSqlite('a file that cannot grow', () => {
  it('F-046: refuses what would be written, keeps nothing half, and goes on once there is room', async () => {
    const database = await freshDatabase('sqlite')
    const { server, origin, emulator, stop, ...client } = await startProcess(database.url)
    // No file of that process may be written beyond its first byte; the kernel says so as it does of a full disk.
    const limit = (bytes: string) => once(spawn('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:unlimited`]), 'close')
    try {
      const { orderId } = await client.order()
      await client.pay(orderId)
      await limit('1')

      await client.phone(orderId)
      const ordered = await client.post('/orders', { subject: 'Tea', amount: '1.00' })
      const alive = await fetch(`${origin}/healthz`)
      const between = await client.read(orderId)
      await limit('unlimited')

      const [told] = [...emulator.state().notification.values()]
      expect(told).toMatchObject({ tries: [{ status: 500 }], state: 'waiting' })
      expect([ordered.status, ordered.body.code, alive.status]).toEqual([500, 'SYSTEMERROR', 200])
      expect(ordered.text).not.toMatch(/SQL|disk|\.sqlite/i)
      expect(between).toMatchObject({ status: 'pending', attempts: [{ status: 'open' }] })
      await emulator.advance(16_000)
      expect(await client.read(orderId)).toMatchObject({ status: 'succeeded', attempts: [{ kept: true }] })
      expect((await client.post('/orders', { subject: 'Tea', amount: '1.00' })).status).toBe(201)
    } finally {
      await stop()
      await database.drop()
    }
  }, 20_000)
})

onSqlite('a file whose one write lock another process holds', () => {
  const holders: ChildProcess[] = []
  afterAll(() => {
    for (const holder of holders.splice(0)) holder.kill()
  })

  async function holdLock(ms: number): Promise<ChildProcess> {
    const program = `
      const { DatabaseSync } = require('node:sqlite')
      const db = new DatabaseSync(process.argv[1])
      db.exec('BEGIN IMMEDIATE')
      process.stdout.write('held')
      setTimeout(() => db.exec('COMMIT'), ${ms})`
    const path = shop.databaseUrl.slice('sqlite:'.length)
    const holder = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    holders.push(holder)
    await once(holder.stdout, 'data')
    return holder
  }

  it('F-049: for three seconds: what would be written waits for it, and the process answers meanwhile', async () => {
    await holdLock(3000)

    const writing = shop.post('/orders', { subject: 'Tea', amount: '1.00' })
    const startedAt = performance.now()
    const alive = await fetch(`${shop.origin()}/healthz`)
    const aliveMs = performance.now() - startedAt

    expect(alive.status).toBe(200)
    expect(aliveMs).toBeLessThan(2000)
    expect((await writing).status).toBe(201)
  }, 20_000)

  describe('for longer than anybody waits', () => {
    let paid: Awaited<ReturnType<typeof paidWithLetter>>
    let refused: { status: number; body: string; ms: number }
    let ordered: Answer
    beforeAll(async () => {
      const other = await startAnother(shop)
      paid = await paidWithLetter(shop)
      const holder = await holdLock(60_000)
      const startedAt = performance.now()
      const asked = [
        deliver(paid.letter).then((answer) => ({ ...answer, ms: performance.now() - startedAt })),
        other.post('/orders', { subject: 'Tea', amount: '1.00' }),
      ] as const
      ;[refused, ordered] = await Promise.all(asked)
      holder.kill()
      await once(holder, 'close')
      await other.close()
    }, 30_000)

    it('F-022, F-049: the channel and the merchant are refused, and the repeat settles the order', async () => {
      expect([500, 503]).toContain(refused.status)
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'FAIL' })
      expect([500, 503]).toContain(ordered.status)
      expect((await deliver(paid.letter)).status).toBe(204)
      const told = await shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(paid.orderId)))
      expect(told).toEqual(['order.created', 'payment.succeeded'])
    })

    it('F-022: the channel is refused within the five seconds that it waits', () => {
      expect(refused.ms).toBeLessThan(notifyLimitMs)
    })

    it('F-049: the merchant is told when to come again', () => {
      expect(ordered.headers.has('retry-after')).toBe(true)
    })
  })
})
