import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { startEmulator } from '../../../server/emulator/listen.ts'
import { closeDatabase } from '../../../server/store/database.ts'
import { listEventTypes } from '../../../server/store/events.ts'
import { migrate } from '../../../server/store/migrate.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { type Data, makeClient } from '../../support/client.ts'
import { freshDatabase, openUrl } from '../../support/databases.ts'
import { freePort } from '../../support/mariadb.ts'
import { runServerProcess, startServerProcess } from '../../support/server-process.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure, startAnother, startShopOnLine } from './instances.ts'
import { startLine } from './line.ts'

const minute = 60_000
const endings: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const lateEnough = 20_000
const key = 'sk_test_faults_two'
const secret = 'a secret for tests that is long enough'

/** A server in a process of its own, whose calls to the channel go over a line. */
async function startProcess() {
  const emulator = await startEmulator({ port: 0 })
  const line = await startLine()
  line.connect({ emulator: emulator.emulator, emulatorOrigin: emulator.origin })
  const database = await freshDatabase()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const environment = {
    ...emulator.emulator.environment(),
    WECHAT_GATEWAY: line.origin,
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: origin,
    DATABASE_URL: database.url,
    SESSION_SECRET: secret,
    MASTER_KEY: secret,
    BOOTSTRAP_API_KEY: key,
  }
  const server = await startServerProcess(environment, { answersAt: `${origin}/readyz` })
  endings.push(
    database.drop,
    () => emulator.close(),
    line.close,
    () => server.kill(),
  )
  return { server, line, origin, databaseUrl: database.url, environment, ...makeClient(() => origin, emulator, key) }
}

async function inStore<T>(url: string, work: (db: Awaited<ReturnType<typeof openUrl>>) => Promise<T>): Promise<T> {
  const db = await openUrl(url)
  try {
    return await work(db)
  } finally {
    await closeDatabase(db)
  }
}

