import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { storeKind } from '../../support/databases.ts'
import { movedBetween, readSamples } from '../../support/prom-text.ts'
import { startReceiver } from '../../support/receiver.ts'
import { type Shop, startShop } from '../../support/shop.ts'

/** What is about money; calls, tasks and the process move by themselves. */
const ofMoney = /^shouyin_(payments_total|payment_seconds_count|paid_minor|orders_total|refunds?_|duplicate|late)/

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const read = async () => (await fetch(`${shop.origin()}/metrics`)).text()
/** By how much each figure moved while something happened. */
async function moved(family: RegExp, happening: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await read()
  await happening()
  return movedBetween(before, await read(), family)
}
async function paidOrder(given: Record<string, unknown> = {}): Promise<string> {
  const { orderId } = await shop.order(given)
  const paying = await shop.pay(orderId)
  await shop.phone(paying.data.outTradeNo)
  await shop.until(orderId, ({ status }) => status === 'succeeded')
  return orderId
}
const native = 'channel=wechat,payType=NATIVE'

describe('the figures of payments move by one for', () => {
  it('an order and its attempt', async () => {
    const seen = await moved(ofMoney, async () => {
      const { orderId } = await shop.order()
      await shop.pay(orderId)
      await shop.pay(orderId)
    })

    expect(seen).toEqual({
      'shouyin_orders_total{outcome=created}': 1,
      [`shouyin_payments_total{${native},outcome=created}`]: 1,
      [`shouyin_payments_total{${native},outcome=opened}`]: 1,
    })
  })

  it('a payment, however often and by however many ways it is told', async () => {
    const { orderId } = await shop.order()
    const { outTradeNo } = (await shop.pay(orderId)).data
    shop.emulator.arm({ fault: 'duplicate_notify', match: { outTradeNo } })

    const seen = await moved(ofMoney, async () => {
      await shop.phone(outTradeNo)
      await Promise.all([1, 2, 3].map(() => shop.post(`/orders/${orderId}/check`)))
      await shop.until(orderId, ({ status }) => status === 'succeeded')
    })

    expect(seen).toEqual({
      'shouyin_orders_total{outcome=succeeded}': 1,
      [`shouyin_payments_total{${native},outcome=succeeded}`]: 1,
      [`shouyin_payment_seconds_count{${native}}`]: 1,
      'shouyin_paid_minor_total{channel=wechat,currency=CNY}': 9999,
    })
  })

  it('an attempt that the channel refuses', async () => {
    const { orderId } = await shop.order()

    const seen = await moved(ofMoney, () => shop.pay(orderId, { payType: 'JSAPI', openid: 'oNobodyInThisApp0000000000000' }))

    expect(seen).toEqual({
      'shouyin_payments_total{channel=wechat,payType=JSAPI,outcome=created}': 1,
      'shouyin_payments_total{channel=wechat,payType=JSAPI,outcome=failed}': 1,
    })
  })

  it('an order that is cancelled', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)

    const seen = await moved(ofMoney, () => shop.post(`/orders/${orderId}/cancel`))

    expect(seen).toEqual({
      'shouyin_orders_total{outcome=closed}': 1,
      [`shouyin_payments_total{${native},outcome=closed}`]: 1,
    })
  })
})

describe('the figures of refunds move by one, and by its amount, for', () => {
  it('a refund that succeeds', async () => {
    const orderId = await paidOrder()

    const seen = await moved(ofMoney, async () => {
      await shop.refund(orderId, { amount: '9.99' })
      await shop.until(orderId, ({ refundedAmount }) => refundedAmount === '9.99')
    })

    expect(seen).toEqual({
      'shouyin_refunds_total{channel=wechat,cause=requested,outcome=requested}': 1,
      'shouyin_refunds_total{channel=wechat,cause=requested,outcome=succeeded}': 1,
      'shouyin_refund_minor_total{channel=wechat,currency=CNY,outcome=requested}': 999,
      'shouyin_refund_minor_total{channel=wechat,currency=CNY,outcome=succeeded}': 999,
    })
  })

  it('a refund that the payer’s account cannot receive', async () => {
    const orderId = await paidOrder({ amount: '5.00' })
    shop.emulator.arm({ fault: 'refund_abnormal', match: { path: '/v3/refund' } })

    const seen = await moved(ofMoney, async () => {
      await shop.refund(orderId)
      await shop.until(orderId, ({ refunds }) => refunds[0]?.status === 'abnormal')
    })

    expect(seen).toEqual({
      'shouyin_refunds_total{channel=wechat,cause=requested,outcome=requested}': 1,
      'shouyin_refunds_total{channel=wechat,cause=requested,outcome=abnormal}': 1,
      'shouyin_refund_minor_total{channel=wechat,currency=CNY,outcome=requested}': 500,
    })
  })
})

