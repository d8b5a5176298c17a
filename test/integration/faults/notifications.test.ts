import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Data } from '../../support/client.ts'
import { deliver } from '../../support/deliver.ts'
import { type Shop, startShop } from '../../support/shop.ts'

type Letter = Shop['mail']['letters'][number]

const minute = 60_000
const hour = 60 * minute

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const events = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

async function outcomes(outcome: string): Promise<number> {
  const line = (await shop.metrics())
    .split('\n')
    .filter((one) => one.startsWith('shouyin_notifications_total') && one.includes(`outcome="${outcome}"`))
  return line.reduce((sum, one) => sum + Number(one.split(' ').at(-1)), 0)
}

/** What happens while the post is held back, and what was posted. */
async function withheld(work: () => Promise<unknown>): Promise<Letter[]> {
  shop.mail.letters = []
  shop.mail.isHeld = true
  await work()
  shop.mail.isHeld = false
  return shop.mail.letters
}

async function ordered(given: Record<string, unknown> = {}): Promise<string> {
  const order = await shop.order(given)
  await shop.pay(order.orderId)
  return order.orderId
}

describe('a notification', () => {
  it('F-001: ten times, five of them at one instant: applied once, nine duplicates, and the time of payment stays', async () => {
    const orderId = await ordered()
    const [letter] = await withheld(() => shop.phone(orderId))
    if (!letter) throw new Error('nothing was sent')
    const [applied, duplicate] = [await outcomes('applied'), await outcomes('duplicate')]

    const statuses = (await Promise.all(Array.from({ length: 5 }, () => deliver(letter)))).map(({ status }) => status)
    const { paidAt } = await shop.read(orderId)
    for (let n = 0; n < 5; n++) statuses.push((await deliver(letter)).status)

    expect(statuses).toEqual(Array(10).fill(204))
    expect([(await outcomes('applied')) - applied, (await outcomes('duplicate')) - duplicate]).toEqual([1, 9])
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
    expect((await shop.read(orderId)).paidAt).toBe(paidAt)
  })

  it('F-002: of a payment that is known, under another id, is a duplicate', async () => {
    const orderId = await ordered()
    const duplicate = await outcomes('duplicate')

    await shop.phone(orderId, 'pay_twice')

    await shop.until(orderId, ({ status }) => status === 'succeeded')
    expect((await outcomes('duplicate')) - duplicate).toBe(1)
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
  })

  it('F-003: of a refund before the one of its payment: the payment is asked about and settles first', async () => {
    const orderId = await ordered({ amount: '3.00' })
    const [ofPayment] = await withheld(() => shop.phone(orderId))
    const [ofRefund] = await withheld(async () => {
      await shop.phone(orderId, 'refund_externally', { amount: 100 })
      await shop.advance(2000)
    })
    if (!ofPayment || !ofRefund) throw new Error('nothing was sent')

    expect((await deliver(ofRefund)).status).toBe(204)

    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded', refundStatus: 'partial', refundedAmount: '1.00' })
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded', 'refund.created', 'refund.succeeded'])
    const duplicate = await outcomes('duplicate')
    expect((await deliver(ofPayment)).status).toBe(204)
    expect((await outcomes('duplicate')) - duplicate).toBe(1)
  })

  it('F-004: two hours late: the time of payment is the channel’s, not that of the arrival', async () => {
    const orderId = await ordered({ expiresIn: 6 * 60 * 60 })
    shop.emulator.arm({ fault: 'late_notify', match: { outTradeNo: orderId } })
    shop.emulator.arm({ fault: 'system_error', times: 1000, match: { path: '/v3/pay/transactions/out-trade-no' } })
    const before = shop.emulator.now()
    await shop.phone(orderId)
    await shop.advance(2 * hour + minute)

    const { paidAt } = await shop.until(orderId, ({ status }) => status === 'succeeded')
    shop.emulator.faults.clear()
    expect(Math.abs(Date.parse(paidAt) - before)).toBeLessThan(5000)
  })

  it('F-017: of a refund before the answer to its request: the late answer moves nothing back', async () => {
    const orderId = await ordered({ amount: '3.00' })
    await shop.phone(orderId)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    shop.emulator.arm({ fault: 'timeout_after', match: { path: '/v3/refund' } })

    const asking = shop.refund(orderId, { amount: '1.00', refundId: 'REFUND-EARLY' })
    await shop.eventually(
      async () => shop.emulator.state().refund.get('REFUND-EARLY'),
      (refund) => refund !== undefined,
    )
    await shop.advance(2000)
    await asking

    expect((await shop.get('/refunds/REFUND-EARLY')).data.status).toBe('succeeded')
    expect((await events(orderId)).filter((type) => type === 'refund.succeeded')).toHaveLength(1)
  }, 20_000)

  it('F-082: of a payment before the answer to its prepay: the order is paid once, whatever comes of the answer', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'early_notify' })

    const paying = await shop.pay(order.orderId)

    expect([200, 409]).toContain(paying.status)
    await shop.until(order.orderId, ({ status }) => status === 'succeeded')
    expect(await events(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
  })
})

