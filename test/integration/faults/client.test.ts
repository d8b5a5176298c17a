import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sha256Hex } from '../../../server/lib/hmac.ts'
import { insertKey } from '../../../server/store/api-keys.ts'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { scopes } from '../../../shared/kernel/scopes.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'
import { figure, startAnother, startShopOnLine } from './instances.ts'
import type { Line } from './line.ts'

let shop: Shop
let line: Line
let end: () => Promise<void>
beforeAll(async () => {
  const started = await startShopOnLine()
  shop = started.shop
  line = started.line
  end = started.end
})
afterAll(() => end())

const minute = 60_000
const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const asked = (outTradeNo: string) => line.heard.filter(({ method, url }) => method === 'GET' && url.includes(outTradeNo)).length
let keys = 0
const aKey = () => ({ 'idempotency-key': `two-${keys++}` })
const cart = { items: [{ productId: 'cake', quantity: 1 }] }

describe('a double tap', () => {
  it('F-057: without a key: one order under its number, one attempt, and both get something to pay with', async () => {
    const tea = { orderId: 'DOUBLE-TAP-1', subject: 'Tea', amount: '1.00' }

    const orders = await Promise.all([shop.post('/orders', tea), shop.post('/orders', tea)])
    const payings = await Promise.all([shop.pay(tea.orderId), shop.pay(tea.orderId)])

    expect(orders.map(({ status }) => status)).toEqual([201, 201])
    expect(orders[1]?.data).toEqual(orders[0]?.data)
    expect(payings.map(({ status }) => status)).toEqual([200, 200])
    expect(new Set(payings.map(({ data }) => data.outTradeNo)).size).toBe(1)
    expect((await shop.read(tea.orderId)).attempts).toMatchObject([{ status: 'open' }])
    expect(await eventTypes(tea.orderId)).toEqual(['order.created'])
  })

  it('F-057: with a key: both answers are equal to the byte, or the second is told that the first still runs', async () => {
    const token = await shop.login('alice')
    const [ordering, paying] = [aKey(), aKey()]

    const orders = await Promise.all([1, 2].map(() => shop.post('/cashier/orders', cart, ordering, token)))
    const made = orders.find(({ status }) => status === 201)
    const path = `/cashier/orders/${made?.data.orderId}/pay`
    const payings = await Promise.all([1, 2].map(() => shop.post(path, { payType: 'MINIPROGRAM' }, paying, token)))

    for (const [answers, status, key, at, body] of [
      [orders, 201, ordering, '/cashier/orders', cart],
      [payings, 200, paying, path, { payType: 'MINIPROGRAM' }],
    ] as const) {
      const [first] = answers.filter((answer) => answer.status === status)
      for (const answer of answers) expect([first?.text, 'CONFLICT']).toContain(answer.status === status ? answer.text : answer.body.code)
      expect((await shop.post(at, body, key, token)).text).toBe(first?.text)
    }
    const mine = (await shop.get('/cashier/orders?limit=100', token)).data.items
    expect(mine.filter((order: Data) => order.orderId === made?.data.orderId)).toMatchObject([{ attempts: [{ status: 'open' }] }])
    expect(mine).toHaveLength(1)
  })
})

