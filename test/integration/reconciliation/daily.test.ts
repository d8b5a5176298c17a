import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { asInstant, chinaDay } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const minute = 60_000
const hour = 60 * minute

let shop: Shop
let today: string
beforeEach(async () => {
  shop = await startShop()
  today = chinaDay(asInstant(shop.emulator.now()))
})
afterEach(() => shop.close())

async function paid(amount = '99.99'): Promise<Data> {
  const order = await shop.order({ amount })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, ({ status }) => status === 'succeeded')
}

/** Until ten past ten on the next morning in China. */
async function nextMorning(): Promise<void> {
  const ten = Date.parse(`${today}T10:10:00+08:00`) + 24 * hour
  await shop.advance(ten - shop.emulator.now())
}

function reconcile(date = today) {
  return shop.post('/reconciliations', { date })
}

describe('a day of the books and its bill', () => {
  it('agree when every notification came', async () => {
    const [one, two] = [await paid('10.00'), await paid('20.50')]
    await shop.refund(two.orderId, { amount: '0.50' })
    await shop.advance(2 * minute)
    await shop.until(two.orderId, ({ refundedAmount }) => refundedAmount === '0.50')
    await nextMorning()

    const { status, data } = await reconcile()

    expect(status).toBe(200)
    expect(data).toMatchObject({
      date: today,
      channel: 'wechat',
      account: 'default',
      status: 'completed',
      isEmpty: false,
      withFunds: true,
      counts: {},
      differences: [],
    })
    expect(data.payments).toEqual({ count: 2, amount: '30.50', amountMinor: 3050 })
    expect(data.refunds).toEqual({ count: 1, amount: '0.50', amountMinor: 50 })
    expect(one.status).toBe('succeeded')
  })

  it('differ by a payment that nobody told us of: it is put right as late money', async () => {
    const order = await shop.order({ amount: '5.00', expiresIn: 60 })
    await shop.pay(order.orderId)
    await shop.post(`/orders/${order.orderId}/cancel`)
    shop.emulator.arm({ fault: 'drop_notify' })
    await shop.phone(order.orderId, 'pay', { force: true })
    await nextMorning()

    const { data } = await reconcile()

    expect(data.counts).toEqual({ state: 1 })
    expect(data.differences[0]).toMatchObject({ kind: 'state', number: order.orderId, orderId: order.orderId, repaired: true })
    const after = await shop.until(order.orderId, ({ refunds }) => refunds.length === 1)
    expect(after).toMatchObject({ status: 'closed', attempts: [{ status: 'succeeded', kept: false }] })
  })

  it('differ by a refund made in the channel’s console that nobody told us of: it is adopted', async () => {
    const order = await paid('8.00')
    shop.emulator.arm({ fault: 'drop_notify' })
    await shop.phone(order.orderId, 'refund_externally', { amount: 300 })
    await shop.advance(minute)
    expect((await shop.read(order.orderId)).refunds).toEqual([])
    await nextMorning()

    const { data } = await reconcile()

    expect(data.counts).toEqual({ refund: 1 })
    expect(data.differences[0]).toMatchObject({ kind: 'refund', orderId: null, repaired: true })
    expect(await shop.read(order.orderId)).toMatchObject({ refundedAmount: '3.00', refundStatus: 'partial' })
  })

  it('are compared again with the same result, and nothing changes', async () => {
    const order = await paid('8.00')
    shop.emulator.arm({ fault: 'drop_notify' })
    await shop.phone(order.orderId, 'refund_externally', { amount: 300 })
    await nextMorning()

    const first = await reconcile()
    const before = await shop.read(order.orderId)
    const again = await reconcile()

    expect({ ...again.data, completedAt: '' }).toEqual({ ...first.data, completedAt: '' })
    expect(await shop.read(order.orderId)).toEqual(before)
  })

  it('is found by its date, and only once it was compared', async () => {
    expect((await shop.get(`/reconciliations/${today}`)).status).toBe(404)
    await paid()
    await nextMorning()
    const made = await reconcile()

    expect((await shop.get(`/reconciliations/${today}`)).data).toEqual(made.data)
  })
})

describe('the daily comparison', () => {
  it('runs by itself after ten in the morning, and tells of it once', async () => {
    await paid('12.00')
    await nextMorning()

    const found = await shop.eventually(
      () => shop.get(`/reconciliations/${today}`),
      ({ status }) => status === 200,
    )

    expect(found.data).toMatchObject({ counts: {}, payments: { count: 1 } })
    const told = await shop.query((db) =>
      db.query.selectFrom('events').select('data').where('type', '=', 'reconciliation.completed').execute(),
    )
    const ofToday = told.map((row) => JSON.parse(row.data)).filter((data) => data.date === today)
    expect(ofToday.filter(({ channel }) => channel === 'wechat')).toEqual([
      expect.objectContaining({
        channel: 'wechat',
        account: 'default',
        isEmpty: false,
        currency: 'CNY',
        payments: { count: 1, amount: '12.00', amountMinor: 1200 },
        refunds: { count: 0, amount: '0.00', amountMinor: 0 },
        differences: {},
      }),
    ])
  })

  it('F-040: of a day without a bill is a result, not an error', async () => {
    await nextMorning()

    expect((await reconcile()).data).toMatchObject({ isEmpty: true, withFunds: false, counts: {}, payments: { count: 0, amount: '0.00' } })
  })

  it('F-040: of a bill that is still being made is tried again half an hour later', async () => {
    await paid()
    shop.emulator.arm({ fault: 'statement_creating', times: 1000 })
    await nextMorning()
    expect((await reconcile()).status).toBe(503)
    shop.emulator.faults.clear()
    await shop.advance(45 * minute)

    await shop.eventually(
      () => shop.get(`/reconciliations/${today}`),
      ({ status }) => status === 200,
    )
  })

  it('F-040: of a bill whose bytes are not those that were vouched for books nothing', async () => {
    const order = await paid('8.00')
    shop.emulator.arm({ fault: 'drop_notify' })
    await shop.phone(order.orderId, 'refund_externally', { amount: 300 })
    shop.emulator.arm({ fault: 'bad_bill_hash', times: 1000 })
    await nextMorning()

    expect((await reconcile()).status).toBe(502)
    expect((await shop.read(order.orderId)).refundedAmount).toBe('0.00')
    shop.emulator.faults.clear()
    expect((await reconcile()).data.counts).toEqual({ refund: 1 })
  })

  it.each([
    ['2026-02-30', 'is not a day'],
    ['tomorrow', 'is not a day'],
    ['2999-01-01', 'is not over yet'],
    ['2020-01-01', 'more than 90 days ago'],
  ])('of %s is refused in words', async (date, problem) => {
    const { status, body } = await reconcile(date)

    expect([status, body.code]).toEqual([400, 'PARAM_ERROR'])
    expect(JSON.stringify(body)).toContain(problem)
  })

  it('is nobody’s but the owner’s of the account', async () => {
    expect((await shop.request('POST', '/reconciliations', { body: { date: today }, token: '' })).status).toBe(401)
  })
})
