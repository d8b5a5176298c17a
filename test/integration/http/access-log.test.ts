import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const lastLine = () => shop.logged.filter(({ event }) => event === 'request').at(-1)

describe('the line a request leaves in the log', () => {
  it('names the request, the order, its payment, the amount and the merchant’s user', async () => {
    const { orderId } = await shop.order({ userId: 'u-7' })
    await shop.pay(orderId)

    const answer = await shop.request('GET', `/orders/${orderId}`, { headers: { 'x-request-id': 'night-1' } })

    expect(lastLine()).toEqual({
      event: 'request',
      requestId: 'night-1',
      method: 'GET',
      route: 'GET /api/v1/orders/:orderId',
      status: 200,
      code: undefined,
      ms: expect.any(Number),
      merchantId: 'mer_default',
      keyId: 'key_bootstrap',
      orderId,
      outTradeNo: orderId,
      paymentId: answer.data.attempts[0].paymentId,
      amount: '99.99',
      currency: 'CNY',
      userId: 'u-7',
    })
  })

  it('of a payer names the payer by our own number', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()

    expect(lastLine()).toMatchObject({ route: 'POST /api/v1/cashier/orders', payerId: order.payer.payerId, orderId: order.orderId })
  })

  it('of a request that cannot be read has the id that the answer names', async () => {
    const { hostname, port } = new URL(shop.origin())
    const socket = connect(Number(port), hostname)
    socket.write(`GET /api/v1/orders HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += chunk
    const [head = '', body = ''] = text.split('\r\n\r\n')

    const { requestId } = JSON.parse(body)

    expect(head).toMatch(/^HTTP\/1.1 431 /)
    expect(head).toContain(`\r\nx-request-id: ${requestId}\r\n`)
    expect(lastLine()).toEqual({ event: 'request', requestId, route: 'unknown', status: 431, code: 'INVALID_REQUEST' })
    expect(requestId).toMatch(/^req_./)
  })

  it('of a refusal names its code, also when the refusal is kept under a key', async () => {
    await shop.get('/orders/D00000000000000000000')
    expect(lastLine()).toMatchObject({ status: 404, code: 'NOT_FOUND', orderId: 'D00000000000000000000' })

    await shop.post('/orders', { subject: 'Tea', amount: '0' }, { 'idempotency-key': 'kept' })
    expect(lastLine()).toMatchObject({ status: 400, code: 'PARAM_ERROR' })
  })

  it('holds no key, session, login code, openid or signature', async () => {
    const code = shop.emulator.mintCode({ person: 'bob' })
    const { token } = (await shop.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')).data
    const order = (await shop.post('/cashier/orders', { items: [{ productId: 'cake', quantity: 1 }] }, undefined, token)).data
    const paying = await shop.post(`/cashier/orders/${order.orderId}/pay`, { payType: 'MINIPROGRAM' }, undefined, token)
    await shop.post(`/orders/${order.orderId}/pay`, { payType: 'JSAPI', openid: 'oSecretSecret!' })

    const lines = JSON.stringify(shop.logged)

    expect(paying.status).toBe(200)
    for (const secret of [shop.key, token, code, paying.data.action.params.paySign, 'oSecretSecret']) expect(lines).not.toContain(secret)
  })
})
