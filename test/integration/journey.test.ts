import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../shared/kernel/ids.ts'
import type { Data } from '../support/client.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const eventTypes = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))

describe('an order in the mini-program', () => {
  it('goes from a login code to paid, exactly once', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order([{ productId: 'cake', quantity: 2 }])
    const paying = await alice.prepare(order.orderId)

    await shop.phone(order.orderId)

    expect(order).toMatchObject({ status: 'pending', amount: '39.80', amountMinor: 3980, currency: 'CNY' })
    expect(paying.data.action).toMatchObject({
      type: 'wx.requestPayment',
      params: { signType: 'RSA', package: expect.stringMatching(/^prepay_id=/) },
    })
    expect(await alice.read(order.orderId)).toMatchObject({
      status: 'succeeded',
      channel: 'wechat',
      payType: 'MINIPROGRAM',
      attempts: [{ status: 'succeeded', kept: true }],
    })
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
  })

  it('is the payer’s alone, and nothing of their openid is shown', async () => {
    const [alice, bob] = [await shop.payer('alice'), await shop.payer('bob')]
    const order = await alice.order()

    const stranger = await shop.get(`/cashier/orders/${order.orderId}`, bob.token)

    expect(stranger.status).toBe(404)
    expect(JSON.stringify(await alice.read(order.orderId))).not.toMatch(/openid|o[A-Za-z0-9_x]{27}"/)
  })

  it('gives a second tap the same attempt and the same parameters', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()

    const [one, other] = await Promise.all([alice.prepare(order.orderId), alice.prepare(order.orderId)])

    expect([one.status, other.status]).toEqual([200, 200])
    expect((await alice.read(order.orderId)).attempts).toHaveLength(1)
  })

  it('can be cancelled while nobody paid, and not paid afterwards', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)

    const cancelled = await shop.post(`/cashier/orders/${order.orderId}/cancel`, undefined, undefined, alice.token)

    expect(cancelled.data).toMatchObject({ status: 'closed', attempts: [{ status: 'closed' }] })
    expect((await alice.prepare(order.orderId)).body.code).toBe('ORDERCLOSED')
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'order.closed'])
  })

  it('cannot be cancelled once it is paid, even when nobody has told us yet', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)

    const cancelled = await shop.post(`/cashier/orders/${order.orderId}/cancel`, undefined, undefined, alice.token)

    expect(cancelled.body.code).toBe('ORDERPAID')
    expect((await alice.read(order.orderId)).status).toBe('succeeded')
  })

  it('is paid even when the payer’s own server never hears of it: reading it asks', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })

    await shop.phone(order.orderId)

    expect((await alice.read(order.orderId)).status).toBe('succeeded')
  })
})

