import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openidOf } from '../../../server/emulator/credentials.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const given = {
  userId: 'user_123',
  contentId: 'content_456',
  amount: 99.99,
  subject: 'Premium Course',
  body: 'One year',
  metadata: { source: 'web' },
}
const made = { paymentId: expect.stringMatching(/^pay_/), outTradeNo: expect.any(String), amount: 99.99, currency: 'CNY' }
/** Alice's number in the app that the way to pay runs under. */
function openid(way: string): string {
  const environment = shop.emulator.environment()
  const appId = way === 'jsapi' ? environment.WECHAT_APP_ID : environment.WECHAT_MINIPROGRAM_APP_ID
  return openidOf(shop.emulator.credentials(), String(appId), 'alice')
}
let keys = 0
const aKey = () => ({ 'idempotency-key': `one-step-${keys++}` })

describe('a payment in one step', () => {
  it('by a QR code answers what the contract shows, the amount as a JSON number', async () => {
    const { status, data, text } = await shop.post('/payments/wechat/native', given)

    expect([status, data]).toEqual([200, { ...made, codeUrl: expect.stringMatching(/^weixin:\/\//) }])
    expect(text).toContain('"amount":99.99')
  })

  it('takes the same members at every address; those of other ways are not looked at', async () => {
    const all = { ...given, openid: openid('jsapi'), authCode: shop.showCode('alipay') }

    for (const way of ['native', 'h5', 'app', 'jsapi'])
      expect(await shop.post(`/payments/wechat/${way}`, all)).toMatchObject({ status: 200 })
    expect((await shop.post('/payments/alipay/micropay', all)).data).toMatchObject({ tradeState: 'SUCCESS' })
  })

  it.each(['jsapi', 'miniprogram'])('by %s answers the parameters of the payment call', async (way) => {
    const { status, data } = await shop.post(`/payments/wechat/${way}`, { ...given, openid: openid(way) })

    const paymentParams = {
      appId: expect.any(String),
      timeStamp: expect.stringMatching(/^\d{10}$/),
      nonceStr: expect.any(String),
      package: `prepay_id=${data.prepayId}`,
      signType: 'RSA',
      paySign: expect.any(String),
    }
    expect([status, data]).toEqual([200, { ...made, prepayId: expect.any(String), paymentParams }])
  })

  it('by an address for phones, in an app, and by the payer’s code', async () => {
    const h5 = await shop.post('/payments/wechat/h5', given)
    const app = await shop.post('/payments/wechat/app', given)
    const code = await shop.post('/payments/alipay/micropay', { ...given, authCode: shop.showCode('alipay') })

    expect(h5.data).toEqual({ ...made, h5Url: expect.stringMatching(/^http/) })
    expect(app.data).toEqual({
      ...made,
      prepayId: expect.any(String),
      paymentParams: expect.objectContaining({ prepayId: app.data.prepayId }),
    })
    expect(code.data).toEqual({ ...made, transactionId: expect.any(String), tradeState: 'SUCCESS' })
  })

  it('is asked for at its channel, read from the books, refunded in part and then in full', async () => {
    const { outTradeNo } = (await shop.post('/payments/wechat/native', given)).data
    expect((await shop.get(`/payments/wechat/query/${outTradeNo}`)).data).toEqual({
      outTradeNo,
      transactionId: null,
      tradeState: 'NOTPAY',
      tradeStateDesc: expect.any(String),
      amount: { total: 9999, currency: 'CNY' },
      payer: { openid: null },
      successTime: null,
    })
    await shop.phone(outTradeNo)

    const paid = await shop.get(`/payments/wechat/query/${outTradeNo}`)
    const refund = await shop.post('/payments/wechat/refund', { outTradeNo, refundAmount: 50, refundReason: 'half' })
    const rest = await shop.post('/payments/wechat/refund', { outTradeNo })
    const over = await shop.post('/payments/wechat/refund', { outTradeNo, refundAmount: '0.01' })

    expect(paid.data).toMatchObject({
      tradeState: 'SUCCESS',
      transactionId: expect.any(String),
      successTime: expect.stringMatching(/\+08:00$/),
    })
    expect(paid.data.payer.openid).toEqual(expect.any(String))
    expect(refund.data).toEqual({
      outTradeNo,
      outRefundNo: expect.any(String),
      refundId: expect.any(String),
      refundAmount: 50,
      status: expect.stringMatching(/^(pending|processing|succeeded)$/),
    })
    expect(rest.data).toMatchObject({ refundAmount: 49.99 })
    expect(over).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', details: { fields: [{ path: 'refundAmount' }] } } })
    expect((await shop.get(`/refunds/${refund.data.refundId}`)).data).toMatchObject({ amount: '50.00' })
    expect((await shop.get(`/payments/wechat/payment/${outTradeNo}`)).data).toEqual({
      id: expect.stringMatching(/^pay_/),
      userId: 'user_123',
      contentId: 'content_456',
      amount: '99.99',
      currency: 'CNY',
      paymentMethod: 'wechat',
      status: 'succeeded',
      metadata: {
        source: 'web',
        outTradeNo,
        transactionId: paid.data.transactionId,
        tradeState: expect.stringMatching(/^(SUCCESS|REFUND)$/),
      },
      createdAt: expect.stringMatching(/\+08:00$/),
      completedAt: expect.stringMatching(/\+08:00$/),
    })
  })

  it('that nobody made is closed, once and again, and then is neither paid nor closed otherwise', async () => {
    const { outTradeNo } = (await shop.post('/payments/wechat/native', given)).data

    for (const _ of [1, 2]) expect((await shop.post('/payments/wechat/close', { outTradeNo })).data).toEqual({ outTradeNo, closed: true })

    expect((await shop.get(`/payments/wechat/query/${outTradeNo}`)).data).toMatchObject({ tradeState: 'CLOSED' })
    expect((await shop.get(`/payments/wechat/payment/${outTradeNo}`)).data).toMatchObject({ status: 'closed', completedAt: null })
  })

  it('that was made is not closed', async () => {
    const { outTradeNo } = (await shop.post('/payments/wechat/native', given)).data
    await shop.phone(outTradeNo)

    expect(await shop.post('/payments/wechat/close', { outTradeNo })).toMatchObject({ status: 409, body: { code: 'ORDERPAID' } })
  })

  it('under one number with one content is one payment, and with another content is refused', async () => {
    const body = { ...given, outTradeNo: 'ONESTEP000001' }
    const [first, second] = [await shop.post('/payments/wechat/native', body), await shop.post('/payments/wechat/native', body)]
    const other = await shop.post('/payments/wechat/native', { ...body, amount: 1 })

    expect(second.data).toEqual(first.data)
    expect(other).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
  })

  it('is given again byte for byte under its Idempotency-Key, and another body under the key is refused', async () => {
    const key = aKey()
    const first = await shop.post('/payments/wechat/native', given, key)
    const again = await shop.post('/payments/wechat/native', given, key)
    const other = await shop.post('/payments/wechat/native', { ...given, amount: '1.00' }, key)

    expect(again.text).toBe(first.text)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } })
  })

  it('says of a wrong input which member is wrong', async () => {
    const answers = await Promise.all([
      shop.post('/payments/wechat/native', { ...given, amount: 0.001 }),
      shop.post('/payments/wechat/jsapi', given),
      shop.post('/payments/wechat/micropay', { ...given, authCode: '12' }),
      shop.post('/payments/cash/native', given),
      shop.get('/payments/wechat/query/NOSUCHNUMBER1'),
    ])

    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [400, 'PARAM_ERROR'],
      [400, 'PARAM_ERROR'],
      [400, 'PARAM_ERROR'],
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
    ])
    expect(answers.slice(0, 3).map(({ body }) => body.details.fields[0].path)).toEqual(['amount', 'openid', 'authCode'])
  })

  it('stands in the list, newest first, each once, by channel and status', async () => {
    const closed = (await shop.post('/payments/alipay/native', given)).data
    await shop.post('/payments/alipay/close', { outTradeNo: closed.outTradeNo })
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { items, nextCursor } = (await shop.get(`/payments?limit=3${cursor}`)).data
      seen.push(...items.map(({ id }: { id: string }) => id))
      if (nextCursor === null) break
      cursor = `&cursor=${nextCursor}`
    }

    const { items } = (await shop.get('/payments?channel=alipay&status=closed')).data
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(closed.paymentId)
    expect(items.map(({ id }: { id: string }) => id)).toContain(closed.paymentId)
    expect(
      items.every(
        ({ paymentMethod, status }: { paymentMethod: string; status: string }) => paymentMethod === 'alipay' && status === 'closed',
      ),
    ).toBe(true)
  })
})

it('the one-step and the two-step interface see the same books', async () => {
  const { outTradeNo, paymentId } = (await shop.post('/payments/wechat/jsapi', { ...given, openid: openid('jsapi') })).data

  const order = (await shop.get(`/orders/${outTradeNo}`)).data

  expect(order).toMatchObject({ orderId: outTradeNo, amount: '99.99', attempts: [{ paymentId, payType: 'JSAPI' }] })
})