describe('an Idempotency-Key', () => {
  it('F-058: means another thing to another merchant, and the order stays the first one’s', async () => {
    const text = 'sk_test_another_merchant_0001'
    await shop.query((db) =>
      insertKey(db, {
        merchantId: asOwnId('MerchantId', 'mer_other'),
        keyId: asOwnId('KeyId', 'key_other'),
        hash: sha256Hex(text),
        name: 'other',
        scopes,
        createdAt: asInstant(0),
      }),
    )
    const key = aKey()

    const mine = await shop.post('/orders', { subject: 'Tea', amount: '1' }, key)
    const theirs = await shop.post('/orders', { subject: 'Soup', amount: '2' }, key, text)

    expect([mine.status, theirs.status]).toEqual([201, 201])
    expect(theirs.data.orderId).not.toBe(mine.data.orderId)
    expect((await shop.get(`/orders/${mine.data.orderId}`, text)).status).toBe(404)
  })

  it('F-058: of a refund whose first run died goes on under the number of the first, on another instance too', async () => {
    const other = await startAnother(shop, { WECHAT_GATEWAY: line.origin })
    try {
      const order = await shop.order()
      await shop.pay(order.orderId)
      await shop.phone(order.orderId)
      await shop.until(order.orderId, (seen) => seen.status === 'succeeded')
      const [key, ask] = [aKey(), { amount: '1.00' }]
      const died = [line.hold(/POST \/v3\/refund/), line.hold(/POST \/v3\/refund/)]
      const first = shop.post(`/orders/${order.orderId}/refunds`, ask, key)
      await died[0]?.arrived

      const early = await other.post(`/orders/${order.orderId}/refunds`, ask, key)
      await Promise.all([shop.advance(61_000), other.advance(61_000)])
      const again = await other.post(`/orders/${order.orderId}/refunds`, { ...ask }, key)
      for (const { letGo } of died) letGo()

      expect(early).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
      expect(again.status).toBe(201)
      expect((await first).data.refundId).toBe(again.data.refundId)
      expect((await shop.read(order.orderId)).refunds).toMatchObject([{ refundId: again.data.refundId, amount: '1.00' }])
      expect([...shop.emulator.state().refund.values()].filter((refund) => refund.outTradeNo === order.orderId)).toHaveLength(1)
    } finally {
      await other.close()
    }
  }, 15_000)

  it('F-058: of an order made again in another shape is the same when only spacing and the order of members differ', async () => {
    const key = aKey()
    const first = await shop.post('/orders', '{"subject":"Tea","amount":"1.00","metadata":{"a":"1","b":"2"}}', key)

    const same = await shop.post('/orders', '{ "metadata":{"b":"2","a":"1"},\n\t"amount":"1.00", "subject":"Tea" }', key)
    const other = await shop.post('/orders', '{"subject":"Tea","amount":"1.0","metadata":{"a":"1","b":"2"}}', key)

    expect(same.text).toBe(first.text)
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } })
  })
})

describe('what the payer’s phone says', () => {
  it('F-059: changes nothing: reading the order asks the channel, once in three seconds', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)
    const before = asked(order.orderId)

    const reads = await Promise.all(Array.from({ length: 10 }, () => alice.read(order.orderId)))
    expect(new Set(reads.map(({ status }) => status))).toEqual(new Set(['pending']))
    expect(asked(order.orderId) - before).toBe(1)

    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)
    expect((await alice.read(order.orderId)).status).toBe('pending')
    await shop.advance(3000)
    expect((await alice.read(order.orderId)).status).toBe('succeeded')
    expect(asked(order.orderId) - before).toBe(2)
  })

  it('F-060: nothing: the order settles without it, and whoever comes back sees so at once', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    const [first, again] = [await alice.prepare(order.orderId), await alice.prepare(order.orderId)]
    await shop.phone(order.orderId)
    await shop.until(order.orderId, (seen) => seen.status === 'succeeded')

    const elsewhere = await shop.login('alice')
    const stream = await fetch(`${shop.origin()}/api/v1/cashier/orders/${order.orderId}/events`, {
      headers: { authorization: `Bearer ${elsewhere}` },
    })

    expect(again.data).toEqual(first.data)
    const [, told] = /event: status\ndata: (.*)\n/.exec(await stream.text()) ?? []
    expect(JSON.parse(told ?? '')).toMatchObject({ orderId: order.orderId, status: 'succeeded' })
  })

  it('F-060: an H5 address that has grown old is replaced, under the same number', async () => {
    const order = await shop.order()
    const first = await shop.pay(order.orderId, { payType: 'MWEB' })
    const same = await shop.pay(order.orderId, { payType: 'MWEB' })
    await shop.advance(6 * minute)

    const fresh = await shop.pay(order.orderId, { payType: 'MWEB' })

    expect(same.data).toEqual(first.data)
    expect(fresh.data.outTradeNo).toBe(first.data.outTradeNo)
    expect(fresh.data.payUrl).not.toBe(first.data.payUrl)
    expect((await shop.read(order.orderId)).attempts).toHaveLength(1)
  })
})

