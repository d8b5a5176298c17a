import { afterEach, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure, startAnother } from '../faults/instances.ts'

const minute = 60_000
const endings: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function aShop(environment: Record<string, string>): Promise<Shop> {
  const shop = await startShop({ environment })
  endings.push(shop.close)
  return shop
}
async function andAnother(shop: Shop, environment: Record<string, string>): Promise<Shop> {
  const other = await startAnother(shop, environment)
  endings.push(other.close)
  return other
}

/** How many of so many requests were answered, and what the last refusal said. */
async function pour(count: number, ask: (nth: number) => Promise<{ status: number; body: unknown; headers: Headers }>) {
  const answers = []
  for (let nth = 0; nth < count; nth++) answers.push(await ask(nth))
  const refused = answers.filter(({ status }) => status === 429)
  return { answered: count - refused.length, refusal: refused.at(-1) }
}
const order = (shop: Shop) => () => shop.post('/orders', { subject: 'Tea', amount: '1.00' })

describe('a merchant key', () => {
  it('that asks for too much is told to wait, and is let in again afterwards', async () => {
    const shop = await aShop({ RATE_LIMIT_KEY: '16/60' })

    const { answered, refusal } = await pour(20, order(shop))

    expect(answered).toBeGreaterThanOrEqual(16)
    expect(answered).toBeLessThanOrEqual(18)
    expect(refusal).toMatchObject({ status: 429, body: { success: false, code: 'RATE_LIMITED', requestId: expect.any(String) } })
    const seconds = Number(refusal?.headers.get('retry-after'))
    expect(seconds).toBeGreaterThanOrEqual(1)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(await figure(shop, 'shouyin_rate_limited_total', 'limit="key"')).toBe(20 - answered)

    await shop.advance(minute)
    expect((await order(shop)()).status).toBe(201)
  })

  it('may read ten times as often as write', async () => {
    const shop = await aShop({ RATE_LIMIT_KEY: '8/60' })

    const { answered } = await pour(95, () => shop.get('/orders'))

    expect(answered).toBeGreaterThanOrEqual(80)
    expect(answered).toBeLessThanOrEqual(90)
  })

  it('has one limit at all instances together', async () => {
    const environment = { RATE_LIMIT_KEY: '40/60' }
    const one = await aShop(environment)
    const other = await andAnother(one, environment)

    const here = await pour(60, order(one))
    const there = await pour(60, order(other))

    // An eighth may be used at each instance before the common budget is asked.
    expect(here.answered + there.answered).toBeLessThanOrEqual(50)
    expect(there.answered).toBeLessThanOrEqual(5)
  })

  it('with the limit switched off is never told to wait', async () => {
    const shop = await aShop({ RATE_LIMIT_KEY: '0' })

    expect((await pour(30, order(shop))).answered).toBe(30)
  })
})

describe('a limit hits only', () => {
  it('the key that asks too much: payers, channels and the public go on', async () => {
    const shop = await aShop({ RATE_LIMIT_KEY: '16/60' })
    const alice = await shop.payer('alice')
    const { orderId } = await shop.order()
    const { outTradeNo } = (await shop.pay(orderId)).data
    await pour(20, order(shop))

    await shop.phone(outTradeNo)

    expect((await shop.get('/orders')).status).toBe(429)
    expect((await shop.get('/cashier/products', '')).status).toBe(200)
    expect((await alice.order()).status).toBe('pending')
    const told = shop.logged.filter(({ event }) => event === 'order.succeeded')
    expect(told).toMatchObject([{ orderId, status: 'succeeded', amount: '99.99' }])
  })

  it('the payer that asks too much, and the network that nobody knows', async () => {
    const shop = await aShop({ RATE_LIMIT_PAYER: '8/60', RATE_LIMIT_ADDRESS: '8/60', TRUSTED_PROXIES: '1' })
    const from = (address: string) => ({ token: '', headers: { 'x-forwarded-for': address } })
    const [alice, bob] = [await shop.login('alice'), await shop.login('bob')]
    const items = { items: [{ productId: 'cake', quantity: 1 }] }

    const mine = await pour(12, () => shop.post('/cashier/orders', items, undefined, alice))
    const public_ = await pour(100, () => shop.request('GET', '/cashier/products', from('198.51.100.7')))

    expect(mine.answered).toBeLessThanOrEqual(9)
    expect((await shop.post('/cashier/orders', items, undefined, bob)).status).toBe(201)
    expect(public_.answered).toBeLessThanOrEqual(90)
    expect((await shop.request('GET', '/cashier/products', from('198.51.100.8'))).status).toBe(200)
    expect((await shop.get('/orders')).status).toBe(200)
  })
})

/** So many guesses at two instances, a hundred at a time: how each was answered. */
async function guessed(count: number, ask: (nth: number) => Promise<{ status: number }>): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  for (let nth = 0; nth < count; nth += 100)
    for (const { status } of await Promise.all(Array.from({ length: 100 }, (_, at) => ask(nth + at))))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
  return statuses
}
/** The guesses may take some minutes on a slow machine. */
const tenAMinute = { atLeast: 10, atMost: 100 }

describe('guesses from one address', () => {
  it('of a key, ten thousand, are answered ten times a minute at all instances together, and none opens a door', async () => {
    const one = await aShop({})
    const other = await andAnother(one, {})

    const statuses = await guessed(10_000, (nth) =>
      (nth % 2 === 0 ? one : other).get('/orders', `sk_live_guess_${String(nth).padStart(12, '0')}`),
    )

    expect([...statuses.keys()].sort((first, second) => first - second)).toEqual([401, 429])
    expect(statuses.get(401)).toBeGreaterThanOrEqual(tenAMinute.atLeast)
    expect(statuses.get(401)).toBeLessThanOrEqual(tenAMinute.atMost)
    expect([(await one.get('/orders')).status, (await other.get('/orders')).status]).toEqual([200, 200])
  }, 240_000)

  it('of the key of an order’s link likewise, and the right link is not kept out', async () => {
    const one = await aShop({})
    const other = await andAnother(one, {})
    const { orderId, cashierUrl } = await one.order()
    const right = new URL(cashierUrl).searchParams.get('k') ?? ''
    const open = (shop: Shop, k: string) => shop.get(`/cashier/links/${orderId}?k=${k}`, '')

    const statuses = await guessed(2000, (nth) => open(nth % 2 === 0 ? one : other, `${right.slice(0, -4)}${String(nth).padStart(4, '0')}`))

    expect([...statuses.keys()].sort((first, second) => first - second)).toEqual([404, 429])
    expect(statuses.get(404)).toBeGreaterThanOrEqual(tenAMinute.atLeast)
    expect(statuses.get(404)).toBeLessThanOrEqual(tenAMinute.atMost)
    expect((await open(one, right)).status).toBe(200)
  }, 240_000)
})

describe('wrong login codes', () => {
  it('are counted at all instances together, and a clock that was two hours ahead locks nobody out', async () => {
    const one = await aShop({})
    const other = await andAnother(one, {})
    const wrong = (shop: Shop, nth: number) => shop.post('/cashier/session', { code: `no-code-${nth}`, app: 'miniprogram' }, undefined, '')
    await one.advance(120 * minute)
    await pour(11, (nth) => wrong(one, nth))
    expect((await wrong(one, 99)).status).toBe(429)

    const there = await pour(11, (nth) => wrong(other, nth))

    // The window of the clock that was ahead is none of its business; its own has ten tries.
    expect(there.answered).toBe(10)
    expect((await andAnother(one, {}).then((third) => wrong(third, 100))).status).toBe(429)
  })
})
