import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
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

const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

async function paidOrder(amount = '100.00'): Promise<Data> {
  const order = await shop.order({ amount })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, (seen) => seen.status === 'succeeded')
}

describe('two payments of one order', () => {
  it('F-063: the surplus is refunded even when the server ends before the refund has left', async () => {
    const order = await shop.order()
    const first = await shop.pay(order.orderId, { payType: 'NATIVE' })
    const second = await shop.pay(order.orderId, { payType: 'MWEB' })
    await shop.phone(second.data.outTradeNo)
    shop.emulator.arm({ fault: 'reset', match: { path: '/v3/refund' } })
    await shop.phone(first.data.outTradeNo, 'pay', { force: true })
    await shop.eventually(
      async () => line.heard.filter(({ url }) => url.startsWith('/v3/refund')).length,
      (sent) => sent > 0,
    )

    await shop.restart()
    await shop.advance(60_000)
    await shop.until(order.orderId, (now) => now.refunds[0]?.status === 'processing')
    // The server listens elsewhere now, so that the channel's word does not reach it: it asks.
    await shop.advance(11_000)
    const seen = await shop.until(order.orderId, (now) => now.refunds[0]?.status === 'succeeded')

    expect(seen).toMatchObject({
      status: 'succeeded',
      refundStatus: 'none',
      refunds: [{ outTradeNo: first.data.outTradeNo, amount: '99.99' }],
    })
    expect((await eventTypes(order.orderId)).filter((type) => type === 'payment.duplicate_refunded')).toHaveLength(1)
    expect([...shop.emulator.state().refund.values()].filter((refund) => refund.outTradeNo === first.data.outTradeNo)).toHaveLength(1)
  })
})

describe('an amount', () => {
  it('F-064: is added up to the fen, and the most there can be is taken while a fen more is not', async () => {
    await shop.post('/products', { productId: 'dime', title: 'Dime', price: '0.10' })
    await shop.post('/products', { productId: 'two-dimes', title: 'Two dimes', price: '0.20' })
    const alice = await shop.payer('alice')

    const sum = await alice.order([
      { productId: 'dime', quantity: 1 },
      { productId: 'two-dimes', quantity: 1 },
    ])
    const most = await shop.post('/orders', { subject: 'House', amount: '100000000.00' })
    const more = await shop.post('/orders', { subject: 'House', amount: '100000000.01' })

    expect(sum).toMatchObject({ amount: '0.30', amountMinor: 30 })
    expect(most).toMatchObject({ status: 201, data: { amountMinor: 10_000_000_000 } })
    expect(more).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'amount' }] } } })
  })

  it.each([
    ['0.1', '0.10', 10],
    [19.9, '19.90', 1990],
    [1.01, '1.01', 101],
    [0.07, '0.07', 7],
    ['1.10', '1.10', 110],
    [4.35, '4.35', 435],
    [1, '1.00', 100],
  ])('F-064: %s is %s, exactly, to the channel, too', async (amount, text, minor) => {
    const order = await shop.order({ amount })
    const paying = await shop.pay(order.orderId)

    expect(order).toMatchObject({ amount: text, amountMinor: minor })
    expect(shop.emulator.payments.find(paying.data.outTradeNo).total).toBe(minor)
  })

  it.each(['1.005', '0.30000000000000004', '1e21', '-0', 'NaN', 'Infinity', '0x10', '1,00', '1.', '.5', '00.1', '1 ', '٠٫١'])(
    'F-064: "%s" is refused by its name, in an order, a product and a refund',
    async (amount) => {
      const order = await shop.order()
      const answers = [
        await shop.post('/orders', { subject: 'Tea', amount }),
        await shop.post('/products', { title: 'Tea', price: amount }),
        await shop.refund(order.orderId, { amount }),
      ]

      for (const [nth, name] of ['amount', 'price', 'amount'].entries())
        expect(answers[nth]).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: name }] } } })
    },
  )

  it('F-065: in yen has no decimals; a currency the account does not take is refused at paying, by words', async () => {
    const yen = await shop.order({ amount: 100, currency: 'JPY' })

    const paying = await shop.pay(yen.orderId)
    const refused = await Promise.all(
      [
        { amount: '100.5', currency: 'JPY' },
        { amount: '1.000', currency: 'KWD' },
        { amount: '1', currency: 'cny' },
      ].map((given) => shop.post('/orders', { subject: 'Tea', ...given })),
    )

    expect(yen).toMatchObject({ amount: '100', amountMinor: 100, currency: 'JPY' })
    expect(paying).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', error: expect.stringMatching(/CNY.*JPY/) } })
    expect((await shop.read(yen.orderId)).attempts).toEqual([])
    expect(refused.map(({ body }) => [body.code, body.details.fields[0].path])).toEqual([
      ['PARAM_ERROR', 'amount'],
      ['PARAM_ERROR', 'currency'],
      ['PARAM_ERROR', 'currency'],
    ])
  })
})

