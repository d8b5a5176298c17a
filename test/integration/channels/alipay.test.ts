import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const second = 1000
const hour = 3600 * second

describe.each(['key', 'certificate'] as const)('a payment through Alipay in %s mode', (mode) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await startShop({ alipayBy: mode })
  })
  afterAll(() => shop.close())

  const pay = (orderId: string, given = {}) => shop.pay(orderId, { channel: 'alipay', ...given })
  // Alipay takes no hyphen; numbers of ours have none.
  const order = (given = {}) => shop.order(given)
  const openidOf = async (person: string) => shop.alipayOpenid(person)

  it.each([
    ['NATIVE', 'qr'],
    ['MWEB', 'redirect'],
    ['PAGE', 'redirect'],
    ['JSAPI', 'my.tradePay'],
    ['MINIPROGRAM', 'my.tradePay'],
  ])('by %s is told, kept and refunded in parts', async (payType, action) => {
    const { orderId } = await order()
    const openid = payType === 'JSAPI' || payType === 'MINIPROGRAM' ? await openidOf('alice') : undefined
    const paying = await pay(orderId, { payType, openid, clientIp: '203.0.113.9' })
    expect(paying).toMatchObject({ status: 200, data: { outTradeNo: orderId, action: { type: action } } })
    if (action === 'redirect') expect(await (await fetch(paying.data.payUrl)).text()).toContain('99.99 CNY')

    await shop.phone(orderId)
    expect(await shop.until(orderId, ({ status }) => status === 'succeeded')).toMatchObject({
      channel: 'alipay',
      attempts: [{ kept: true }],
    })

    expect(await shop.refund(orderId, { amount: '9.99' })).toMatchObject({ status: 201 })
    await shop.until(orderId, ({ refundedAmount }) => refundedAmount === '9.99')
    await shop.advance(2 * second)
    await shop.refund(orderId)
    await shop.until(orderId, ({ refundStatus }) => refundStatus === 'full')
  })

  it('has its payers log in by its own code, and pays under their name', async () => {
    const code = shop.loginCode('alipay', 'alice')
    const session = await shop.post('/cashier/session', { code, app: 'alipay' }, undefined, '')
    expect(session).toMatchObject({ status: 200, data: { token: expect.any(String) } })

    const made = await shop.post('/cashier/orders', { items: [{ productId: 'cake', quantity: 1 }] }, undefined, session.data.token)
    const paying = await shop.post(`/cashier/orders/${made.data.orderId}/pay`, { payType: 'MINIPROGRAM' }, undefined, session.data.token)

    expect(paying.data.action).toMatchObject({ type: 'my.tradePay', tradeNO: expect.stringMatching(/^\d{28}$/) })
    expect(await shop.post('/cashier/session', { code, app: 'alipay' }, undefined, '')).toMatchObject({ status: 401 })
  })

  it('that was opened is closed at Alipay; one that nobody opened ends here, and money that comes late goes back', async () => {
    const opened = await order()
    await pay(opened.orderId, { payType: 'JSAPI', openid: await openidOf('bob') })
    expect(await shop.post(`/orders/${opened.orderId}/cancel`)).toMatchObject({ status: 200, data: { status: 'closed' } })
    await expect(shop.phone(opened.orderId)).rejects.toThrow('closed')

    const { orderId } = await order()
    await pay(orderId)
    expect(await shop.post(`/orders/${orderId}/cancel`)).toMatchObject({ status: 200, data: { status: 'closed' } })
    await shop.phone(orderId)
    await shop.eventually(
      () => shop.read(orderId),
      ({ refunds }) => refunds[0]?.status === 'succeeded',
    )
  })

  it.each(['forge_notify', 'wrong_amount', 'wrong_merchant', 'wrong_currency', 'wrong_app', 'truncate_notify'])(
    'believes no %s',
    async (fault) => {
      const { orderId } = await order()
      await pay(orderId)
      shop.emulator.arm({ fault, match: { outTradeNo: orderId } })
      await shop.phone(orderId)

      const told = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === orderId)
      expect(told?.tries[0]?.status).toBeGreaterThanOrEqual(400)
      expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
    },
  )

  it.each(['status_500', 'bad_signature', 'no_signature', 'reset', 'system_error'])(
    'takes %s for unknown, and goes on under the same number',
    async (fault) => {
      const { orderId } = await order()
      shop.emulator.arm({ fault, times: 3, match: { outTradeNo: orderId } })
      expect([502, 504]).toContain((await pay(orderId)).status)
      expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
      shop.emulator.faults.clear()

      expect(await pay(orderId)).toMatchObject({ status: 200, data: { outTradeNo: orderId } })
      await shop.phone(orderId)
      await shop.until(orderId, ({ status }) => status === 'succeeded')
    },
  )

  it('by a code is paid at once, or undone when it stays undecided', async () => {
    const paid = await order()
    expect(await shop.pay(paid.orderId, { payType: 'MICROPAY', authCode: shop.showCode('alipay') })).toMatchObject({ status: 200 })
    expect(await shop.until(paid.orderId, ({ status }) => status === 'succeeded')).toMatchObject({ channel: 'alipay', payType: 'MICROPAY' })

    const { orderId } = await order({ amount: '1500.00' })
    await shop.pay(orderId, { payType: 'MICROPAY', authCode: shop.showCode('alipay') })
    await shop.advance(60 * second)
    await shop.until(orderId, ({ attempts }) => attempts[0].status === 'closed')
    expect(shop.side('alipay').find(orderId)).toMatchObject({ tradeState: 'CLOSED' })
  })

  it('whose notice was lost is found by asking', async () => {
    const { orderId } = await order()
    await pay(orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
    await shop.phone(orderId)

    expect(await shop.post(`/orders/${orderId}/check`)).toMatchObject({ data: { status: 'succeeded' } })
  })

  it('whose refund Alipay refuses in its first seconds ends as failed, not as under way for ever', async () => {
    const { orderId } = await order()
    await pay(orderId)
    await shop.phone(orderId)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
    await shop.phone(orderId, 'refund_externally', { amount: 100 })

    const { data: refund } = await shop.refund(orderId)
    await shop.advance(11 * second)

    await shop.eventually(
      () => shop.read(orderId),
      ({ refunds }) => refunds.some((one: Data) => one.refundId === refund.refundId && one.status === 'failed'),
    )
  })

  it('has its bill compared with the books', async () => {
    const day = new Date(Date.now() + 8 * hour).toISOString().slice(0, 10)
    await shop.advance(40 * hour)

    const answer = await shop.post('/reconciliations', { date: day, channel: 'alipay' })

    expect(answer.data).toMatchObject({ channel: 'alipay', isEmpty: false })
    expect(answer.data.payments.count).toBeGreaterThan(5)
    expect(shop.logged).not.toContainEqual(expect.objectContaining({ alarm: 'channel_configuration', operation: 'bill' }))
  })
})
