import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())
beforeEach(() => {
  shop.logged.length = 0
})

const lines = () => shop.logged.filter(({ event }) => /^(order|payment|refund)\./.test(event))
const asked = (path: string, body: unknown, requestId: string) =>
  shop.request('POST', path, { body, headers: { 'x-request-id': requestId } })

describe('the log tells a payment’s life, a line for each step:', () => {
  it('asked for, paid and refunded, with the request that did it, whose it is, how much, and its state', async () => {
    const { orderId } = (await asked('/orders', { subject: 'Tea', amount: '99.99', userId: 'u-7' }, 'r-order')).data
    await asked(`/orders/${orderId}/pay`, {}, 'r-pay')
    await shop.phone(orderId)
    const { attempts } = await shop.until(orderId, ({ status }) => status === 'succeeded')
    await asked(`/orders/${orderId}/refunds`, { amount: '9.99', refundId: `R${orderId}` }, 'r-refund')
    await shop.until(orderId, ({ refundedAmount }) => refundedAmount === '9.99')

    const [{ paymentId }] = attempts
    const payment = { merchantId: 'mer_default', orderId, paymentId, channel: 'wechat', currency: 'CNY' }
    const refund = { ...payment, refundId: `R${orderId}`, amount: '9.99', cause: 'requested' }
    expect(lines()).toMatchObject([
      { event: 'payment.opened', requestId: 'r-pay', ...payment, outTradeNo: orderId, payType: 'NATIVE', amount: '99.99', status: 'open' },
      { event: 'payment.succeeded', ...payment, amount: '99.99', status: 'succeeded', kept: true, transactionId: expect.any(String) },
      { event: 'order.succeeded', ...payment, userId: 'u-7', amount: '99.99', status: 'succeeded' },
      { event: 'refund.requested', requestId: 'r-refund', ...refund, status: 'pending' },
      { event: 'refund.processing', requestId: 'r-refund', ...refund, status: 'processing' },
      { event: 'refund.succeeded', ...refund, status: 'succeeded' },
    ])
    expect(lines().filter(({ event, requestId }) => event.endsWith('succeeded') && requestId === undefined)).toEqual([])
  })

  it('refused, with the reason', async () => {
    const { orderId } = await shop.order()
    await asked(`/orders/${orderId}/pay`, { payType: 'JSAPI', openid: 'oNobodyInThisApp0000000000000' }, 'r-refused')

    expect(lines()).toMatchObject([
      { event: 'payment.failed', requestId: 'r-refused', orderId, status: 'failed', amount: '99.99', error: expect.stringMatching(/./) },
    ])
    expect(JSON.stringify(shop.logged)).not.toContain('oNobodyInThisApp')
    expect((await shop.read(orderId)).attempts).toMatchObject([{ status: 'failed', failure: 'PARAM_ERROR' }])
  })

  it('of a call to the channel that fails, the request it was made for', async () => {
    const { orderId } = await shop.order()
    shop.emulator.arm({ fault: 'system_error', match: { path: '/v3/pay/transactions/native' }, times: 3 })

    await asked(`/orders/${orderId}/pay`, {}, 'r-trouble')

    const calls = shop.logged.filter(({ event }) => event === 'channel.call')
    expect(calls.map(({ requestId, operation, number }) => [requestId, operation, number])).toEqual(
      Array.from({ length: 3 }, () => ['r-trouble', 'prepare', orderId]),
    )
  })
})
