import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const second = 1000
let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const order = (given = {}) => shop.order({ currency: 'HKD', ...given })
const side = () => shop.side('qfpay')

describe('a payment through QFPay', () => {
  it.each([
    ['NATIVE', {}, 'qr'],
    ['MWEB', { clientIp: '203.0.113.9' }, 'redirect'],
    ['PAGE', {}, 'redirect'],
    ['APP', {}, 'wx.app'],
  ])('by %s is told, kept and refunded in parts', async (payType, more, action) => {
    const { orderId } = await order()
    expect(await shop.pay(orderId, { payType, ...more })).toMatchObject({
      status: 200,
      data: { outTradeNo: orderId, action: { type: action } },
    })

    await shop.phone(orderId)
    expect(await shop.until(orderId, ({ status }) => status === 'succeeded')).toMatchObject({
      channel: 'qfpay',
      attempts: [{ kept: true }],
    })

    expect(await shop.refund(orderId, { amount: '9.99' })).toMatchObject({ status: 201 })
    await shop.until(orderId, ({ refundedAmount }) => refundedAmount === '9.99')
    await shop.advance(2 * second)
    expect(await shop.refund(orderId)).toMatchObject({ status: 201, data: { amount: '90.00' } })
    await shop.until(orderId, ({ refundStatus }) => refundStatus === 'full')
  })

  it('takes the order’s currency to the account that has it, without being told the channel', async () => {
    const { orderId } = await order()

    await shop.pay(orderId)

    expect((await shop.read(orderId)).attempts).toMatchObject([{ channel: 'qfpay' }])
  })

  it('in WeChat goes through QFPay’s own account: code, openid for this payment, parameters, its cashier', async () => {
    const { orderId } = await order({ returnUrl: 'https://shop.example/paid' })
    const oauth = await fetch(side().oauthUrl('https://shop.example/back'), {
      redirect: 'manual',
      headers: { 'user-agent': 'MicroMessenger/8.0' },
    })
    const code = new URL(oauth.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const openid = await side().openid(code)
    const paying = await shop.pay(orderId, { channel: 'qfpay', payType: 'JSAPI', openid })
    expect(paying.data).toMatchObject({
      action: { type: 'wx.requestPayment', params: { signType: 'MD5', package: expect.stringMatching(/^prepay_id=/) } },
    })
    expect(paying.data.action.cashierUrl).toBeUndefined()

    const page = await fetch(paying.data.payUrl)
    expect(await page.text()).toContain('99.99 HKD')
    const form = new URLSearchParams({ ...Object.fromEntries(new URL(paying.data.payUrl).searchParams), do: 'pay' })
    const back = await fetch(paying.data.payUrl.split('?')[0], { method: 'POST', body: form, redirect: 'manual' })

    expect(back.headers.get('location')).toBe('https://shop.example/paid')
    await shop.until(orderId, ({ status }) => status === 'succeeded')
  })

  it('has an openid once only', async () => {
    const oauth = await fetch(side().oauthUrl('https://shop.example/back'), {
      redirect: 'manual',
      headers: { 'user-agent': 'MicroMessenger/8.0' },
    })
    const code = new URL(oauth.headers.get('location') ?? '').searchParams.get('code') ?? ''
    await side().openid(code)

    await expect(side().openid(code)).rejects.toThrow('1104')
  })

  it('outside of WeChat says where to open the link', async () => {
    const page = await fetch(side().oauthUrl('https://shop.example/back'), { redirect: 'manual', headers: { 'user-agent': 'Mozilla/5.0' } })

    expect([page.status, (await page.text()).includes('WeChat')]).toEqual([200, true])
  })

  it('is closed at the channel, and a paid one is not', async () => {
    const { orderId } = await order()
    await shop.pay(orderId)
    expect(await shop.post(`/orders/${orderId}/cancel`)).toMatchObject({ status: 200, data: { status: 'closed' } })
    await expect(shop.phone(orderId)).rejects.toThrow('closed')

    const other = await order()
    await shop.pay(other.orderId)
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: other.orderId } })
    await shop.phone(other.orderId)
    expect(await shop.post(`/orders/${other.orderId}/cancel`)).toMatchObject({ status: 409, body: { code: 'ORDERPAID' } })
  })

  it.each(['forge_notify', 'wrong_amount', 'wrong_merchant', 'wrong_currency', 'truncate_notify'])('believes no %s', async (fault) => {
    const { orderId } = await order()
    await shop.pay(orderId)
    shop.emulator.arm({ fault, match: { outTradeNo: orderId } })
    await shop.phone(orderId)

    const told = [...shop.emulator.state().notification.values()].find((one) => one.outTradeNo === orderId)
    expect(told?.tries[0]?.status).toBeGreaterThanOrEqual(400)
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
  })

  it.each(['status_500', 'bad_signature', 'reset', 'system_error', 'timeout_after'])(
    'takes %s for unknown, and goes on under the same number or another',
    async (fault) => {
      const { orderId } = await order()
      shop.emulator.arm({ fault, times: 3, match: { path: '/qfpay/trade/v1/payment', outTradeNo: orderId } })
      const first = await shop.pay(orderId)
      expect([502, 504]).toContain(first.status)
      expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
      shop.emulator.faults.clear()

      const again = await shop.pay(orderId)

      expect(again).toMatchObject({ status: 200 })
      await shop.phone(again.data.outTradeNo)
      await shop.until(orderId, ({ status }) => status === 'succeeded')
    },
    40_000,
  )

  it('by a code is paid at once, or undone when it stays undecided', async () => {
    const paid = await order()
    expect(await shop.pay(paid.orderId, { payType: 'MICROPAY', authCode: shop.showCode('qfpay'), channel: 'qfpay' })).toMatchObject({
      status: 200,
    })
    expect(await shop.read(paid.orderId)).toMatchObject({ status: 'succeeded', payType: 'MICROPAY' })

    const { orderId } = await order({ amount: '1500.00' })
    await shop.pay(orderId, { payType: 'MICROPAY', authCode: shop.showCode('qfpay'), channel: 'qfpay' })
    await shop.advance(60 * second)
    await shop.until(orderId, ({ attempts }) => attempts[0].status === 'closed')
    expect(side().find(orderId)).toMatchObject({ cancel: '1' })
  })

  it('whose refund was taken unheard is not taken for failed when its number is used and a list does not show it', async () => {
    const { orderId } = await order()
    await shop.pay(orderId, { channel: 'qfpay' })
    await shop.phone(orderId)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    const refundId = `R${orderId}`
    shop.emulator.arm({ fault: 'bad_signature', match: { path: '/qfpay/trade/v1/refund', outTradeNo: orderId } })
    shop.emulator.arm({ fault: 'order_not_exist', match: { path: '/qfpay/trade/v1/query', outTradeNo: refundId }, times: 2 })
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })

    await shop.refund(orderId, { amount: '1.00', refundId })
    const look = async () => {
      await shop.advance(30 * second)
      const seen = await shop.read(orderId)
      expect(seen.refunds[0].status).not.toBe('failed')
      return seen
    }

    expect(await shop.eventually(look, ({ refunds }) => refunds[0].status === 'succeeded')).toMatchObject({ refundedAmount: '1.00' })
  })

  it('whose number is used, by us and unheard, is not given up when a list does not show it', async () => {
    const { orderId } = await order()
    shop.emulator.arm({ fault: 'bad_signature', match: { path: '/qfpay/trade/v1/payment', outTradeNo: orderId } })
    shop.emulator.arm({ fault: 'order_not_exist', match: { path: '/qfpay/trade/v1/query', outTradeNo: orderId } })

    expect(await shop.pay(orderId, { channel: 'qfpay' })).toMatchObject({ status: 502 })
    await shop.pay(orderId, { channel: 'qfpay' })
    expect((await shop.read(orderId)).attempts.map(({ status }: Data) => status)).not.toContain('failed')

    const again = await shop.eventually(
      () => shop.pay(orderId, { channel: 'qfpay' }),
      ({ status }) => status === 200,
    )
    await shop.phone(again.data.outTradeNo)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    expect(shop.logged).not.toContainEqual(expect.objectContaining({ alarm: 'number_reuse', outTradeNo: orderId }))
  })

  it('has its day compared with the books, where a refund that nobody told of is found', async () => {
    const { orderId } = await order()
    await shop.pay(orderId, { channel: 'qfpay' })
    await shop.phone(orderId)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
    const outside: Data = await shop.phone(orderId, 'refund_externally', { amount: 100 })
    const day = new Date(Date.now() + 8 * 3600 * second).toISOString().slice(0, 10)
    await shop.advance(40 * 3600 * second)

    const { data } = await shop.post('/reconciliations', { date: day, channel: 'qfpay' })

    expect(data).toMatchObject({ channel: 'qfpay', isEmpty: false, currency: 'HKD' })
    expect(data.differences).toContainEqual(expect.objectContaining({ kind: 'refund', number: outside.outRefundNo, repaired: true }))
    expect(data.differences.filter(({ repaired }: Data) => !repaired)).toEqual([])
    expect(await shop.read(orderId)).toMatchObject({ refundedAmount: '1.00', refundStatus: 'partial' })
  })

  it('refuses what the account does not take, by name', async () => {
    const { orderId } = await shop.order()

    expect(await shop.pay(orderId, { channel: 'qfpay' })).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'channel' }] } },
    })
  })
})