describe('a login', () => {
  const logIn = (code: string, app = 'miniprogram') => shop.post('/cashier/session', { code, app }, undefined, '')

  it('F-061: by a code that is old, used, of another app or none is refused with a remedy, and gives nothing away', async () => {
    const [old, used, other] = [1, 2, 3].map(() => shop.emulator.mintCode({ person: 'bob' }))
    await shop.advance(5 * minute + 1000)
    const fresh = shop.emulator.mintCode({ person: 'bob' })
    await logIn(fresh)
    const official = shop.emulator.mintCode({ person: 'bob', app: 'official' })

    for (const answer of [
      await logIn(old ?? ''),
      await logIn(used ?? ''),
      await logIn(other ?? ''),
      await logIn(fresh),
      await logIn(official),
    ]) {
      expect(answer).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHORIZED', details: { hint: { en: expect.stringMatching(/log in again/i) } } },
      })
      expect(answer.text).not.toMatch(/token|openid|session_key|secret/i)
    }
  })

  it('F-062: that ended in the middle of a payment is refused; the payment goes on, and a new login finds the order', async () => {
    await shop.advance(minute)
    const first = await shop.login('carol')
    await shop.advance(110 * minute)
    const order = (await shop.post('/cashier/orders', cart, undefined, first)).data
    await shop.post(`/cashier/orders/${order.orderId}/pay`, { payType: 'MINIPROGRAM' }, undefined, first)
    await shop.advance(11 * minute)

    const ended = await shop.get(`/cashier/orders/${order.orderId}`, first)
    await shop.phone(order.orderId)
    const again = await shop.get(`/cashier/orders/${order.orderId}`, await shop.login('carol'))

    expect(ended).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
    expect(again.data).toMatchObject({ status: 'succeeded', attempts: [{ kept: true }] })
  })

  it('F-062: is nothing to merchants, and a merchant’s key nothing to payers; a changed one is nothing at all', async () => {
    const token = await shop.login('carol')
    const [body = '', signature = ''] = token.split('.')
    const forged = Buffer.from(body, 'base64url').toString().replace('"aud":"payer"', '"aud":"merchant"')
    const later = Buffer.from(body, 'base64url')
      .toString()
      .replace(/"exp":(\d+)/, (_all, exp) => `"exp":${Number(exp) + 1}`)

    expect((await shop.get('/orders', token)).status).toBe(401)
    for (const tried of [
      shop.key,
      `${Buffer.from(forged).toString('base64url')}.${signature}`,
      `${Buffer.from(later).toString('base64url')}.${signature}`,
      `${body}.`,
      `${body}.${signature}.`,
      `.${signature}`,
      `${body}.${signature.slice(0, -1)}`,
      signature,
    ])
      expect((await shop.get('/cashier/orders', tried)).status).toBe(401)
    expect((await shop.get('/cashier/orders', token)).status).toBe(200)
  })
})

describe('two hundred viewers of one pending order', () => {
  it('F-103: cost one question to the channel in three seconds, over all instances', async () => {
    const other = await startAnother(shop, { WECHAT_GATEWAY: line.origin })
    // Two servers of one shop have one time.
    await other.advance(shop.emulator.now() - other.emulator.now())
    const leaving = new AbortController()
    try {
      const dave = await shop.payer('dave')
      const order = await dave.order()
      await dave.prepare(order.orderId)
      // The task that asks by itself is an hour off: viewers alone are counted.
      const hence = asInstant(shop.emulator.now() + 3_600_000)
      await shop.query((db) => db.query.updateTable('tasks').set({ run_at: hence }).where('kind', '=', 'payment.sync').execute())
      const before = asked(order.orderId)
      const startedAt = shop.emulator.now()
      /** One at once, and one more for every three seconds that went by, which may be more than were advanced. */
      const most = () => 1 + Math.floor((shop.emulator.now() - startedAt) / 3000)
      const path = `/cashier/orders/${order.orderId}`
      const streams = await Promise.all(
        [shop, other].flatMap((one) =>
          Array.from({ length: 10 }, () =>
            fetch(`${one.origin()}/api/v1${path}/events`, { headers: { authorization: `Bearer ${dave.token}` }, signal: leaving.signal }),
          ),
        ),
      )
      const lookAll = () =>
        Promise.all(
          [shop, other].flatMap((one) => Array.from({ length: 90 }, () => one.get(path, dave.token).then(({ status }) => status))),
        )

      const first = await lookAll()
      expect(new Set([...first, ...(await lookAll()), ...streams.map(({ status }) => status)])).toEqual(new Set([200]))
      expect(asked(order.orderId) - before).toBeGreaterThanOrEqual(1)
      expect(asked(order.orderId) - before).toBeLessThanOrEqual(most())
      await Promise.all([shop.advance(3001), other.advance(3001)])
      await lookAll()
      expect(asked(order.orderId) - before).toBeGreaterThanOrEqual(2)
      expect(asked(order.orderId) - before).toBeLessThanOrEqual(most())
      expect(await figure(shop, 'shouyin_channel_calls_total', 'operation="query"', 'outcome="ok"')).toBeGreaterThan(0)
    } finally {
      leaving.abort()
      await other.close()
    }
  }, 15_000)
})
