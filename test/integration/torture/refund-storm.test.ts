import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { request } from 'undici'
import { startEmulator } from '../../../server/emulator/listen.ts'
import type { Database } from '../../../server/store/database.ts'
import { openTestDatabase, storeKind } from '../../support/databases.ts'
import { inParallel } from '../../support/deliver.ts'
import { freePort } from '../../support/mariadb.ts'
import { startServerProcess } from '../../support/server-process.ts'
import { insertPaidOrders, readBooks } from './paid-orders.ts'
import type { Storm, Stormed } from './storming-refunds.ts'

/** A commit waits for the disk, and each order has ten: all of them take half a minute a configuration. */
const orders = Number(process.env.TORTURE_ORDERS ?? 150)
const orderIds = Array.from({ length: orders }, (_, nth) => `S${String(nth).padStart(9, '0')}`)
const amountMinor = 1000
const tenthMinor = 100
const refundsEach = 40
const ordersAtOnce = 4
const lookEveryMs = 250
const key = 'sk_test_refund_storm'

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeEach(async () => {
  store = await openTestDatabase()
})
afterEach(() => store.end())

/** Looks at the books again and again while the work goes on. */
async function watched<T>(db: Database, work: Promise<T>): Promise<{ result: T; looks: number; wrong: number; seconds: number }> {
  const startedAt = Date.now()
  let isOver = false
  const result = work.finally(() => {
    isOver = true
  })
  let [looks, wrong] = [0, 0]
  while (!isOver) {
    wrong += (await readBooks(db)).wrong
    looks++
    await pause(lookEveryMs)
  }
  return { result: await result, looks, wrong, seconds: (Date.now() - startedAt) / 1000 }
}

const tell = (what: string, { seconds, looks }: { seconds: number; looks: number }) =>
  process.stdout.write(`refund storm, ${storeKind}, ${what}: ${seconds.toFixed(1)} s, the books read ${looks} times\n`)

describe(`${orders} paid orders, each asked 40 times at once for a tenth by two servers`, () => {
  it('give back ten tenths each, never more at any moment, over HTTP', async () => {
    const emulator = await startEmulator({ port: 0 })
    const { mchid } = emulator.emulator.credentials()
    await insertPaidOrders(store.db, { orderIds, amountMinor, merchantRef: mchid })
    for (const outTradeNo of orderIds) emulator.emulator.state().payment.set(outTradeNo, aPaidPayment(outTradeNo))
    const servers = await Promise.all([startServer(emulator.emulator.environment()), startServer(emulator.emulator.environment())])
    const answers: Record<string, number> = {}
    const ask = async (orderId: string, nth: number) => {
      const answer = await request(`${servers[nth % 2]?.origin}/api/v1/orders/${orderId}/refunds`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: '{"amount":"1.00"}',
      })
      const { code } = (await answer.body.json()) as { code: string }
      const said = answer.statusCode === 201 ? 'accepted' : code
      answers[said] = (answers[said] ?? 0) + 1
    }

    const seen = await watched(
      store.db,
      inParallel(orderIds, ordersAtOnce, async (orderId) => {
        await Promise.all(Array.from({ length: refundsEach }, (_, nth) => ask(orderId, nth)))
      }),
    )
    const outputs = await Promise.all(servers.map(async ({ server }) => [await server.kill('SIGTERM'), server.output()] as const))
    await emulator.close()

    tell('over HTTP', seen)
    expect(answers).toEqual({ accepted: orders * 10, INVALID_REQUEST: orders * 30 })
    expect(seen.wrong).toBe(0)
    expect(await readBooks(store.db)).toEqual({ wrong: 0, reservedMinor: orders * amountMinor, refunds: orders * 10 })
    expect(outputs.map(([code]) => code)).toEqual([0, 0])
    expect(outputs.filter(([, text]) => text.includes('"level":"error"'))).toEqual([])
    expect(refundedTooMuch(emulator.emulator.state().refund.values())).toEqual([])
  }, 120_000)

  function aPaidPayment(outTradeNo: string) {
    const [createdAt, credential] = [Date.now(), { prepayId: outTradeNo, madeAt: Date.now() }]
    const asked = { tradeType: 'NATIVE', appid: 'wx00000000000000a1', description: 'Tea', total: amountMinor, currency: 'CNY' } as const
    const told = { notifyUrl: 'http://127.0.0.1:9/notify', parameters: '' }
    const paid = { state: 'SUCCESS', transactionId: `42000${outTradeNo}`, paidBy: 'o-payer', paidAt: createdAt } as const
    return { outTradeNo, ...asked, ...told, createdAt, expiresAt: createdAt + 3_600_000, credential, ...paid }
  }

  function refundedTooMuch(refunds: Iterable<{ outTradeNo: string; refund: number }>): string[] {
    const sums = new Map<string, number>()
    for (const { outTradeNo, refund } of refunds) sums.set(outTradeNo, (sums.get(outTradeNo) ?? 0) + refund)
    return [...sums].filter(([, sum]) => sum > amountMinor).map(([outTradeNo]) => outTradeNo)
  }

  async function startServer(environment: Record<string, string>) {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const secret = 'a secret for tests that is long enough'
    const own = { PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: origin, DATABASE_URL: store.url, BOOTSTRAP_API_KEY: key }
    const server = await startServerProcess(
      { ...environment, ...own, SESSION_SECRET: secret, MASTER_KEY: secret },
      { answersAt: `${origin}/readyz` },
    )
    return { origin, server }
  }
})

const onMysql = storeKind === 'mysql' ? describe : describe.skip

onMysql('the same by the core of two processes', () => {
  it.each(['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'holds at %s',
    async (isolation) => {
      await insertPaidOrders(store.db, { orderIds, amountMinor })
      const storm: Storm = { databaseUrl: store.url, isolation, orderIds, refundsEach: refundsEach / 2, amountMinor: tenthMinor }

      const seen = await watched(store.db, Promise.all([raging(storm), raging(storm)]))

      tell(`${isolation}, run again ${seen.result.map(({ retries }) => retries || 'never').join(' and ')}`, seen)
      expect(seen.result.map((told) => told.isolation)).toEqual([isolation.replace(' ', '-'), isolation.replace(' ', '-')])
      expect(added(seen.result.map(({ answers }) => answers))).toEqual({ accepted: orders * 10, INVALID_REQUEST: orders * 30 })
      expect(seen.wrong).toBe(0)
      expect(seen.looks).toBeGreaterThan(10)
      expect(await readBooks(store.db)).toEqual({ wrong: 0, reservedMinor: orders * amountMinor, refunds: orders * 10 })
    },
    120_000,
  )

  async function raging(storm: Storm): Promise<Stormed> {
    const child = fork(join(import.meta.dirname, 'storming-refunds.ts'))
    child.send(storm)
    const [told] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`a storming process ended with ${code}`))),
    ])
    return told
  }

  function added(all: ReadonlyArray<Readonly<Record<string, number>>>): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const answers of all) for (const [said, count] of Object.entries(answers)) sums[said] = (sums[said] ?? 0) + count
    return sums
  }
})
