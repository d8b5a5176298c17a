import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../support/client.ts'
import { type Shop, startShop } from '../support/shop.ts'

const minute = 60_000
const card = { to: 'card', bankType: 'ICBC_DEBIT', bankAccount: '6222020200112233445', realName: '张三丰' }

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

async function paid(amount = '10.00'): Promise<Data> {
  const order = await shop.order({ amount })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, ({ status }) => status === 'succeeded')
}

/** A refund that the payer's account could not receive. */
async function abnormal(): Promise<Data> {
  const order = await paid()
  shop.emulator.arm({ fault: 'refund_abnormal', match: { path: '/v3/refund' } })
  const { data } = await shop.refund(order.orderId, { amount: '4.00' })
  await shop.advance(2000)
  return refundIn(data.refundId, 'abnormal')
}

function refundIn(refundId: string, status: string): Promise<Data> {
  return shop.eventually(
    async () => (await shop.get(`/refunds/${refundId}`)).data,
    (refund) => refund.status === status,
  )
}

describe('an abnormal refund', () => {
  it('keeps its amount reserved, so that nobody can give the same money back twice', async () => {
    const refund = await abnormal()

    expect((await shop.refund(refund.orderId, { amount: '6.01' })).body).toMatchObject({ code: 'INVALID_REQUEST' })
    expect((await shop.read(refund.orderId)).refundedAmount).toBe('0.00')
  })

  it('goes to another card of the payer’s, whose number is kept nowhere', async () => {
    const refund = await abnormal()

    const sent = await shop.post(`/refunds/${refund.refundId}/retry`, card)
    expect([sent.status, sent.data.status]).toEqual([200, 'processing'])
    await shop.advance(2000)

    expect(await refundIn(refund.refundId, 'succeeded')).toMatchObject({ outRefundNo: refund.outRefundNo, amount: '4.00' })
    expect((await shop.read(refund.orderId)).refundedAmount).toBe('4.00')
    const timeline = await shop.get(`/orders/${refund.orderId}/timeline`)
    expect(timeline.text).not.toContain(card.bankAccount)
    expect(JSON.stringify(shop.logged)).not.toContain(card.bankAccount)
  })

  it('goes to the merchant’s own account, to be handed over there', async () => {
    const refund = await abnormal()

    await shop.post(`/refunds/${refund.refundId}/retry`, { to: 'merchant' })
    await shop.advance(2000)

    await refundIn(refund.refundId, 'succeeded')
  })

  it('whose new way is refused stays abnormal, and says why', async () => {
    const refund = await abnormal()
    shop.emulator.arm({ fault: 'system_error', match: { path: '/v3/refund', method: 'POST' } })

    const answer = await shop.post(`/refunds/${refund.refundId}/retry`, card)

    expect(answer.status).toBe(502)
    expect((await shop.get(`/refunds/${refund.refundId}`)).data.status).toBe('abnormal')
  })

  it.each([
    ['succeeded', '4.00', '10.00 in cash at the counter'],
    ['closed', '0.00', 'the customer keeps the goods'],
  ])('is settled by hand as %s, with a note', async (outcome, refundedAmount, note) => {
    const refund = await abnormal()

    const { status, data } = await shop.post(`/refunds/${refund.refundId}/settle`, { outcome, note })

    expect([status, data.status]).toEqual([200, outcome])
    expect((await shop.read(refund.orderId)).refundedAmount).toBe(refundedAmount)
    const { data: timeline } = await shop.get(`/orders/${refund.orderId}/timeline`)
    expect(timeline.items).toContainEqual(expect.objectContaining({ kind: 'request', detail: expect.objectContaining({ note }) }))
    expect((await shop.post(`/refunds/${refund.refundId}/settle`, { outcome, note })).body.code).toBe('INVALID_REQUEST')
  })

  it.each([
    [{}, 'to'],
    [{ to: 'card', bankType: 'ICBC_DEBIT', bankAccount: 'abc', realName: '张' }, 'bankAccount'],
    [{ to: 'moon' }, 'to'],
  ])('is not sent anywhere by %j', async (body, field) => {
    const answer = await shop.post('/refunds/ref_nobody/retry', body)

    expect([answer.status, answer.body.code]).toEqual([400, 'PARAM_ERROR'])
    expect(JSON.stringify(answer.body.details)).toContain(field)
  })
})

describe('the refund of surplus money', () => {
  it('that the channel closed is asked for anew, under another number, until the money is back', async () => {
    const order = await shop.order({ amount: '7.00' })
    await shop.pay(order.orderId)
    await shop.post(`/orders/${order.orderId}/cancel`)
    shop.emulator.arm({ fault: 'refund_closed', match: { path: '/v3/refund' } })
    await shop.phone(order.orderId, 'pay', { force: true })
    await shop.until(order.orderId, ({ refunds }) => refunds.length === 1)
    await shop.advance(2000)
    await shop.until(order.orderId, ({ refunds }) => refunds.length === 2)
    await shop.advance(3 * minute)
    await shop.advance(2000)

    const after = await shop.until(order.orderId, ({ refunds }) => refunds.some((one: Data) => one.status === 'succeeded'))
    expect(after.refunds.map((one: Data) => one.status).sort()).toEqual(['closed', 'succeeded'])
    expect(new Set(after.refunds.map((one: Data) => one.outRefundNo)).size).toBe(2)
    expect(
      [...shop.emulator.state().refund.values()].filter((one) => one.outTradeNo === order.orderId && one.state === 'SUCCESS'),
    ).toHaveLength(1)
  })
})
