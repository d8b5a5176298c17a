import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

const minute = 60_000

describe.each(['v2', 'partner', 'partner-v2'] as const)('a merchant of WeChat Pay %s', (mode) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await startShop({ mode })
  })
  afterAll(() => shop.close())

  it.each(['NATIVE', 'MWEB', 'APP'])('is paid by %s, told by the channel, and refunded in parts', async (payType) => {
    const { orderId } = await shop.order()
    const paying = await shop.pay(orderId, { payType })
    expect(paying).toMatchObject({ status: 200, data: { outTradeNo: orderId } })

    await shop.phone(orderId)
    const paid = await shop.until(orderId, ({ status }) => status === 'succeeded')
    expect(paid).toMatchObject({ channel: 'wechat', attempts: [{ status: 'succeeded', kept: true }] })

    expect(await shop.refund(orderId, { amount: '9.99' })).toMatchObject({ status: 201 })
    await shop.advance(2000)
    expect(await shop.until(orderId, ({ refundStatus }) => refundStatus === 'partial')).toMatchObject({ refundedAmount: '9.99' })
  })

  it('is paid in the mini-program under the openid of the payer’s own app', async () => {
    const alice = await shop.payer('alice')
    const order = await alice.order()
    const prepared = await alice.prepare(order.orderId)
    expect(prepared.data.action).toMatchObject({ type: 'wx.requestPayment', params: { package: expect.stringMatching(/^prepay_id=/) } })

    await shop.phone(order.orderId)

    expect(await shop.until(order.orderId, ({ status }) => status === 'succeeded')).toMatchObject({ payType: 'MINIPROGRAM' })
  })

  it('closes what nobody pays, at the channel first', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)

    expect(await shop.post(`/orders/${orderId}/cancel`)).toMatchObject({ status: 200, data: { status: 'closed' } })

    await expect(shop.phone(orderId)).rejects.toThrow('closed')
  })

  it('finds a payment that nobody told of', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
    await shop.phone(orderId)

    expect(await shop.post(`/orders/${orderId}/check`)).toMatchObject({ data: { status: 'succeeded' } })
  })

  it.each(['forge_notify', 'wrong_amount', 'wrong_merchant', 'truncate_notify'])('believes no %s', async (fault) => {
    const { orderId } = await shop.order()
    await shop.pay(orderId)
    shop.emulator.arm({ fault, match: { outTradeNo: orderId } })
    await shop.phone(orderId)

    const told = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === orderId)
    expect(told?.tries[0]?.status).toBeGreaterThanOrEqual(400)
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
  })

  it.each(['status_500', 'bad_signature', 'no_signature', 'reset', 'system_error'])(
    'takes %s for unknown, and goes on under the same number',
    async (fault) => {
      const { orderId } = await shop.order()
      shop.emulator.arm({ fault, times: 3, match: { outTradeNo: orderId } })
      const first = await shop.pay(orderId)
      expect([502, 504]).toContain(first.status)
      shop.emulator.faults.clear()

      const again = await shop.pay(orderId)

      expect(again).toMatchObject({ status: 200, data: { outTradeNo: orderId } })
      expect((await shop.read(orderId)).attempts).toHaveLength(1)
    },
  )

  it('compares its bill with the books', async () => {
    await shop.advance(40 * 60 * minute)
    const day = new Date(Date.now() + 8 * 60 * minute).toISOString().slice(0, 10)

    const answer = await shop.post('/reconciliations', { date: day, channel: 'wechat' })

    expect(answer).toMatchObject({ status: expect.any(Number), data: { isEmpty: false } })
    expect(answer.data.payments.count).toBeGreaterThan(0)
    expect(shop.logged).not.toContainEqual(expect.objectContaining({ alarm: 'channel_configuration', operation: 'bill' }))
  })
})
