import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { type Data, makeClient } from '../support/client.ts'
import { type FreshDatabase, freshDatabase } from '../support/databases.ts'
import { inParallel } from '../support/deliver.ts'
import { freePort } from '../support/mariadb.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'

const key = 'sk_test_kill_nine'
let emulator: RunningEmulator
let database: FreshDatabase
let server: ServerProcess
let environment: Record<string, string>
let shop: ReturnType<typeof makeClient>

const start = async () => {
  server = await startServerProcess(environment, { answersAt: `${environment.PUBLIC_URL}/readyz` })
}

beforeAll(async () => {
  emulator = await startEmulator({ port: 0 })
  database = await freshDatabase()
  const port = await freePort()
  const secret = 'a secret for tests that is long enough'
  environment = {
    ...emulator.emulator.environment(),
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: database.url,
    SESSION_SECRET: secret,
    MASTER_KEY: secret,
    BOOTSTRAP_API_KEY: key,
  }
  shop = makeClient(() => environment.PUBLIC_URL ?? '', emulator, key)
  await start()
}, 60_000)
afterAll(async () => {
  await server.kill()
  await emulator.close()
  await database.drop()
})

/** A merchant's server that does not give up: the same request, which names its order, until it is answered. */
async function insist(path: string, body: unknown): Promise<Data> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await shop.post(path, body).catch(() => undefined)
    if (answer && answer.status < 300) return answer.data
    if (answer && answer.status < 500 && answer.status !== 409 && answer.status !== 429) throw new Error(answer.text)
    await pause(50)
  }
  throw new Error(`${path} was never answered`)
}

const settled = (orderId: string, isSo: (order: Data) => boolean) =>
  shop.eventually(
    () => shop.read(orderId).catch(() => undefined),
    (order) => order !== undefined && isSo(order),
  )

describe('kill -9 at a step of the money path', () => {
  it('after the order, before the payment: the order is there and can be paid', async () => {
    const order = await shop.order()

    await server.kill()
    await start()
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)

    expect((await settled(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toHaveLength(1)
  })

  it.each(['timeout_before', 'timeout_after'])('while the channel is asked (%s): the attempt goes on under its number', async (fault) => {
    const order = await shop.order()
    emulator.emulator.arm({ fault, match: { path: '/v3/pay/transactions/native' } })
    const lost = shop.pay(order.orderId).catch(() => undefined)
    await settled(order.orderId, (seen) => seen.attempts[0]?.status === 'sent')
    await pause(100)

    await server.kill()
    await lost
    await start()
    const again = await shop.pay(order.orderId)
    await shop.phone(again.data.outTradeNo)

    expect(again.data.outTradeNo).toBe(order.orderId)
    expect((await settled(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toHaveLength(1)
  })

  it('after the payment, with the notification lost: the order turns paid by itself', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    emulator.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)

    await server.kill()
    await start()

    expect((await settled(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toMatchObject([{ kept: true }])
  }, 30_000)

  it('while a refund is asked for: it is paid back once, under its number', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)
    await settled(order.orderId, (seen) => seen.status === 'succeeded')
    emulator.emulator.arm({ fault: 'timeout_after', match: { path: '/v3/refund' } })
    const lost = shop.refund(order.orderId).catch(() => undefined)
    await settled(order.orderId, (seen) => seen.refunds.length === 1)
    await pause(100)

    await server.kill()
    await lost
    await start()

    expect((await settled(order.orderId, (seen) => seen.refundStatus === 'full')).refunds).toHaveLength(1)
    expect([...emulator.emulator.state().refund.values()].filter((refund) => refund.outTradeNo === order.orderId)).toHaveLength(1)
  }, 30_000)
})

describe('kill -9 again and again under load', () => {
  it('loses no payment, doubles none, and every order ends as the channel knows it', async () => {
    const numbers = Array.from({ length: 40 }, (_, nth) => `K${String(nth).padStart(9, '0')}`)
    let isOver = false
    const killer = (async () => {
      while (!isOver) {
        await pause(350)
        await server.kill()
        await start()
      }
    })()

    await inParallel(numbers, 4, async (orderId) => {
      await insist('/orders', { orderId, subject: 'Tea', amount: '1.00' })
      const { outTradeNo } = await insist(`/orders/${orderId}/pay`, {})
      await shop.phone(outTradeNo)
    })
    isOver = true
    await killer

    for (const orderId of numbers) {
      const order = await settled(orderId, (seen) => seen.status === 'succeeded')
      expect(order.attempts.filter((attempt: Data) => attempt.kept)).toHaveLength(1)
    }
    expect(
      [...emulator.emulator.state().payment.values()].filter(
        (payment) => payment.outTradeNo.startsWith('K') && payment.state === 'SUCCESS',
      ),
    ).toHaveLength(40)
  }, 120_000)
})
