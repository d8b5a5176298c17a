import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

let keys = 0
const aKey = () => ({ 'idempotency-key': `key-${keys++}` })
const tea = { subject: 'Tea', amount: '1.00' }

describe('an Idempotency-Key', () => {
  it('gives the first answer again, byte for byte, and has one effect', async () => {
    const key = aKey()

    const first = await shop.post('/orders', tea, key)
    const again = await shop.post('/orders', '{ "amount":"1.00",\n"subject":"Tea" }', key)

    expect(again.text).toBe(first.text)
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('with another body, or at another address, is a mismatch', async () => {
    const key = aKey()
    await shop.post('/orders', tea, key)

    expect(await shop.post('/orders', { ...tea, amount: '1.01' }, key)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_MISMATCH' },
    })
    expect((await shop.post('/products', { title: 'x', price: '1' }, key)).status).toBe(422)
  })

  it('ten at once make one order; who comes while the first runs is told so', async () => {
    const key = aKey()

    const answers = await Promise.all(Array.from({ length: 10 }, () => shop.post('/orders', tea, key)))

    const orders = new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.data.orderId))
    expect(orders.size).toBe(1)
    expect(answers.every((answer) => answer.status === 201 || answer.body.code === 'CONFLICT')).toBe(true)
  })

  it('keeps a refusal, too', async () => {
    const key = aKey()

    const first = await shop.post('/orders', { ...tea, amount: '0' }, key)
    const again = await shop.post('/orders', { ...tea, amount: '0' }, key)

    expect(first.status).toBe(400)
    expect(again.text).toBe(first.text)
  })

  it('after a failure of the channel goes on under the same number', async () => {
    const order = await shop.order()
    const key = aKey()
    shop.emulator.arm({ fault: 'status_500', match: { path: '/v3/pay/transactions/native' }, times: 3 })

    const failed = await shop.post(`/orders/${order.orderId}/pay`, {}, key)
    const again = await shop.post(`/orders/${order.orderId}/pay`, {}, key)

    expect(failed.status).toBe(502)
    expect(again.data.outTradeNo).toBe(order.orderId)
    expect((await shop.read(order.orderId)).attempts).toHaveLength(1)
  })

  it('is forgotten after a day', async () => {
    const key = aKey()
    const first = await shop.post('/orders', tea, key)

    await shop.advance(25 * 60 * 60 * 1000)

    expect((await shop.post('/orders', tea, key)).data.orderId).not.toBe(first.data.orderId)
  })

  it('of a payer is nothing to another payer', async () => {
    const [alice, bob] = [await shop.login('alice'), await shop.login('bob')]
    const key = aKey()
    const cart = { items: [{ productId: 'cake', quantity: 1 }] }

    const [one, other] = [await shop.post('/cashier/orders', cart, key, alice), await shop.post('/cashier/orders', cart, key, bob)]

    expect(one.data.orderId).not.toBe(other.data.orderId)
  })

  it('of a refund pays back once', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)
    await shop.until(order.orderId, (seen) => seen.status === 'succeeded')
    const key = aKey()

    const [one, again] = [
      await shop.post(`/orders/${order.orderId}/refunds`, { amount: '1.00' }, key),
      await shop.post(`/orders/${order.orderId}/refunds`, { amount: '1.00' }, key),
    ]

    expect(again.text).toBe(one.text)
    expect((await shop.read(order.orderId)).refunds).toHaveLength(1)
  })
})
