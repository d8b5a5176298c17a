import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asOrderId } from '../../../shared/kernel/ids.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { unmatchedMoneyOf } from '../../support/unmatched-money.ts'

const note = 'slip 17'

describe.each([
  ['WeChat Pay v2', { mode: 'v2' }, { currency: 'CNY' }, {}],
  ['a provider of WeChat Pay', { mode: 'partner' }, { currency: 'CNY' }, {}],
  ['a provider of WeChat Pay v2', { mode: 'partner-v2' }, { currency: 'CNY' }, {}],
  ['QFPay', {}, { currency: 'HKD' }, {}],
  ['Alipay', {}, { currency: 'CNY' }, { channel: 'alipay' }],
] as const)('money through %s that a restored backup knows nothing of', (_name, given, content, means) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await startShop(given)
  })
  afterAll(() => shop.close())
  const { listed, refund, assign } = unmatchedMoneyOf(() => shop)

  /** An order that is paid when the store has forgotten it. */
  async function forgotten() {
    const { orderId } = await shop.order(content)
    await shop.pay(orderId, means)
    await shop.query(async (db) => {
      await db.query.deleteFrom('attempts').where('order_id', '=', asOrderId(orderId)).execute()
      await db.query.deleteFrom('orders').where('order_id', '=', asOrderId(orderId)).execute()
    })
    await shop.phone(orderId)
    return shop.eventually(
      () => listed(orderId),
      (item) => item !== undefined,
    )
  }

  it('goes back in full', async () => {
    const item = await forgotten()

    const { status, data } = await refund(item.unmatchedId, { note })
    await shop.advance(2000)

    expect([item.reason, item.currency, status]).toEqual(['unknown_number', content.currency, 200])
    const seen = await shop.until(item.unmatchedId, ({ refunds }) => refunds[0]?.status === 'succeeded')
    expect(seen).toMatchObject({ status: 'closed', attempts: [{ kept: false }], refunds: [{ refundId: data.refundId, amount: '99.99' }] })
  })

  it('is kept for an order, and refunded from there', async () => {
    const item = await forgotten()
    const { orderId } = await shop.order(content)

    expect((await assign(item.unmatchedId, { orderId, note })).status).toBe(200)
    await shop.refund(orderId)
    await shop.advance(2000)

    expect(await shop.until(orderId, ({ refundStatus }) => refundStatus === 'full')).toMatchObject({
      status: 'succeeded',
      paidAmount: '99.99',
      attempts: [{ outTradeNo: item.outTradeNo, kept: true }],
    })
  })
})