describe('what the channel answers', () => {
  it('F-027: paid, to a close that crossed a payment: the order is paid, and the canceller is told', async () => {
    const orderId = await ordered()
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
    shop.emulator.arm({ fault: 'order_not_exist', match: { path: `/v3/pay/transactions/out-trade-no/${orderId}`, method: 'GET' } })
    await shop.phone(orderId)

    const cancelled = await shop.post(`/orders/${orderId}/cancel`)

    expect([cancelled.status, cancelled.body.code]).toEqual([409, 'ORDERPAID'])
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
  })

  it('F-028: a number used, and the order is not ours: the attempt ends, the next has another number', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'out_trade_no_used' })

    const paying = await shop.pay(order.orderId)

    expect(paying.status).toBe(200)
    const { attempts } = await shop.read(order.orderId)
    expect(attempts.map((one: Data) => one.status)).toEqual(['failed', 'open'])
    expect(new Set(attempts.map((one: Data) => one.outTradeNo)).size).toBe(2)
    expect(await shop.metrics()).toContain('shouyin_alarms{kind="number_reuse"} 1')
  })

  it('F-029: too often, to a prepay: once more, then the caller is told to wait', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'rate_limit', times: 10, match: { path: '/v3/pay/transactions/native' } })

    const paying = await shop.pay(order.orderId)
    shop.emulator.faults.clear()

    expect([paying.status, paying.body.code]).toEqual([429, 'RATE_LIMITED'])
    expect(Number(paying.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await shop.read(order.orderId)).attempts.map((one: Data) => one.status)).toEqual(['sent'])
    expect((await shop.pay(order.orderId)).status).toBe(200)
  })

  it('F-029: too often, to a refund: it stays pending and goes out under its number', async () => {
    const orderId = await ordered({ amount: '3.00' })
    await shop.phone(orderId)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    shop.emulator.arm({ fault: 'rate_limit', match: { path: '/v3/refund' } })

    const { data } = await shop.refund(orderId)

    expect(data.status).toBe('pending')
    await shop.advance(10_000)
    await shop.advance(2000)
    await shop.eventually(
      () => shop.get(`/refunds/${data.refundId}`),
      (answer) => answer.data.status === 'succeeded',
    )
    expect([...shop.emulator.state().refund.values()].filter((one) => one.outTradeNo === orderId)).toHaveLength(1)
  })

  it('F-036: no such order, a second after an unanswered prepay: unknown, the number goes on', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'reset', times: 3, match: { path: '/v3/pay/transactions/native' } })
    expect((await shop.pay(order.orderId)).status).toBeGreaterThanOrEqual(500)

    const checked = await shop.post(`/orders/${order.orderId}/check`)

    expect(checked.data.attempts.map((one: Data) => one.status)).toEqual(['sent'])
    expect((await shop.pay(order.orderId)).data.outTradeNo).toBe(order.orderId)
  })
})

describe('a store that cannot be written', () => {
  it('F-022: a notification is answered 500, never 2xx, and its repeat settles the order', async () => {
    const orderId = await ordered()
    const [letter] = await withheld(() => shop.phone(orderId))
    if (!letter) throw new Error('nothing was sent')
    const failed = await outcomes('error')
    await shop.query((db) => sql`ALTER TABLE inbox RENAME TO inbox_away`.execute(db.query))

    const refused = await deliver(letter)
    await shop.query((db) => sql`ALTER TABLE inbox_away RENAME TO inbox`.execute(db.query))

    expect(refused.status).toBe(500)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'FAIL' })
    expect((await outcomes('error')) - failed).toBe(1)
    expect(await events(orderId)).toEqual(['order.created'])
    expect((await deliver(letter)).status).toBe(204)
    expect(await events(orderId)).toEqual(['order.created', 'payment.succeeded'])
  })
})