describe('refunds', () => {
  it('F-066: above what is left are refused with what is left; the last fen passes, and nothing after it', async () => {
    const order = await paidOrder('10.00')

    const above = await shop.refund(order.orderId, { amount: '10.01' })
    const part = await shop.refund(order.orderId, { amount: '6.00' })
    const sum = await shop.refund(order.orderId, { amount: '4.01' })
    const last = await shop.refund(order.orderId, { amount: '4.00' })
    const more = await shop.refund(order.orderId, { amount: '0.01' })
    const rest = await shop.refund(order.orderId)

    expect([part.status, last.status]).toEqual([201, 201])
    for (const [answer, left] of [
      [above, '10.00'],
      [sum, '4.00'],
      [more, '0.00'],
      [rest, '0.00'],
    ] as const)
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'INVALID_REQUEST', error: expect.stringContaining(left), details: { refundable: left } },
      })
    await shop.advance(62_000)
    await shop.eventually(
      () => shop.read(order.orderId),
      (seen: Data) => seen.refunds.every((refund: Data) => refund.status !== 'pending'),
    )
    await shop.advance(2000)
    expect(await shop.until(order.orderId, (seen) => seen.refundStatus === 'full')).toMatchObject({ refundedAmount: '10.00' })
  })

  it('F-067: twenty of a tenth at once on two instances: exactly ten, and at no instant more than was paid', async () => {
    const other = await startAnother(shop, { WECHAT_GATEWAY: line.origin })
    try {
      const order = await paidOrder('10.00')
      const watch = { isOver: false, most: 0 }
      const watching = shop.query(async (db) => {
        while (!watch.isOver) {
          const row = await db.query
            .selectFrom('orders')
            .select(['refunding_minor', 'refunded_minor'])
            .where('order_id', '=', asOrderId(order.orderId))
            .executeTakeFirstOrThrow()
          watch.most = Math.max(watch.most, Number(row.refunding_minor) + Number(row.refunded_minor))
          await pause(1)
        }
      })

      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, nth) => (nth % 2 === 0 ? shop : other).refund(order.orderId, { amount: '1.00' })),
      )
      watch.isOver = true
      await watching

      expect(answers.map(({ status, body }) => (status === 201 ? 'taken' : String(body.code))).sort()).toEqual([
        ...Array.from({ length: 10 }, () => 'INVALID_REQUEST'),
        ...Array.from({ length: 10 }, () => 'taken'),
      ])
      expect(watch.most).toBeLessThanOrEqual(1000)
      expect((await shop.read(order.orderId)).refunds).toHaveLength(10)
      const sent = [...shop.emulator.state().refund.values()].filter((refund) => refund.outTradeNo === order.orderId)
      expect(sent.reduce((sum, refund) => sum + refund.refund, 0)).toBeLessThanOrEqual(1000)
    } finally {
      await other.close()
    }
  }, 15_000)

  it('F-068: of one order wait for the channel’s minute between them', async () => {
    const order = await paidOrder('10.00')
    const [first, second] = [await shop.refund(order.orderId, { amount: '1.00' }), await shop.refund(order.orderId, { amount: '2.00' })]
    await shop.advance(50_000)
    await pause(1200)
    const early = (await shop.get(`/refunds/${second.data.refundId}`)).data.status
    await shop.advance(12_000)
    await shop.eventually(
      () => shop.get(`/refunds/${second.data.refundId}`),
      ({ data }) => data.status !== 'pending',
    )

    expect([first.data.status, second.data.status, early]).toEqual(['processing', 'pending', 'pending'])
    const [one, other] = [first, second].map(({ data }) => shop.emulator.state().refund.get(data.outRefundNo)?.createdAt ?? 0)
    expect((other ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(60_000)
  })

  it('F-068: asked for twice under one number are one; with another amount, reason or order a conflict', async () => {
    const [order, another] = [await paidOrder('10.00'), await paidOrder('10.00')]
    const ask = { refundId: 'R-F068', amount: '1.00', reason: 'broken' }

    const [one, same] = await Promise.all([shop.refund(order.orderId, ask), shop.refund(order.orderId, ask)])
    const others = [
      await shop.refund(order.orderId, { ...ask, amount: '1.01' }),
      await shop.refund(order.orderId, { ...ask, reason: 'late' }),
      await shop.refund(another.orderId, ask),
    ]

    expect([one?.status, same?.status]).toEqual([201, 201])
    expect(same?.data.refundId).toBe(one?.data.refundId)
    expect(others.map(({ status, body }) => [status, body.code])).toEqual(Array.from({ length: 3 }, () => [409, 'CONFLICT']))
    expect((await shop.read(order.orderId)).refunds).toHaveLength(1)
    expect((await shop.read(another.orderId)).refunds).toEqual([])
  })

  it('F-068: number fifty-one of one order is refused by the channel’s rule, in words', async () => {
    const order = await paidOrder('10.00')
    const answers: number[] = []
    for (let nth = 0; nth < 50; nth++) answers.push((await shop.refund(order.orderId, { amount: '0.01' })).status)

    const tooMany = await shop.refund(order.orderId, { amount: '0.01' })

    expect(new Set(answers)).toEqual(new Set([201]))
    expect(tooMany).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', error: expect.stringMatching(/at most 50 refunds/) } })
    expect((await shop.read(order.orderId)).refunds).toHaveLength(50)
  })
})

