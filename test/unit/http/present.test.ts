import { describe, expect, it } from '@jest/globals'
import {
  presentAttempt,
  presentOrder,
  presentPage,
  presentProduct,
  presentRefund,
  presentTimelineEntry,
  presentUnmatched,
} from '../../../server/http/present.ts'
import * as schemas from '../../../shared/api/order.ts'
import { product as productSchema } from '../../../shared/api/product.ts'
import { unmatched as unmatchedSchema } from '../../../shared/api/unmatched.ts'
import {
  asOpenId,
  asOrderId,
  asOutTradeNo,
  asOwnId,
  asRefundId,
  asTransactionId,
  defaultAccount,
  defaultMerchant,
} from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { later } from '../../../shared/kernel/time.ts'
import { aDay, anAttempt, anOrder, aRefund } from '../../support/builders.ts'

const strange = {
  unmatchedId: asOwnId('UnmatchedId', 'unm_1'),
  merchantId: defaultMerchant,
  channel: 'wechat',
  account: defaultAccount,
  outTradeNo: asOutTradeNo('D202601020304050001'),
  transactionId: asTransactionId('4200000001'),
  reason: 'mismatch',
  detail: 'a fen less',
  seenAt: aDay,
} as const
const cashierUrl = () => 'https://pay.example/pay/D202601020304050001?k=x'

describe('an order goes out', () => {
  it('with every member of the interface, absent ones as null', () => {
    const presented = presentOrder({ order: anOrder(), attempts: [], refunds: [] }, cashierUrl)

    expect(presented).toEqual({
      orderId: 'D202601020304050001',
      subject: 'Tea',
      body: null,
      amount: '99.99',
      amountMinor: 9999,
      currency: 'CNY',
      status: 'pending',
      paidAmount: '0.00',
      refundedAmount: '0.00',
      refundStatus: 'none',
      userId: null,
      metadata: {},
      payer: null,
      channel: null,
      payType: null,
      transactionId: null,
      createdAt: '2026-01-02T12:00:00+08:00',
      expiresAt: '2026-01-02T12:30:00+08:00',
      paidAt: null,
      closedAt: null,
      cashierUrl: 'https://pay.example/pay/D202601020304050001?k=x',
      attempts: [],
      refunds: [],
    })
    expect(schemas.order.strict().safeParse(presented).success).toBe(true)
  })

  it.each([
    [0, '0.00', 'none'],
    [1, '0.01', 'partial'],
    [9999, '99.99', 'full'],
  ])('with what was refunded of it: %i fen are %s, %s', (refunded, refundedAmount, refundStatus) => {
    const order = anOrder({ status: 'succeeded', paid: asMinor(9999), refunded: asMinor(refunded) })

    expect(presentOrder({ order, attempts: [], refunds: [] }, cashierUrl)).toMatchObject({ refundedAmount, refundStatus })
  })

  it('in yen without decimals', () => {
    expect(presentOrder({ order: anOrder({ amount: moneyOf(100, 'JPY') }), attempts: [], refunds: [] }, cashierUrl)).toMatchObject({
      amount: '100',
      amountMinor: 100,
      currency: 'JPY',
      refundedAmount: '0',
    })
  })

  it('without the openid, the merchant, or anything the interface does not name', () => {
    const attempt = anAttempt({ ask: { ...anAttempt().ask, openId: asOpenId('o-very-secret') } })
    const order = { ...anOrder({ payerId: asOwnId('PayerId', 'usr_1') }), unnamed: 'o-very-secret' }

    const text = JSON.stringify(presentOrder({ order, attempts: [attempt], refunds: [aRefund()] }, cashierUrl))

    expect(text).not.toContain('o-very-secret')
    expect(text).not.toContain(defaultMerchant)
    expect(JSON.parse(text).payer).toEqual({ payerId: 'usr_1' })
  })
})

describe('an attempt goes out', () => {
  it('as it is when it succeeded, with whether its money is kept', () => {
    const presented = presentAttempt(
      anAttempt({ status: 'succeeded', kept: false, transactionId: asTransactionId('4200000001'), succeededAt: later(aDay, 60_000) }),
    )

    expect(presented).toEqual({
      paymentId: 'pay_1',
      outTradeNo: 'D202601020304050001',
      channel: 'wechat',
      account: 'default',
      payType: 'MINIPROGRAM',
      status: 'succeeded',
      transactionId: '4200000001',
      kept: false,
      failure: null,
      createdAt: '2026-01-02T12:00:00+08:00',
      expiresAt: '2026-01-02T12:30:00+08:00',
      succeededAt: '2026-01-02T12:01:00+08:00',
    })
    expect(schemas.attempt.strict().safeParse(presented).success).toBe(true)
  })
})

describe('the rest goes out by the members its schema names', () => {
  it('a refund', () => {
    const presented = presentRefund(aRefund({ reason: 'broken' }))

    expect(presented).toMatchObject({ refundId: 'ref_1', outRefundNo: 'ref_1', amount: '10.00', amountMinor: 1000, reason: 'broken' })
    expect(schemas.refund.strict().safeParse(presented).success).toBe(true)
  })

  it('a product', () => {
    const presented = presentProduct({
      merchantId: defaultMerchant,
      productId: asOwnId('ProductId', 'cake'),
      title: 'Cake',
      price: moneyOf(3850, 'HKD'),
      goodsType: 'physical',
      active: true,
      createdAt: aDay,
    })

    expect(presented).toMatchObject({ price: '38.50', priceMinor: 3850, currency: 'HKD', image: null })
    expect(productSchema.strict().safeParse(presented).success).toBe(true)
  })

  it('a line of the timeline', () => {
    const presented = presentTimelineEntry({ at: aDay, kind: 'call', title: 'prepare', detail: { status: 200 } })

    expect(presented).toEqual({ at: '2026-01-02T12:00:00+08:00', kind: 'call', title: 'prepare', detail: { status: 200 } })
  })

  it.each([
    ['CNY', '99.98'],
    ['XXX', null],
  ])('money that fits nothing, in %s', (currency, amount) => {
    const presented = presentUnmatched({ ...strange, amountMinor: 9998, currency })

    expect(presented).toMatchObject({ status: 'open', amount, amountMinor: 9998, currency, orderId: null, note: null, resolvedAt: null })
    expect(unmatchedSchema.strict().safeParse(presented).success).toBe(true)
  })

  it('money that staff settled, with how, why, when and by whom', () => {
    const resolution = {
      status: 'refunded',
      note: 'slip 17',
      by: asOwnId('KeyId', 'key_1'),
      at: later(aDay, 1000),
      refundId: asRefundId('ref_1'),
    } as const

    expect(presentUnmatched({ ...strange, amountMinor: 9998, currency: 'CNY', orderId: asOrderId('D-1'), resolution })).toMatchObject({
      status: 'refunded',
      note: 'slip 17',
      resolvedBy: 'key_1',
      resolvedAt: '2026-01-02T12:00:01+08:00',
      orderId: 'D-1',
      refundId: 'ref_1',
    })
  })

  it('a page, whose last has no cursor', () => {
    expect(presentPage({ items: [1, 2], nextCursor: 'c' }, String)).toEqual({ items: ['1', '2'], nextCursor: 'c' })
    expect(presentPage({ items: [] }, String)).toEqual({ items: [], nextCursor: null })
  })
})
