import { z } from 'zod'
import { readOutTradeNo } from '../kernel/ids.ts'
import { channelNames } from '../kernel/pay.ts'
import { refundStatuses } from '../kernel/states.ts'
import { tradeStates } from '../kernel/trade-states.ts'
import { accountId, channel, currency, line, metadata, openId, orderId, page, refundId, webUrl } from './inputs.ts'
import { always, amountIsMoney, amountText, withMoney } from './money-body.ts'
import { authCode, clientIp } from './order.ts'

/** What became of a payment, as its record says. */
export const paymentStatuses = ['pending', 'succeeded', 'failed', 'closed'] as const

const outTradeNo = z
  .string()
  .transform((text, context) => readOutTradeNo(text) ?? context.addIssue('is not a number such as D20260102030405123456') ?? z.NEVER)

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

function newPayment<More extends z.ZodRawShape>(more: More) {
  return z.strictObject({ ...payment, ...more }).superRefine(amountIsMoney('amount'), always)
}

export const nativePayment = newPayment({}).transform(withMoney('amount'))
/** For JSAPI and in mini-programs: the payer's number in that app. Alipay and QFPay know theirs by the same member. */
export const payerPayment = newPayment({ openid: openId }).transform(withMoney('amount'))
export const h5Payment = newPayment({ clientIp: clientIp.optional(), returnUrl: webUrl.optional() }).transform(withMoney('amount'))
export const codePayment = newPayment({ authCode }).transform(withMoney('amount'))

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
  status: z.enum(paymentStatuses).optional(),
})

const money = {
  amount: z.number().meta({ description: 'In the major unit', example: 99.99 }),
  currency: z.string().meta({ example: 'CNY' }),
}
const made = {
  paymentId: z.string().meta({ example: 'pay_01kyz3c4h0w8r5t2v9x1b3d5f7' }),
  outTradeNo: z.string().meta({ example: 'D20260102030405123456' }),
  ...money,
}

export const nativeAnswer = z.object({ ...made, codeUrl: z.string().meta({ example: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }) })
export const h5Answer = z.object({ ...made, h5Url: z.string() })
const requestPayment = z.object({
  appId: z.string(),
  timeStamp: z.string(),
  nonceStr: z.string(),
  package: z.string(),
  signType: z.string().meta({ example: 'RSA' }),
  paySign: z.string(),
})
const forAlipay = z.object({ tradeNO: z.string() })
export const jsapiAnswer = z.object({
  ...made,
  prepayId: z.string().meta({ description: 'The channel’s number of what the payer is asked to pay' }),
  paymentParams: z.union([requestPayment, forAlipay]).meta({ description: 'For wx.requestPayment or WeixinJSBridge; for my.tradePay' }),
})
const appParams = z.object({
  appId: z.string(),
  partnerId: z.string(),
  prepayId: z.string(),
  packageValue: z.string(),
  nonceStr: z.string(),
  timeStamp: z.string(),
  sign: z.string(),
})
export const appAnswer = z.object({ ...made, prepayId: z.string(), paymentParams: appParams })
export const codeAnswer = z.object({ ...made, transactionId: z.string().nullable(), tradeState: z.enum(tradeStates) })

export const tradeAnswer = z
  .object({
    outTradeNo: z.string(),
    transactionId: z.string().nullable(),
    tradeState: z.enum(tradeStates),
    tradeStateDesc: z.string(),
    amount: z.object({ total: z.int().meta({ description: 'In the minor unit, such as fen', example: 9999 }), currency: z.string() }),
    payer: z.object({ openid: z.string().nullable() }),
    successTime: z.string().nullable().meta({ description: 'RFC 3339, +08:00' }),
  })
  .meta({ id: 'Trade', description: 'A payment as its channel knows it' })

export const paymentRefundAnswer = z.object({
  outTradeNo: z.string(),
  outRefundNo: z.string(),
  refundId: z.string().meta({ description: 'As GET /refunds/:refundId takes it' }),
  refundAmount: z.number(),
  status: z.enum(refundStatuses),
})
export const closeAnswer = z.object({ outTradeNo: z.string(), closed: z.literal(true) })

export const paymentRecord = z
  .object({
    id: z.string(),
    userId: z.string().nullable(),
    contentId: z.string().nullable(),
    amount: z.string().meta({ example: '99.99' }),
    currency: z.string(),
    paymentMethod: z.enum(channelNames),
    status: z.enum(paymentStatuses),
    metadata: z
      .object({ outTradeNo: z.string(), transactionId: z.string().nullable(), tradeState: z.enum(tradeStates) })
      .catchall(z.string().nullable()),
    createdAt: z.string(),
    completedAt: z.string().nullable(),
  })
  .meta({ id: 'PaymentRecord', description: 'A payment as the books know it' })
