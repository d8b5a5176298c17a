import { z } from 'zod'
import { channelNames } from '../kernel/pay.ts'
import { refundStatuses } from '../kernel/states.ts'
import { tradeStates } from '../kernel/trade-states.ts'
import { accountId, channel, currency, instant, line, metadata, openId, orderId, outTradeNo, page, refundId, webUrl } from './inputs.ts'
import { always, amountIsMoney, amountText, withMoney } from './money-body.ts'
import { appParams, authCode, clientIp, requestPaymentParams } from './order.ts'

/** What became of a payment, as its record says. */
export const paymentStatuses = ['pending', 'succeeded', 'failed', 'closed'] as const

const payment = {
  userId: line(64).optional(),
  contentId: line(64).optional(),
  amount: amountText,
  currency: currency.optional(),
  subject: line(127),
  body: line(500).optional(),
  outTradeNo: orderId.optional(),
  metadata: metadata.optional(),
  account: accountId.optional(),
}
/** One set of members for every way to pay, so that a caller changes the address alone. */
const ofOtherWays = {
  openid: openId.optional().meta({ description: 'For jsapi and miniprogram; not looked at here' }),
  authCode: authCode.optional().meta({ description: 'For micropay; not looked at here' }),
}

function newPayment<More extends z.ZodRawShape>(more: More) {
  return z.strictObject({ ...payment, ...more }).superRefine(amountIsMoney('amount'), always)
}

export const nativePayment = newPayment(ofOtherWays).transform(withMoney('amount'))
/** For JSAPI and in mini-programs: the payer's number in that app. Alipay and QFPay know theirs by the same member. */
export const payerPayment = newPayment({ ...ofOtherWays, openid: openId }).transform(withMoney('amount'))
export const h5Payment = newPayment({ ...ofOtherWays, clientIp: clientIp.optional(), returnUrl: webUrl.optional() }).transform(
  withMoney('amount'),
)
export const codePayment = newPayment({ ...ofOtherWays, authCode }).transform(withMoney('amount'))

export const channelParams = z.object({ channel })
export const numberParams = z.object({ channel, outTradeNo })
export const accountQuery = z.strictObject({ account: accountId.optional() })

/** POST /payments/:channel/refund */
export const paymentRefund = z.strictObject({
  outTradeNo,
  refundAmount: amountText.optional().meta({ description: 'All that is left when absent', example: 99.99 }),
  refundReason: line(80).optional(),
  outRefundNo: refundId.optional(),
  account: accountId.optional(),
})
/** POST /payments/:channel/close */
export const paymentClose = z.strictObject({ outTradeNo, account: accountId.optional() })
export const paymentQuery = z.strictObject({
  ...page,
  channel: channel.optional(),
  account: accountId.optional().meta({ description: 'Of this account alone; of all when absent' }),
  status: z.enum(paymentStatuses).optional(),
  from: instant.optional(),
  to: instant.optional(),
})

const money = {
  amount: z.number().meta({ description: 'In the major unit', example: 99.99 }),
  currency: z.string().meta({ example: 'CNY' }),
}
const paymentId = z.string().meta({ example: 'pay_01kyz3c4h0w8r5t2v9x1b3d5f7' })
const number = z.string().meta({ description: 'The number under which the channel knows it', example: 'D20260102030405123456' })
const made = { paymentId, outTradeNo: number, ...money }
const transactionId = z.string().nullable().meta({ description: 'The channel’s own number', example: '4200002026010200000000000001' })
const tradeState = z.enum(tradeStates)
const prepayId = z
  .string()
  .meta({ description: 'The channel’s number of what the payer is asked to pay', example: 'wx02030405000000000000000000000000' })
const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })

export const nativeAnswer = z.object({ ...made, codeUrl: z.string().meta({ example: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }) })
export const h5Answer = z.object({
  ...made,
  h5Url: z.string().meta({ example: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay=wx02' }),
})
const forAlipay = z.object({ tradeNO: z.string() })
export const jsapiAnswer = z.object({
  ...made,
  prepayId,
  paymentParams: z
    .union([requestPaymentParams, forAlipay])
    .meta({ description: 'For wx.requestPayment or WeixinJSBridge; for my.tradePay' }),
})
export const appAnswer = z.object({ ...made, prepayId, paymentParams: appParams })
export const codeAnswer = z.object({ ...made, transactionId, tradeState })

export const tradeAnswer = z
  .object({
    outTradeNo: number,
    transactionId,
    tradeState,
    tradeStateDesc: z.string().meta({ example: 'Paid' }),
    amount: z.object({ total: z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 }), currency: money.currency }),
    payer: z.object({ openid: z.string().nullable().meta({ example: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }) }),
    successTime: time.nullable(),
  })
  .meta({ id: 'Trade', description: 'A payment as its channel knows it' })

export const paymentRefundAnswer = z.object({
  outTradeNo: number,
  outRefundNo: z.string().meta({ example: 'R20260102-1' }),
  refundId: z.string().meta({ description: 'As GET /refunds/:refundId takes it', example: 'R20260102-1' }),
  refundAmount: z.number().meta({ description: 'In the major unit', example: 9.99 }),
  status: z.enum(refundStatuses),
})
export const closeAnswer = z.object({ outTradeNo: number, closed: z.literal(true) })

export const paymentRecord = z
  .object({
    id: paymentId,
    userId: z.string().nullable().meta({ example: 'u-17' }),
    contentId: z.string().nullable().meta({ example: 'c-1' }),
    amount: z.string().meta({ description: 'In the major unit', example: '99.99' }),
    currency: money.currency,
    paymentMethod: z.enum(channelNames),
    status: z.enum(paymentStatuses),
    metadata: z.object({ outTradeNo: number, transactionId, tradeState }).catchall(z.string().nullable()),
    createdAt: time,
    completedAt: time.nullable(),
  })
  .meta({ id: 'PaymentRecord', description: 'A payment as the books know it' })
