import { z } from 'zod'
import { channelNames, goodsTypes, payTypes } from '../kernel/pay.ts'
import { attemptStatuses, orderStatuses, refundStatuses, refundTotals } from '../kernel/states.ts'
import { accountId, channel, currency, instant, line, metadata, openId, orderId, page, payType, refundId, webUrl } from './inputs.ts'
import { always, amountIsMoney, amountText, withMoney } from './money-body.ts'

const minExpiry = 60
const maxExpiry = 7 * 24 * 60 * 60

/** POST /orders */
export const newOrder = z
  .strictObject({
    subject: line(127),
    amount: amountText,
    currency: currency.optional(),
    orderId: orderId.optional(),
    expiresIn: z.int().min(minExpiry).max(maxExpiry).optional().meta({ description: 'Seconds until it expires; 1800 when absent' }),
    body: line(500).optional(),
    userId: line(64).optional(),
    metadata: metadata.optional(),
    returnUrl: webUrl.optional(),
    goodsType: z.enum(goodsTypes).optional(),
  })
  .superRefine(amountIsMoney('amount'), always)
  .transform(withMoney('amount'))

export const authCode = z.string().regex(/^\d{16,24}$/, 'is not a payment code')
export const clientIp = z.union([z.ipv4(), z.ipv6()], { error: 'is not an IP address' })

/** POST /orders/:orderId/pay */
export const payOrder = z.strictObject({
  channel: channel.optional(),
  account: accountId.optional(),
  payType: payType.default('NATIVE'),
  openid: openId.optional(),
  authCode: authCode.optional(),
  clientIp: clientIp.optional(),
  returnUrl: webUrl.optional(),
})

/** POST /orders/:orderId/refunds; the amount is in the order's currency. */
export const newRefund = z.strictObject({
  amount: amountText.optional(),
  reason: line(80).optional(),
  refundId: refundId.optional(),
})

/** POST /refunds/:refundId/retry: an abnormal refund goes another way. */
export const retryRefund = z.discriminatedUnion('to', [
  z.strictObject({
    to: z.literal('card'),
    bankType: z.string().regex(/^[0-9A-Z_]{1,32}$/, 'is not a bank type such as ICBC_DEBIT'),
    bankAccount: z.string().regex(/^\d{8,32}$/, 'is not a card number'),
    realName: line(64),
  }),
  z.strictObject({ to: z.literal('merchant') }),
])

/** POST /refunds/:refundId/settle: an abnormal refund was settled outside of the channel. */
export const settleRefund = z.strictObject({ outcome: z.enum(['succeeded', 'closed']), note: line(200) })

export const orderParams = z.object({ orderId })
export const refundParams = z.object({ refundId })
export const orderQuery = z.strictObject({
  ...page,
  status: z.enum(orderStatuses).optional(),
  channel: channel.optional(),
  from: instant.optional(),
  to: instant.optional(),
})
export const refundQuery = z.strictObject({ ...page, orderId: orderId.optional(), status: z.enum(refundStatuses).optional() })
export const pageQuery = z.strictObject(page)

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })
const money = {
  amount: z.string().meta({ description: 'In the major unit', example: '99.99' }),
  amountMinor: z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 }),
  currency: z.string(),
}

export const attempt = z
  .object({
    paymentId: z.string(),
    outTradeNo: z.string(),
    channel: z.enum(channelNames),
    account: z.string(),
    payType: z.enum(payTypes),
    status: z.enum(attemptStatuses),
    transactionId: z.string().nullable(),
    kept: z.boolean().nullable(),
    createdAt: time,
    expiresAt: time.nullable(),
    succeededAt: time.nullable(),
  })
  .meta({ id: 'Attempt', description: 'One try to pay an order, under a number of its own' })

export const refund = z
  .object({
    refundId: z.string(),
    outRefundNo: z.string(),
    orderId: z.string(),
    outTradeNo: z.string(),
    ...money,
    reason: z.string().nullable(),
    status: z.enum(refundStatuses),
    channelRefundId: z.string().nullable(),
    createdAt: time,
    succeededAt: time.nullable(),
  })
  .meta({ id: 'Refund' })

export const order = z
  .object({
    orderId: z.string(),
    subject: z.string(),
    body: z.string().nullable(),
    ...money,
    status: z.enum(orderStatuses),
    refundedAmount: z.string(),
    refundStatus: z.enum(refundTotals),
    userId: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    payer: z.object({ payerId: z.string() }).nullable(),
    channel: z.enum(channelNames).nullable(),
    payType: z.enum(payTypes).nullable(),
    transactionId: z.string().nullable(),
    createdAt: time,
    expiresAt: time,
    paidAt: time.nullable(),
    closedAt: time.nullable(),
    attempts: z.array(attempt),
    refunds: z.array(refund),
  })
  .meta({ id: 'Order' })

export const payAction = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('wx.requestPayment'),
      params: z.object({
        appId: z.string(),
        timeStamp: z.string(),
        nonceStr: z.string(),
        package: z.string(),
        signType: z.string(),
        paySign: z.string(),
      }),
    }),
    z.object({
      type: z.literal('wx.app'),
      params: z.object({
        appId: z.string(),
        partnerId: z.string(),
        prepayId: z.string(),
        packageValue: z.string(),
        nonceStr: z.string(),
        timeStamp: z.string(),
        sign: z.string(),
      }),
    }),
    z.object({ type: z.literal('qr'), codeUrl: z.string() }),
    z.object({ type: z.literal('redirect'), url: z.string() }),
    z.object({ type: z.literal('my.tradePay'), tradeNO: z.string() }),
    z.object({ type: z.literal('form'), html: z.string() }),
    z.object({ type: z.literal('none') }),
  ])
  .meta({ id: 'PayAction', description: 'What a client does to let the payer pay' })

export const paying = z
  .object({ orderId: z.string(), outTradeNo: z.string(), payUrl: z.string().nullable(), form: z.string().nullable(), action: payAction })
  .meta({ id: 'Paying' })

export const timelineEntry = z
  .object({
    at: time,
    kind: z.enum(['call', 'notification', 'transition', 'request', 'webhook']),
    title: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'TimelineEntry' })

export const unmatched = z
  .object({
    channel: z.enum(channelNames),
    account: z.string(),
    outTradeNo: z.string(),
    transactionId: z.string(),
    reason: z.string(),
    orderId: z.string().nullable(),
    amount: z.string().nullable(),
    amountMinor: z.int(),
    currency: z.string(),
    detail: z.string(),
    seenAt: time,
  })
  .meta({ id: 'Unmatched', description: 'Money that fits no order, or not its amount' })

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
