import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const close = (orderId: string, outTradeNo = orderId) => shop.post(`/orders/${orderId}/attempts/${outTradeNo}/close`)

async function anOpenOrder(): Promise<string> {
  const { orderId } = await shop.order()
  await shop.pay(orderId)
  return orderId
}

describe('ending one attempt', () => {
  it('ends it at the channel, once, and leaves the order to be paid by another', async () => {
    const orderId = await anOpenOrder()

    const closed = await close(orderId)
    const again = await close(orderId)

    expect([closed.status, closed.data.status, closed.data.attempts[0].status]).toEqual([200, 'pending', 'closed'])
    expect(again.data).toEqual(closed.data)
    expect(shop.emulator.state().payment.get(orderId)?.state).toBe('CLOSED')
    const second = await shop.pay(orderId)
    expect(second.data.outTradeNo).not.toBe(orderId)
    await shop.phone(second.data.outTradeNo)
    expect((await shop.until(orderId, ({ status }) => status === 'succeeded')).attempts).toHaveLength(2)
  })

  it('of a paid one is refused, and so is one whose payment nobody had told us of', async () => {
    const paid = await anOpenOrder()
    await shop.phone(paid)
    await shop.until(paid, ({ status }) => status === 'succeeded')
    const unheard = await anOpenOrder()
    shop.mail.isHeld = true
    await shop.phone(unheard)
    shop.mail.isHeld = false

    expect((await close(paid)).body).toMatchObject({ code: 'ORDERPAID' })
    expect((await close(unheard)).body).toMatchObject({ code: 'ORDERPAID' })
    expect((await shop.read(unheard)).status).toBe('succeeded')
  })

  it('leaves it open while the channel gives no answer', async () => {
    const orderId = await anOpenOrder()
    shop.emulator.arm({ fault: 'status_500', match: { path: `/v3/pay/transactions/out-trade-no/${orderId}` }, times: 9 })

    const answer = await close(orderId)

    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect((await shop.read(orderId)).attempts).toMatchObject([{ status: 'open' }])
  })

  it('that the order does not have finds nothing', async () => {
    const [one, other] = [await anOpenOrder(), await anOpenOrder()]

    expect((await close(one, other)).status).toBe(404)
    expect((await close('T-nobody-1', one)).status).toBe(404)
    expect((await shop.read(other)).attempts).toMatchObject([{ status: 'open' }])
  })
})

describe('a number for an order that is made later', () => {
  it('is the same for one key, another for the next, and makes the order it names', async () => {
    const key = { 'idempotency-key': 'number-1' }

    const [one, again] = [await shop.post('/order-numbers', undefined, key), await shop.post('/order-numbers', undefined, key)]
    const next = await shop.post('/order-numbers')

    expect(one.data.orderId).toMatch(/^D\d{20}$/)
    expect(again.text).toBe(one.text)
    expect(next.data.orderId).not.toBe(one.data.orderId)
    expect((await shop.order({ orderId: one.data.orderId })).orderId).toBe(one.data.orderId)
  })

  it('follows the merchant’s own series', async () => {
    await shop.request('PATCH', '/number-series/order', { body: { form: 'sequence', prefix: 'SHOP', width: 6, next: 41 } })

    const numbers = [await shop.post('/order-numbers'), await shop.post('/order-numbers')].map(({ data }) => data.orderId)

    expect(numbers).toEqual(['SHOP000041', 'SHOP000042'])
  })
})
