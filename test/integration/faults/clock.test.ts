import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure } from './instances.ts'

const minute = 60_000
const hour = 60 * minute
const endings: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

describe('a clock that is wrong', () => {
  /** A server whose clock is its own: moving it leaves the channel's where it is. */
  async function startApart(): Promise<{ shop: Shop; channel: Shop }> {
    const channel = await startShop()
    const shop = await startShop({ environment: channel.emulator.environment() })
    endings.push(channel.close, shop.close)
    return { shop, channel }
  }

  it('F-052: by four minutes: orders, payments, notifications and refunds work', async () => {
    const { shop, channel } = await startApart()
    for (const ms of [4 * minute, -8 * minute]) {
      await shop.advance(ms)
      const order = await shop.order()
      await shop.pay(order.orderId)
      await channel.phone(order.orderId)

      expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toHaveLength(1)
      expect((await shop.refund(order.orderId)).data.status).toBe('processing')
    }
  })

  it.each([
    ['two minutes ahead', 2 * minute],
    ['two minutes behind', -2 * minute],
  ])('F-052: %s: an alarm tells it, measured by the channel’s own Date', async (_name, ms) => {
    const { shop } = await startApart()
    await shop.advance(ms)
    const order = await shop.order()
    await shop.pay(order.orderId)

    expect(await figure(shop, 'shouyin_alarms', 'kind="clock_skew"')).toBe(1)
  })

  it.each([
    ['six minutes ahead', 6 * minute],
    ['six minutes behind', -6 * minute],
  ])('F-052: %s: refused by the channel, and the hint names the clock', async (_name, ms) => {
    const { shop } = await startApart()
    await shop.advance(ms)
    const order = await shop.order()

    const refused = await shop.pay(order.orderId)

    expect(refused.status).toBe(502)
    expect(refused.body.details.hint.en).toMatch(/clock/i)
    expect(refused.body.details.hint.zh).toMatch(/时钟|时间/)
  })

  it('F-052: that jumps two hours back makes no number twice and loses no order', async () => {
    const { shop, channel } = await startApart()
    const before = await Promise.all(Array.from({ length: 40 }, () => shop.order()))
    const waiting = before[0]
    await shop.pay(waiting.orderId)

    await shop.advance(-2 * hour)
    const after = await Promise.all(Array.from({ length: 40 }, () => shop.order()))
    await shop.advance(2 * hour)
    const again = await Promise.all(Array.from({ length: 40 }, () => shop.order()))
    await channel.phone(waiting.orderId)

    const numbers = [...before, ...after, ...again].map((order) => order.orderId)
    expect(new Set(numbers).size).toBe(120)
    expect((await shop.until(waiting.orderId, (seen) => seen.status !== 'pending')).status).toBe('succeeded')
  })

  it('F-052: that jumps a day ahead expires no order without the channel’s word, and asks without a storm', async () => {
    const { shop, channel } = await startApart()
    const order = await shop.order()
    await shop.pay(order.orderId)
    const before = await figure(shop, 'shouyin_channel_calls_total')
    const bills = () => figure(shop, 'shouyin_channel_calls_total', 'operation="bill"')
    const billsBefore = await bills()

    await shop.advance(24 * hour)
    await shop.eventually(
      () => figure(shop, 'shouyin_channel_calls_total'),
      (calls) => calls > before,
    )
    await pause(1500)

    expect((await shop.read(order.orderId)).status).toBe('pending')
    // A new day has a bill of each account, once.
    const ofBills = (await bills()) - billsBefore
    expect(ofBills).toBeLessThanOrEqual(3)
    expect((await figure(shop, 'shouyin_channel_calls_total')) - before - ofBills).toBeLessThanOrEqual(3)
    await shop.advance(-24 * hour)
    await channel.phone(order.orderId)
    expect((await shop.until(order.orderId, (seen) => seen.status !== 'pending')).status).toBe('succeeded')
  })

  // What a clock that was ahead wrote (the next try, the last glance) lies a day in the future once it is right again.
  it('F-052: that was a day ahead for a moment keeps no order open beyond its time', async () => {
    const { shop, channel } = await startApart()
    const order = await shop.order({ expiresIn: 300 })
    await shop.pay(order.orderId)
    const asked = await figure(shop, 'shouyin_channel_calls_total')
    await shop.advance(24 * hour)
    await shop.eventually(
      () => figure(shop, 'shouyin_channel_calls_total'),
      (calls) => calls >= asked + 2,
    )
    await pause(300)

    await shop.advance(-24 * hour)
    await Promise.all([shop.advance(10 * minute), channel.advance(10 * minute)])

    await pause(2500)

    expect((await shop.read(order.orderId)).status).toBe('closed')
  })

  it('F-052: that was a day ahead for a moment hinders no look at the channel', async () => {
    const { shop, channel } = await startApart()
    const code = channel.emulator.mintCode({ person: 'alice' })
    const { token } = (await shop.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')).data
    const order = (await shop.post('/cashier/orders', { items: [{ productId: 'cake', quantity: 1 }] }, undefined, token)).data
    await shop.post(`/cashier/orders/${order.orderId}/pay`, { payType: 'MINIPROGRAM' }, undefined, token)
    channel.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await channel.phone(order.orderId)
    await shop.advance(hour)
    await shop.get(`/cashier/orders/${order.orderId}`, token)
    await shop.advance(-hour)

    expect((await shop.get(`/cashier/orders/${order.orderId}`, token)).data.status).toBe('succeeded')
  })
})
