import { z } from 'zod'
import { channelNames, goodsTypes, payTypes } from '../kernel/pay.ts'
import { attemptStatuses, orderStatuses, refundCauses, refundStatuses, refundTotals } from '../kernel/states.ts'
import {
  accountId,
  channel,
  currency,
  instant,
  line,
  metadata,
  openId,
  orderId,
  outTradeNo as outTradeNoIn,
  page,
  payType,
  refundId,
  webUrl,
} from './inputs.ts'
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
export const attemptParams = z.object({ orderId, outTradeNo: outTradeNoIn })
export const refundParams = z.object({ refundId })
export const orderQuery = z.strictObject({
  ...page,
  status: z.enum(orderStatuses).optional(),
  channel: channel.optional().meta({ description: 'Paid there, or the last that was tried while nothing is paid' }),
  from: instant.optional(),
  to: instant.optional(),
})
export const refundQuery = z.strictObject({
  ...page,
  orderId: orderId.optional(),
  status: z.enum(refundStatuses).optional(),
  from: instant.optional(),
  to: instant.optional(),
})
export const pageQuery = z.strictObject(page)

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })
const currencyName = z.string().meta({ example: 'CNY' })
const money = {
  amount: z.string().meta({ description: 'In the major unit', example: '99.99' }),
  amountMinor: z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 }),
  currency: currencyName,
}
const refunded = {
  amount: z.string().meta({ description: 'In the major unit', example: '9.99' }),
  amountMinor: z.int().meta({ description: 'In the minor unit, such as fen', example: 999 }),
  currency: currencyName,
}
const orderNumber = z.string().meta({ description: 'The merchant’s number of the order', example: 'T20260102-1' })
const outTradeNo = z.string().meta({ description: 'The number under which the channel knows an attempt', example: 'T20260102-1' })
const transactionId = z.string().meta({ description: 'The channel’s own number', example: '4200002026010200000000000001' })
const channelName = z.enum(channelNames).meta({ example: 'wechat' })
const accountName = z.string().meta({ description: 'The set of credentials it went through', example: 'default' })
const failure = z.string().nullable().meta({
  description: 'Why it failed or ended, in the words of the channel or of who ended it; merchants see it, payers don’t',
  example: null,
})

export const attempt = z
  .object({
    paymentId: z.string().meta({ example: 'pay_019b7f5e8a7c7d1f' }),
    outTradeNo,
    channel: channelName,
    account: accountName,
    payType: z.enum(payTypes),
    status: z.enum(attemptStatuses).meta({
      description: '`sent`: may have reached the channel, nobody knows yet; `open`: can be paid',
      example: 'succeeded',
    }),
    transactionId: transactionId.nullable(),
    kept: z.boolean().nullable().meta({ description: 'False for a success whose money went back as surplus', example: true }),
    failure,
    createdAt: time,
    expiresAt: time.nullable(),
    succeededAt: time.nullable(),
  })
  .meta({ id: 'Attempt', description: 'One try to pay an order, under a number of its own' })

export const refund = z
  .object({
    refundId: z.string().meta({ description: 'The merchant’s number of the refund; ours when none was given', example: 'R20260102-1' }),
    outRefundNo: z.string().meta({ description: 'The number under which the channel knows it', example: 'R20260102-1' }),
    orderId: orderNumber,
    outTradeNo,
    ...refunded,
    reason: z.string().nullable().meta({ example: 'one cup broken' }),
    cause: z.enum(refundCauses).meta({ description: 'Why money goes back: asked for, surplus that we return, or made outside of us' }),
    status: z.enum(refundStatuses).meta({
      description: '`abnormal`: the payer’s account cannot receive it and someone has to act; its amount stays reserved',
      example: 'succeeded',
    }),
    channelRefundId: z.string().nullable().meta({ description: 'The channel’s own number', example: '50302026010200000000000001' }),
    failure,
    createdAt: time,
    succeededAt: time.nullable(),
  })
  .meta({ id: 'Refund', description: 'Money given back; one of several an order may have' })