describe('the figures of requests', () => {
  it('name the route by its template and the code, never a number', async () => {
    const family = /^shouyin_http_(requests_total|seconds_count)\{route=GET \/api\/v1\/orders\/:orderId/

    expect(await moved(family, () => shop.get('/orders/D00000000000000000000'))).toEqual({
      'shouyin_http_requests_total{route=GET /api/v1/orders/:orderId,status=404,code=NOT_FOUND}': 1,
      'shouyin_http_seconds_count{route=GET /api/v1/orders/:orderId}': 1,
    })
    expect(await read()).not.toContain('D0000000')
  })

  it('count wrong keys', async () => {
    expect(await moved(/^shouyin_auth_failures/, () => shop.get('/orders', 'sk_test_of_nobody_0001'))).toEqual({
      'shouyin_auth_failures_total{audience=merchant}': 1,
    })
  })

  it('count a call to a channel with how long it took', async () => {
    const family = /^shouyin_channel_call.*operation=prepare(,|\}$)/
    const { orderId } = await shop.order()

    expect(
      Object.entries(await moved(family, () => shop.pay(orderId))).filter(([key]) => !key.includes('_bucket') && !key.includes('_sum')),
    ).toEqual([
      ['shouyin_channel_calls_total{channel=wechat,operation=prepare,outcome=ok}', 1],
      ['shouyin_channel_call_seconds_count{channel=wechat,operation=prepare}', 1],
    ])
  })
})

describe('the figures of webhooks', () => {
  it('count each try by its outcome, and what waits', async () => {
    const receiver = await startReceiver()
    const told = await startShop({ environment: { WEBHOOK_ALLOW_PRIVATE: '1' } })
    const waiting = async () => readSamples(await told.metrics()).find(({ name }) => name === 'shouyin_webhook_pending')?.value
    const tried = () => told.logged.filter(({ event }) => event === 'webhook.tried')
    try {
      await told.post('/webhook-endpoints', { url: `${receiver.origin}/hook`, types: ['order.created'] })
      const before = await told.metrics()
      await told.order()
      await told.eventually(
        async () => tried().length,
        (count) => count === 1,
      )

      expect(movedBetween(before, await told.metrics(), /^shouyin_webhook_tries/)).toEqual({ 'shouyin_webhook_tries_total{outcome=ok}': 1 })
      expect(tried()).toMatchObject([{ outcome: 'delivered', status: 'succeeded', statusCode: 200, try: 1, eventId: expect.any(String) }])

      await receiver.close()
      await told.order()
      await told.eventually(
        async () => tried().length,
        (count) => count === 2,
      )

      expect(movedBetween(before, await told.metrics(), /^shouyin_webhook_tries/)).toMatchObject({
        'shouyin_webhook_tries_total{outcome=refused}': 1,
      })
      expect(await told.eventually(waiting, (count) => count === 1)).toBe(1)
    } finally {
      await told.close()
    }
  })
})

describe('before anything has happened', () => {
  it('every outcome stands there as 0', async () => {
    const fresh = await startShop()
    try {
      const samples = readSamples(await fresh.metrics()).filter(({ name }) => /^shouyin_.*_total$/.test(name))

      const named = (name: string) => samples.filter((sample) => sample.name === `shouyin_${name}_total`)
      expect(samples.filter(({ name, value }) => value !== 0 && !/channel_calls|http_requests/.test(name))).toEqual([])
      expect(named('payments')).toHaveLength(3 * 7 * 5)
      expect(named('refunds')).toHaveLength(3 * 5 * 5)
      expect(named('notifications')).toHaveLength(3 * 3 * 12)
      expect(named('channel_calls')).toHaveLength(3 * 10 * 5)
      expect(named('webhook_tries').map(({ labels }) => labels.outcome)).toEqual(['ok', 'status', 'timeout', 'refused', 'blocked', 'tls'])
    } finally {
      await fresh.close()
    }
  })
})

describe('what is read off', () => {
  it('says what runs, on which schema', async () => {
    const [build] = readSamples(await read()).filter(({ name }) => name === 'shouyin_build_info')

    expect(build).toEqual({
      name: 'shouyin_build_info',
      labels: { version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.versions.node, schema: expect.stringMatching(/^\d+$/) },
      value: 1,
    })
  })

  it('says how long WeChat Pay’s certificate is still good, once there is one', async () => {
    await paidOrder()

    const ends = readSamples(await read()).filter(({ name }) => name === 'shouyin_certificate_ends_seconds')

    expect(ends).toContainEqual({
      name: 'shouyin_certificate_ends_seconds',
      labels: { channel: 'wechat', account: 'default', certificate: 'platform' },
      value: expect.any(Number),
    })
    for (const { value } of ends) expect(value).toBeGreaterThan(24 * 3600)
  })

  it('says what the connections to the database do, where there are several', async () => {
    const states = readSamples(await read()).flatMap(({ name, labels }) => (name === 'shouyin_db_connections' ? [labels.state] : []))

    expect(states).toEqual(storeKind === 'mysql' ? ['busy', 'idle', 'waiting'] : [])
  })
})

describe('with METRICS_TOKEN the figures', () => {
  let closed: Shop
  beforeEach(async () => {
    closed = await startShop({ environment: { METRICS_TOKEN: 'a-token-for-prometheus-0001' } })
  })
  afterEach(() => closed.close())

  it('are shown to who has it, and to nobody else', async () => {
    const ask = async (authorization?: string) => {
      const answer = await fetch(`${closed.origin()}/metrics`, authorization === undefined ? {} : { headers: { authorization } })
      return { status: answer.status, isShown: (await answer.text()).includes('shouyin_build_info') }
    }

    expect(await ask('Bearer a-token-for-prometheus-0001')).toEqual({ status: 200, isShown: true })
    for (const wrong of [undefined, 'Bearer a-token-for-prometheus-0002', 'a-token-for-prometheus-0001', `Bearer ${closed.key}`])
      expect(await ask(wrong)).toEqual({ status: 401, isShown: false })
  })
})