describe('what is for sale', () => {
  it('F-069: costs what it costs when it is ordered; what is gone cannot be ordered; what was ordered keeps its price', async () => {
    await shop.post('/products', { productId: 'pear', title: 'Pear', price: '1.00' })
    const alice = await shop.payer('alice')
    const items = [{ productId: 'pear', quantity: 3 }]
    const before = await alice.order(items)
    await shop.request('PATCH', '/products/pear', { body: { price: '2.00' } })

    const after = await alice.order(items)
    const paying = await alice.prepare(before.orderId)
    await shop.request('DELETE', '/products/pear')
    const gone = await shop.post('/cashier/orders', { items }, undefined, alice.token)

    expect([before.amount, after.amount]).toEqual(['3.00', '6.00'])
    expect(paying.status).toBe(200)
    expect(shop.emulator.payments.find(before.orderId).total).toBe(300)
    expect(gone).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  })

  it.each([
    ['an amount', { payType: 'MINIPROGRAM', amount: '0.01' }, 'amount'],
    ['an openid', { payType: 'MINIPROGRAM', openid: 'oSomebodyElse' }, 'openid'],
    ['a price', { payType: 'MINIPROGRAM', price: 1 }, 'price'],
    ['a place to tell', { payType: 'MINIPROGRAM', notifyUrl: 'https://evil.example' }, 'notifyUrl'],
  ])('F-069: %s of the payer’s own is refused at paying', async (_name, body, field) => {
    const alice = await shop.payer('alice')
    const order = await alice.order()

    const refused = await shop.post(`/cashier/orders/${order.orderId}/pay`, body, undefined, alice.token)

    expect(refused).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: field }] } } })
    expect((await alice.read(order.orderId)).attempts).toEqual([])
    expect(await figure(shop, 'shouyin_channel_calls_total', 'operation="prepare"')).toBeGreaterThan(0)
  })

  it.each([0, -1, 1e9, 1.5, '2', null, [1], { $gt: 0 }])('F-069: a quantity of %p is refused by its name', async (quantity) => {
    const alice = await shop.payer('alice')

    const refused = await shop.post('/cashier/orders', { items: [{ productId: 'cake', quantity }] }, undefined, alice.token)

    expect(refused).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'items[0].quantity' }] } } })
  })
})