describe('an order of a merchant’s server', () => {
  it.each([
    ['NATIVE', { payType: 'NATIVE' }, { type: 'qr', codeUrl: expect.stringMatching(/^weixin:\/\//) }],
    [
      'MWEB',
      { payType: 'MWEB', clientIp: '203.0.113.7', returnUrl: 'https://shop.example/done' },
      { type: 'redirect', url: expect.stringContaining('redirect_url=https%3A%2F%2Fshop.example%2Fdone') },
    ],
    ['H5 as another name of it', { payType: 'H5' }, { type: 'redirect' }],
    ['APP', { payType: 'APP' }, { type: 'wx.app', params: { packageValue: 'Sign=WXPay' } }],
  ])('is paid by %s', async (_name, ask, action) => {
    const order = await shop.order()
    const paying = await shop.pay(order.orderId, ask)

    await shop.phone(paying.data.outTradeNo)

    expect(paying.data).toMatchObject({ orderId: order.orderId, outTradeNo: order.orderId, form: null, action })
    expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).transactionId).toMatch(/^42000\d{23}$/)
  })

  it('is made once under its number, and refused with other content', async () => {
    const asked = { orderId: 'T-20260101-1', subject: 'Cup', amount: 12.5, metadata: { shelf: '7' } }

    const [one, same, other] = [
      await shop.post('/orders', asked),
      await shop.post('/orders', asked),
      await shop.post('/orders', { ...asked, amount: '12.51' }),
    ]

    expect([one.status, same.status, other.status]).toEqual([201, 201, 409])
    expect(same.data).toEqual(one.data)
    expect(other.body.code).toBe('CONFLICT')
  })

  it('changes its means of payment: the first number is closed at the channel before the next is made', async () => {
    const order = await shop.order()
    const first = await shop.pay(order.orderId, { payType: 'NATIVE' })

    const second = await shop.pay(order.orderId, { payType: 'MWEB' })

    expect(second.data.outTradeNo).not.toBe(first.data.outTradeNo)
    expect(shop.emulator.payments.find(first.data.outTradeNo).state).toBe('CLOSED')
    expect((await shop.read(order.orderId)).attempts.map((attempt: { status: string }) => attempt.status)).toEqual(['closed', 'open'])
  })

  it('refuses an openid of another app', async () => {
    const official = await shop.login('alice', 'official')
    const order = await shop.order()
    const openid =
      shop.emulator.payments &&
      (await import('../../server/emulator/credentials.ts')).openidOf(
        shop.emulator.credentials(),
        shop.emulator.environment().WECHAT_APP_ID ?? '',
        'alice',
      )

    const refused = await shop.pay(order.orderId, { payType: 'MINIPROGRAM', openid })

    expect(official).toBeTruthy()
    expect(refused).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'openid' }] } } })
  })

  it('tells its whole story in the timeline, oldest first, without secrets', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)
    await shop.until(order.orderId, (seen) => seen.status === 'succeeded')

    const { items } = (await shop.get(`/orders/${order.orderId}/timeline`)).data

    expect(items.map((item: { title: string }) => item.title)).toEqual([
      'order made: pending',
      'attempt made: sent',
      'wechat prepare',
      'attempt: open',
      'wechat notification: kept',
      'attempt: succeeded',
      'order: succeeded',
    ])
    expect(JSON.stringify(items)).not.toMatch(/paySign|openid|session_key/)
  })

  it('tells in it every request to the channel with its answer, or that none came, and the channel’s name for it', async () => {
    const { orderId } = await shop.order()
    shop.emulator.arm({ fault: 'status_500', match: { path: '/v3/pay/transactions/native' } })
    shop.emulator.arm({ fault: 'reset', match: { path: '/v3/pay/transactions/out-trade-no' } })
    await shop.pay(orderId)
    await shop.post(`/orders/${orderId}/check`)

    const { items } = (await shop.get(`/orders/${orderId}/timeline`)).data

    const sent = { request: `POST ${shop.emulatorOrigin}/v3/pay/transactions/native`, ms: expect.any(Number) }
    const asked = { request: `GET ${shop.emulatorOrigin}/v3/pay/transactions/out-trade-no/${orderId}`, ms: expect.any(Number) }
    expect(items.flatMap(({ kind, detail }: Data) => (kind === 'call' ? detail.requests : []))).toEqual([
      { ...sent, status: 500 },
      { ...sent, status: 200, theirRequestId: expect.stringMatching(/./) },
      { ...asked, failure: expect.stringMatching(/./) },
    ])
  })
})

describe('a restart in between', () => {
  it('loses nothing: the order is paid after it', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    await alice.prepare(order.orderId)

    await shop.restart()
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: order.orderId } })
    await shop.phone(order.orderId)

    expect((await alice.read(order.orderId)).status).toBe('succeeded')
  })
})

describe('a merchant from before public keys', () => {
  it('pays, is told and refunds with platform certificates alone, through a rotation', async () => {
    const older = await startShop({ environment: { WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' } })
    try {
      for (const round of ['first', 'after the rotation']) {
        const order = await older.order({ subject: round })
        await older.pay(order.orderId)
        await older.phone(order.orderId)
        expect((await older.until(order.orderId, (seen) => seen.status === 'succeeded')).transactionId).toMatch(/^42000/)
        expect((await older.refund(order.orderId)).data.status).toBe('processing')
        await older.emulator.rotate('certificate')
        await older.advance(61_000)
      }
    } finally {
      await older.close()
    }
  })
})
