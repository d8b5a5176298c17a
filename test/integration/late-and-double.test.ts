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

const eventTypes = (orderId: string, of: Shop = shop) => of.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const isRefunded = (order: Data) => order.refunds.some((refund: Data) => refund.status === 'succeeded')
const minute = 60_000

describe('two attempts of one order, both paid', () => {
  it('one is kept, the other refunded in full by itself', async () => {
    const order = await shop.order()
    const first = await shop.pay(order.orderId, { payType: 'NATIVE' })
    const second = await shop.pay(order.orderId, { payType: 'MWEB' })

    await shop.phone(second.data.outTradeNo)
    await shop.phone(first.data.outTradeNo, 'pay', { force: true })
    await shop.advance(2000)
    const seen = await shop.until(order.orderId, isRefunded)

    expect(seen).toMatchObject({ status: 'succeeded', refundedAmount: '0.00', refundStatus: 'none' })
    expect(seen.attempts.map((attempt: Data) => [attempt.status, attempt.kept])).toEqual([
      ['succeeded', false],
      ['succeeded', true],
    ])
    expect(seen.refunds).toMatchObject([{ outTradeNo: first.data.outTradeNo, amount: '99.99', status: 'succeeded' }])
    expect(await eventTypes(order.orderId)).toEqual([
      'order.created',
      'payment.succeeded',
      'payment.duplicate_refunded',
      'refund.created',
      'refund.succeeded',
    ])
    expect(await shop.metrics()).toContain('shouyin_duplicate_payments_total 1')
  })
})

describe('money that arrives after closing', () => {
  it('is refunded in full by itself, and the order stays closed', async () => {
    const order = await shop.order()
    const paying = await shop.pay(order.orderId)
    await shop.post(`/orders/${order.orderId}/cancel`)

    await shop.phone(paying.data.outTradeNo, 'pay', { force: true })
    await shop.advance(2000)
    const seen = await shop.until(order.orderId, isRefunded)

    expect(seen).toMatchObject({ status: 'closed', refundStatus: 'none', refunds: [{ amount: '99.99', status: 'succeeded' }] })
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'order.closed', 'payment.late', 'refund.created', 'refund.succeeded'])
  })

  it('is kept when the owner decided so', async () => {
    const accepting = await startShop({ environment: { LATE_PAYMENT: 'accept' } })
    try {
      const order = await accepting.order()
      const paying = await accepting.pay(order.orderId)
      await accepting.post(`/orders/${order.orderId}/cancel`)

      await accepting.phone(paying.data.outTradeNo, 'pay', { force: true })

      expect(await accepting.until(order.orderId, (seen) => seen.status === 'succeeded')).toMatchObject({
        attempts: [{ kept: true }],
        refunds: [],
      })
      expect(await eventTypes(order.orderId, accepting)).toEqual(['order.created', 'order.closed', 'payment.late', 'payment.succeeded'])
    } finally {
      await accepting.close()
    }
  })
})

describe('a notification that never comes', () => {
  it('is made up for by asking on the ladder', async () => {
    const order = await shop.order()
    const paying = await shop.pay(order.orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: paying.data.outTradeNo } })
    await shop.phone(paying.data.outTradeNo)

    await shop.advance(6000)

    expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).attempts).toMatchObject([{ kept: true }])
  })

  it('comes two hours late: the order expired meanwhile, but was found paid before it was closed', async () => {
    const order = await shop.order({ expiresIn: 600 })
    const paying = await shop.pay(order.orderId)
    shop.emulator.arm({ fault: 'late_notify', match: { outTradeNo: paying.data.outTradeNo } })
    await shop.phone(paying.data.outTradeNo)

    await shop.advance(130 * minute)
    const seen = await shop.until(order.orderId, (now) => now.status !== 'pending')

    expect(seen.status).toBe('succeeded')
    expect(await eventTypes(order.orderId)).toEqual(['order.created', 'payment.succeeded'])
  })
})

describe('an order nobody pays', () => {
  it('is closed at the channel and here once it expires', async () => {
    const order = await shop.order({ expiresIn: 600 })
    const paying = await shop.pay(order.orderId)

    await shop.advance(11 * minute)
    const seen = await shop.until(order.orderId, (now) => now.status === 'closed')

    expect(seen.attempts).toMatchObject([{ status: 'closed' }])
    expect(shop.emulator.payments.find(paying.data.outTradeNo).state).toBe('CLOSED')
  })

  it('stays pending while the payer is typing, and is closed later', async () => {
    const order = await shop.order()
    const paying = await shop.pay(order.orderId)
    await shop.phone(paying.data.outTradeNo, 'user_paying')

    const refused = await shop.post(`/orders/${order.orderId}/cancel`)
    await shop.phone(paying.data.outTradeNo, 'fail')
    const closed = await shop.post(`/orders/${order.orderId}/cancel`)

    expect(refused).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(closed.data.status).toBe('closed')
  })

  it('is not closed while money that does not match waits for staff', async () => {
    const order = await shop.order({ expiresIn: 600 })
    const paying = await shop.pay(order.orderId)
    shop.emulator.arm({ fault: 'wrong_amount', match: { outTradeNo: paying.data.outTradeNo } })
    await shop.phone(paying.data.outTradeNo)

    const refused = await shop.post(`/orders/${order.orderId}/cancel`)

    expect(refused.status).toBe(409)
  })
})

describe('a call whose answer is lost', () => {
  it('leaves the attempt as sent; paying again asks under the same number and gets the action', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'status_500', match: { path: '/v3/pay/transactions/native' }, times: 3 })
    const lost = await shop.pay(order.orderId)
    const between = await shop.read(order.orderId)

    const again = await shop.pay(order.orderId)

    expect(lost).toMatchObject({ status: 502, body: { code: 'CHANNEL_ERROR' } })
    expect(between.attempts).toMatchObject([{ status: 'sent' }])
    expect(again.data).toMatchObject({ outTradeNo: order.orderId, action: { type: 'qr' } })
    expect((await shop.read(order.orderId)).attempts).toHaveLength(1)
  })

  it.each([
    ['system_error', 502, 'CHANNEL_ERROR', 3],
    ['reset', 502, 'CHANNEL_ERROR', 3],
    ['redirect', 502, 'CHANNEL_ERROR', 3],
    ['huge_body', 502, 'CHANNEL_ERROR', 3],
    ['bad_signature', 502, 'SIGN_ERROR', 1],
    ['no_signature', 502, 'SIGN_ERROR', 1],
    ['unknown_serial', 502, 'SIGN_ERROR', 1],
    ['rate_limit', 429, 'RATE_LIMITED', 3],
  ])('%s is answered %i %s and never taken for a failure', async (fault, status, code, times) => {
    const order = await shop.order()
    shop.emulator.arm({ fault, match: { path: '/v3/pay/transactions/native' }, times })

    const answer = await shop.pay(order.orderId)

    expect(answer).toMatchObject({ status, body: { code } })
    expect((await shop.read(order.orderId)).attempts).toMatchObject([{ status: 'sent' }])
    expect((await shop.pay(order.orderId)).status).toBe(200)
  })

  it('"paid already" is believed only after asking', async () => {
    const order = await shop.order()
    shop.emulator.arm({ fault: 'order_paid', match: { path: '/v3/pay/transactions/native' } })

    const answer = await shop.pay(order.orderId)

    expect(answer.status).toBe(200)
    expect((await shop.read(order.orderId)).attempts.map((attempt: Data) => attempt.status)).toEqual(['failed', 'open'])
  })
})