export const order = z
  .object({
    orderId: orderNumber,
    subject: z.string().meta({ description: 'What the payer sees', example: 'Tea' }),
    body: z.string().nullable().meta({ example: null }),
    ...money,
    status: z.enum(orderStatuses).meta({ example: 'succeeded' }),
    paidAmount: z.string().meta({
      description: 'What was paid and is kept of it, in the major unit: `amount`, unless staff assigned other money to the order',
      example: '99.99',
    }),
    refundedAmount: z.string().meta({ description: 'What went back, in the major unit', example: '9.99' }),
    refundStatus: z.enum(refundTotals).meta({ example: 'partial' }),
    userId: z.string().nullable().meta({ description: 'The merchant’s own name for the buyer', example: 'u-17' }),
    metadata: z.record(z.string(), z.string()).meta({ example: { table: '12' } }),
    payer: z
      .object({ payerId: z.string().meta({ example: 'usr_019b7f5e8a7c7d1f' }) })
      .nullable()
      .meta({ description: 'Who ordered in the mini-program; null for orders of a merchant’s server', example: null }),
    channel: channelName.nullable().meta({ description: 'Of the attempt whose money is kept; while there is none, of the latest' }),
    payType: z.enum(payTypes).nullable(),
    transactionId: transactionId.nullable(),
    createdAt: time,
    expiresAt: time,
    paidAt: time.nullable(),
    closedAt: time.nullable().meta({ example: null }),
    cashierUrl: z.string().meta({
      description: 'The order’s page, one link for any device; whoever has it may see the order and pay it',
      example: 'https://pay.example.com/pay/D20260102030405017788?k=4p2sQvXy0cW5mTn8Jr3ZkBfh',
    }),
    attempts: z.array(attempt),
    refunds: z.array(refund),
  })
  .meta({ id: 'Order', description: 'Something to be paid once, with everything that was tried and given back' })

/** What `wx.requestPayment` takes. */
export const requestPaymentParams = z.object({
  appId: z.string().meta({ example: 'wx0123456789abcdef' }),
  timeStamp: z.string().meta({ example: '1767294245' }),
  nonceStr: z.string().meta({ example: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS' }),
  package: z.string().meta({ description: 'Passed on as it is', example: 'prepay=wx02030405000000000000000000000000' }),
  signType: z.string().meta({ example: 'RSA' }),
  paySign: z.string().meta({ example: 'oR9d8PuhnIc+YZ8cBHFCwfgpaK9gd7va' }),
})

/** What an app hands to WeChat’s SDK. */
export const appParams = z.object({
  appId: z.string().meta({ example: 'wx0123456789abcdef' }),
  partnerId: z.string().meta({ example: '1900000001' }),
  prepayId: z.string().meta({ example: 'wx02030405000000000000000000000000' }),
  packageValue: z.string().meta({ example: 'Sign=WXPay' }),
  nonceStr: z.string().meta({ example: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS' }),
  timeStamp: z.string().meta({ example: '1767294245' }),
  sign: z.string().meta({ example: 'oR9d8PuhnIc+YZ8cBHFCwfgpaK9gd7va' }),
})

export const payAction = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('wx.requestPayment'),
      params: requestPaymentParams,
    }),
    z.object({
      type: z.literal('wx.app'),
      params: appParams,
    }),
    z.object({
      type: z.literal('qr'),
      codeUrl: z.string().meta({ description: 'What the QR code says', example: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }),
    }),
    z.object({
      type: z.literal('redirect'),
      url: z.string().meta({ example: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay=wx02' }),
    }),
    z.object({ type: z.literal('my.tradePay'), tradeNO: z.string().meta({ example: '2026010222001400000000000001' }) }),
    z.object({ type: z.literal('form'), html: z.string().meta({ example: '<form>…</form>' }) }),
    z.object({ type: z.literal('none') }),
  ])
  .meta({
    id: 'PayAction',
    description: 'What a client does to let the payer pay',
    example: { type: 'qr', codeUrl: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' },
  })

export const paying = z
  .object({
    orderId: orderNumber,
    outTradeNo: outTradeNo.nullable(),
    payUrl: z
      .string()
      .nullable()
      .meta({ description: 'One address to show or open, where the action is one', example: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }),
    form: z.string().nullable().meta({ description: 'A form to submit, where the channel asks for one', example: null }),
    action: payAction,
  })
  .meta({ id: 'Paying' })

export const timelineEntry = z
  .object({
    at: time,
    kind: z.enum(['call', 'notification', 'transition', 'request', 'webhook']),
    title: z.string().meta({ example: 'wechat prepare' }),
    detail: z.record(z.string(), z.unknown()).meta({
      description: 'Secrets are masked; `requests` of a call are what went out, with what came back',
      example: {
        number: 'T20260102-1',
        ms: 85,
        outcome: 'ok',
        requests: [
          {
            request: 'POST https://api.mch.weixin.qq.com/v3/pay/transactions/native',
            status: 200,
            ms: 83,
            theirRequestId: '08F78BB9AF0610',
          },
        ],
      },
    }),
  })
  .meta({ id: 'TimelineEntry', description: 'Something that was said or that changed, about one order' })

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last', example: null }),
  })
}