const eventTypes = (shop: Shop, orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

describe('the end of a process', () => {
  it(
    'F-051: SIGTERM under load, with a slow call to the channel and an open event stream: what is in flight is finished, nothing is cut',
    async () => {
      const running = await startProcess()
      const token = await running.login('alice')
      const cart = { items: [{ productId: 'tart', quantity: 1 }] }
      await running.post('/products', { productId: 'tart', title: 'Tart', price: '9.90' })
      const mine = (await running.post('/cashier/orders', cart, undefined, token)).data
      const stream = await fetch(`${running.origin}/api/v1/cashier/orders/${mine.orderId}/events`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const streamed = stream.text()
      const [slow, asked] = [await running.order(), await running.order()]
      await running.pay(asked.orderId)
      const [slowCall, slowTask] = [running.line.hold(/POST .*\/native$/), running.line.hold(/GET .*out-trade-no/)]
      const paying = running.pay(slow.orderId)
      await inStore(running.databaseUrl, (db) =>
        db.query
          .updateTable('tasks')
          .set({ run_at: asInstant(0) })
          .where('kind', '=', 'payment.sync')
          .execute(),
      )
      await Promise.all([slowCall.arrived, slowTask.arrived])
      const load = { isOver: false, made: [] as string[], cut: 0 }
      const customers = Array.from({ length: 8 }, () => orderUntilRefused(running.origin, load))
      await pause(200)

      const endedAt = Date.now()
      const exit = running.server.kill('SIGTERM')
      await pause(300)
      process.kill(running.server.pid, 'SIGTERM')
      const newcomer = fetch(`${running.origin}/healthz`).then(
        () => 'answered',
        () => 'refused',
      )
      await pause(2700)
      slowCall.letGo()
      slowTask.letGo()

      expect(await newcomer).toBe('refused')
      expect(await paying).toMatchObject({ status: 200, data: { action: { type: 'qr' } } })
      expect(await exit).toBe(0)
      expect(Date.now() - endedAt).toBeLessThan(10_000)
      expect(await streamed).toMatch(/^retry: \d+\n\nevent: status\ndata: .*\n\n$/)
      await Promise.all(customers)
      expect(load.cut).toBe(0)
      expect(load.made.length).toBeGreaterThan(0)
      const [kept, held] = await inStore(running.databaseUrl, async (db) => [
        await db.query.selectFrom('orders').select('order_id').execute(),
        await db.query.selectFrom('tasks').select('kind').where('lease_owner', '<>', '').execute(),
      ])
      expect(new Set(kept?.map((row) => ('order_id' in row ? row.order_id : '')))).toEqual(
        new Set([mine.orderId, slow.orderId, asked.orderId, ...load.made]),
      )
      expect(held).toEqual([])
    },
    lateEnough,
  )

  /** Orders again and again; an answer that had begun has to come to its end. */
  async function orderUntilRefused(origin: string, load: { made: string[]; cut: number }): Promise<void> {
    for (;;) {
      const answer = await fetch(`${origin}/api/v1/orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{"subject":"Tea","amount":"1.00"}',
      }).catch(() => undefined)
      if (answer === undefined) return
      const made: Data = await answer.json().catch(() => undefined)
      if (made === undefined) load.cut++
      else load.made.push(made.data.orderId)
    }
  }

  /** Starts a server whose settings are right but for where its database is; what it printed and how it ended. */
  async function startOn(databaseUrl: string) {
    const emulator = await startEmulator({ port: 0 })
    endings.push(() => emulator.close())
    return runServerProcess({
      ...emulator.emulator.environment(),
      PORT: String(await freePort()),
      PUBLIC_URL: 'https://pay.example',
      DATABASE_URL: databaseUrl,
      SESSION_SECRET: secret,
      MASTER_KEY: secret,
    })
  }

  it(
    'F-056: started where it cannot write its database it ends with 78 and names the setting',
    async () => {
      const { code, output } = await startOn('sqlite:/dev/null/shouyin.sqlite')

      expect(code).toBe(78)
      expect(output).toContain('DATABASE_URL')
    },
    lateEnough,
  )

  it(
    'F-056: started without its database server it ends, and shows no password',
    async () => {
      const { code, output } = await startOn('mysql://nobody:wrong@127.0.0.1:9/none')

      expect(code).toBeGreaterThan(0)
      expect(output).toContain('127.0.0.1:9')
      expect(output).not.toMatch(/wrong|a secret for tests/)
    },
    lateEnough,
  )

  it(
    'F-056: started on a newer schema it ends with both versions named',
    async () => {
      const database = await freshDatabase()
      endings.push(database.drop)
      await inStore(database.url, async (db) => {
        await migrate(db)
        await db.query
          .insertInto('schema_versions')
          .values({ version: 99, applied_at: asInstant(0) })
          .execute()
      })

      const { code, output } = await startOn(database.url)

      expect(code).not.toBe(0)
      expect(output).toContain('schema version 99')
      expect(output).toMatch(/knows \d+/)
    },
    lateEnough,
  )
})

describe('a process that stands still', () => {
  it(
    'F-054: for five seconds: late, and then right; the figure of the loop’s lag tells it',
    async () => {
      const running = await startProcess()
      const order = await running.order()
      await running.pay(order.orderId)
      await (await fetch(`${running.origin}/metrics`)).text()
      await pause(100)

      process.kill(running.server.pid, 'SIGSTOP')
      const stoodAt = Date.now()
      const health = fetch(`${running.origin}/healthz`)
      const told = running.phone(order.orderId)
      await pause(5000)
      process.kill(running.server.pid, 'SIGCONT')

      expect((await health).status).toBe(200)
      expect(Date.now() - stoodAt).toBeGreaterThanOrEqual(5000)
      await told
      expect((await running.until(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toMatchObject([{ kept: true }])
      const metrics = await (await fetch(`${running.origin}/metrics`)).text()
      expect(Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(4)
      const types = await inStore(running.databaseUrl, (db) => listEventTypes(db, defaultMerchant, asOrderId(order.orderId)))
      expect(types).toEqual(['order.created', 'payment.succeeded'])
    },
    lateEnough,
  )
})

describe('tasks', () => {
  it('F-053: two workers and one task: one has it, and a sleeper that wakes up writes nothing', async () => {
    const { shop: sleeper, line, end } = await startShopOnLine()
    endings.push(end)
    const order = await sleeper.order()
    await sleeper.pay(order.orderId)
    sleeper.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await sleeper.phone(order.orderId)
    const asking = line.hold(/GET .*out-trade-no/)
    await sleeper.advance(6000)
    await asking.arrived

    const quick = await startAnother(sleeper)
    endings.push(quick.close)
    await quick.advance(6000)
    await pause(1200)
    const whileLeased = (await quick.read(order.orderId)).status
    await Promise.all([sleeper.advance(61_000), quick.advance(61_000)])
    await quick.until(order.orderId, (seen) => seen.status === 'succeeded')
    asking.letGo()
    await sleeper.eventually(
      () => figure(sleeper, 'shouyin_task_leases_lost_total', 'kind="payment.sync"'),
      (lost) => lost > 0,
    )

    expect(whileLeased).toBe('pending')
    expect(await figure(sleeper, 'shouyin_task_leases_lost_total')).toBe(1)
    expect(await figure(quick, 'shouyin_task_leases_lost_total')).toBe(0)
    expect(await eventTypes(sleeper, order.orderId)).toEqual(['order.created', 'payment.succeeded'])
    expect((await sleeper.read(order.orderId)).attempts).toMatchObject([{ status: 'succeeded', kept: true }])
  })

  it('F-053: a refund that a request, its worker and another worker send is paid back once', async () => {
    const { shop: sleeper, line, end } = await startShopOnLine()
    endings.push(end)
    const order = await sleeper.order()
    await sleeper.pay(order.orderId)
    await sleeper.phone(order.orderId)
    await sleeper.until(order.orderId, (seen) => seen.status === 'succeeded')
    const sending = [line.hold(/POST \/v3\/refund/), line.hold(/POST \/v3\/refund/)]
    sleeper.emulator.arm({ fault: 'drop_notify', times: 3 })
    const asking = sleeper.refund(order.orderId)
    await Promise.any(sending.map(({ arrived }) => arrived))
    // The task stands by for a request that dies over it.
    await sleeper.advance(16_000)
    await Promise.all(sending.map(({ arrived }) => arrived))

    const quick = await startAnother(sleeper)
    endings.push(quick.close)
    await Promise.all([sleeper.advance(61_000), quick.advance(16_000 + 61_000)])
    await quick.until(order.orderId, (seen) => seen.refundStatus === 'full')
    for (const { letGo } of sending) letGo()

    expect((await asking).data).toMatchObject({ status: 'succeeded' })
    expect((await quick.read(order.orderId)).refunds).toMatchObject([{ status: 'succeeded' }])
    expect([...sleeper.emulator.state().refund.values()]).toHaveLength(1)
    expect(await eventTypes(sleeper, order.orderId)).toEqual(['order.created', 'payment.succeeded', 'refund.created', 'refund.succeeded'])
  }, 30_000)

  it('F-090: a call to the channel that does not end holds up no other task of the instance', async () => {
    const { shop, line, end } = await startShopOnLine()
    endings.push(end)
    const [slow, other] = [await shop.order(), await shop.order({ expiresIn: 60 })]
    await shop.pay(slow.orderId)
    const asking = line.hold(/GET .*out-trade-no/)
    await shop.advance(6000)
    await asking.arrived

    await shop.advance(60_000)
    await pause(2500)
    const between = (await shop.read(other.orderId)).status
    asking.letGo()

    expect((await shop.until(other.orderId, (seen) => seen.status === 'closed')).status).toBe('closed')
    expect(between).toBe('closed')
  })

  it('F-055: one that always fails is put off longer and longer, hinders no other, is never dropped, and is told after ten tries', async () => {
    const shop = await startShop()
    endings.push(shop.close)
    const [poisoned, healthy] = [await shop.order({ expiresIn: 600 }), await shop.order({ expiresIn: 600 })]
    await shop.pay(poisoned.orderId)
    // A row that cannot be read any more, as only a mistake of ours could leave it.
    await shop.query(async (db) => {
      await db.query.updateTable('attempts').set({ ask: 'not what we wrote' }).where('order_id', '=', asOrderId(poisoned.orderId)).execute()
      await db.query.deleteFrom('tasks').where('kind', '=', 'payment.sync').execute()
    })
    const poison = () =>
      shop.query((db) =>
        db.query
          .selectFrom('tasks')
          .select(['tries', 'run_at', 'lease_until'])
          .where('kind', '=', 'order.expire')
          .where('subject', '=', poisoned.orderId)
          .executeTakeFirstOrThrow(),
      )
    const triedTimes = (tries: number) => shop.eventually(poison, (row) => Number(row.tries) >= tries && Number(row.lease_until) === 0)

    await shop.advance(11 * minute)
    const first = await triedTimes(1)
    expect((await shop.until(healthy.orderId, (seen) => seen.status === 'closed')).status).toBe('closed')
    const delays = [Number(first.run_at)]
    for (const [nth, ms] of [15_000, 30_000, 60_000].entries()) {
      await shop.advance(ms + 1000)
      delays.push(Number((await triedTimes(nth + 2)).run_at))
    }
    const gaps = delays.slice(1).map((at, nth) => at - (delays[nth] ?? 0))
    expect(gaps).toEqual([...gaps].sort((one, other) => one - other))
    expect(Number((await poison()).tries)).toBe(4)
    expect(await figure(shop, 'shouyin_alarms', 'kind="task_stuck"')).toBe(0)

    await shop.query((db) => db.query.updateTable('tasks').set({ tries: 10 }).where('subject', '=', poisoned.orderId).execute())
    await shop.advance(10 * minute)
    await triedTimes(11)

    expect(await figure(shop, 'shouyin_alarms', 'kind="task_stuck"')).toBe(1)
    const late = await shop.order({ expiresIn: 60 })
    await shop.advance(2 * minute)
    expect((await shop.until(late.orderId, (seen) => seen.status === 'closed')).status).toBe('closed')
  }, 20_000)
})
