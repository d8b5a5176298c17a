import type { z } from 'zod'
import { listOf } from '../../../shared/api/order.ts'
import {
  accountQuery,
  appAnswer,
  channelParams,
  closeAnswer,
  codeAnswer,
  codePayment,
  h5Answer,
  h5Payment,
  jsapiAnswer,
  nativeAnswer,
  nativePayment,
  numberParams,
  payerPayment,
  paymentClose,
  paymentQuery,
  paymentRecord,
  paymentRefund,
  paymentRefundAnswer,
  tradeAnswer,
} from '../../../shared/api/payment.ts'
import type { ChannelName, PayType } from '../../../shared/kernel/pay.ts'
import type { OneStepPayments } from '../../core/one-step.ts'
import { recordedState } from '../../core/rules/trade-state.ts'
import type { PayAsk } from '../../core/start-payment.ts'
import { amountIn } from '../amount-in.ts'
import { presentPage } from '../present.ts'
import {
  appParamsOf,
  attemptStatusesOf,
  codeUrlOf,
  contentIdName,
  h5UrlOf,
  paramsOf,
  presentMade,
  presentPayment,
  presentPaymentRefund,
  presentTrade,
} from '../present-payment.ts'
import { type Asked, type Route, route } from '../route.ts'

/** What making an order and paying it may be refused for, beside what the channel says. */
const startRefusals = ['ORDERPAID', 'ORDERCLOSED', 'CONFLICT', 'UNAVAILABLE'] as const

type Parts = { readonly oneStep: OneStepPayments }

/** The one-step interface: a payment by one request, known by its outTradeNo. */
export function paymentRoutes({ oneStep }: Parts): Route[] {
  return [...startRoutes(oneStep), ...followRoutes(oneStep)]
}

type Body = z.output<typeof nativePayment>

/** Makes the order that is asked for and starts its payment by these means. */
function start(oneStep: OneStepPayments, { who, once, clientIp }: Asked<'merchant'>, channel: ChannelName, payType: PayType) {
  return (body: Body, more: Partial<PayAsk> = {}) => {
    const { money, outTradeNo, metadata = {}, contentId, account, subject, userId, body: text } = body
    const content = {
      subject,
      body: text,
      userId,
      amount: money,
      metadata: contentId === undefined ? metadata : { ...metadata, [contentIdName]: contentId },
      goodsType: 'physical',
    } as const
    return oneStep.create(who.merchantId, { orderId: outTradeNo, content, means: { clientIp, ...more, channel, account, payType } }, once)
  }
}

function startRoutes(oneStep: OneStepPayments): Route[] {
  const shared = { method: 'post', audience: 'merchant', scope: 'pay', params: channelParams } as const
  return [
    route({
      ...shared,
      path: '/payments/:channel/native',
      operationId: 'payNative',
      summary: { en: 'A QR code that the payer scans', zh: '扫码支付：由付款人扫描的二维码' },
      refusals: startRefusals,
      asksChannel: true,
      body: nativePayment,
      example: { subject: 'Tea', amount: '99.99', userId: 'u-17', contentId: 'c-1' },
      answer: nativeAnswer,
      handle: async ({ params, body }, asked) => {
        const made = await start(oneStep, asked, params.channel, 'NATIVE')(body)
        return { ...presentMade(made), codeUrl: codeUrlOf(made.action) }
      },
    }),
    ...(['JSAPI', 'MINIPROGRAM'] as const).map((payType) =>
      route({
        ...shared,
        path: `/payments/:channel/${payType.toLowerCase()}`,
        operationId: payType === 'JSAPI' ? 'payJsapi' : 'payMiniprogram',
        summary:
          payType === 'JSAPI'
            ? { en: 'A payment within an official account’s page', zh: '公众号网页内支付' }
            : { en: 'A payment within a mini-program', zh: '小程序内支付' },
        refusals: startRefusals,
        asksChannel: true,
        body: payerPayment,
        example: { subject: 'Tea', amount: '99.99', userId: 'u-17', contentId: 'c-1', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
        answer: jsapiAnswer,
        handle: async ({ params, body: { openid, ...body } }, asked) => {
          const made = await start(oneStep, asked, params.channel, payType)(body, { openId: openid })
          return { ...presentMade(made), ...paramsOf(made.action) }
        },
      }),
    ),
    route({
      ...shared,
      path: '/payments/:channel/h5',
      operationId: 'payH5',
      summary: { en: 'An address that a phone’s browser opens', zh: 'H5 支付：手机浏览器打开的地址' },
      refusals: startRefusals,
      asksChannel: true,
      body: h5Payment,
      example: { subject: 'Tea', amount: '99.99', userId: 'u-17', contentId: 'c-1', clientIp: '203.0.113.9' },
      answer: h5Answer,
      handle: async ({ params, body: { clientIp, returnUrl, ...body } }, asked) => {
        const more = { returnUrl, clientIp: clientIp ?? asked.clientIp }
        const made = await start(oneStep, asked, params.channel, 'MWEB')(body, more)
        return { ...presentMade(made), h5Url: h5UrlOf(made.action) }
      },
    }),
    route({
      ...shared,
      path: '/payments/:channel/app',
      operationId: 'payApp',
      summary: { en: 'What an app hands to the channel’s SDK', zh: 'App 支付：交给渠道 SDK 的参数' },
      refusals: startRefusals,
      asksChannel: true,
      body: nativePayment,
      example: { subject: 'Tea', amount: '99.99', userId: 'u-17', contentId: 'c-1' },
      answer: appAnswer,
      handle: async ({ params, body }, asked) => {
        const made = await start(oneStep, asked, params.channel, 'APP')(body)
        return { ...presentMade(made), ...appParamsOf(made.action) }
      },
    }),
    route({
      ...shared,
      path: '/payments/:channel/micropay',
      operationId: 'payByCode',
      summary: { en: 'A payment by the code that the payer shows', zh: '付款码支付：商户扫描付款人出示的码' },
      description:
        'Answered at once; while the payer types a password `tradeState` is USERPAYING, and the payment is asked about and undone when it stays undecided.',
      refusals: startRefusals,
      asksChannel: true,
      body: codePayment,
      example: { subject: 'Tea', amount: '99.99', userId: 'u-17', contentId: 'c-1', authCode: '134579302432164181' },
      answer: codeAnswer,
      handle: async ({ params, body: { authCode, ...body } }, asked) => {
        const made = await start(oneStep, asked, params.channel, 'MICROPAY')(body, { authCode })
        const { attempt, order } = made
        return { ...presentMade(made), transactionId: attempt.transactionId ?? null, tradeState: recordedState(attempt, order) }
      },
    }),
  ]
}

function followRoutes(oneStep: OneStepPayments): Route[] {
  return [
    route({
      method: 'get',
      path: '/payments/:channel/query/:outTradeNo',
      audience: 'merchant',
      scope: 'read',
      operationId: 'queryPayment',
      summary: { en: 'Ask the channel what became of a payment', zh: '向渠道查询支付结果' },
      asksChannel: true,
      params: numberParams,
      query: accountQuery,
      answer: tradeAnswer,
      handle: async ({ params, query }, { who, language }) =>
        presentTrade(await oneStep.query(who.merchantId, { ...params, ...query }), language),
    }),
    route({
      method: 'get',
      path: '/payments/:channel/payment/:outTradeNo',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getPayment',
      summary: { en: 'Read a payment as the books have it', zh: '读取本地的支付记录' },
      params: numberParams,
      query: accountQuery,
      answer: paymentRecord,
      handle: async ({ params, query }, { who }) => presentPayment(await oneStep.find(who.merchantId, { ...params, ...query })),
    }),
    route({
      method: 'post',
      path: '/payments/:channel/refund',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'refundPayment',
      summary: { en: 'Give money back', zh: '退款' },
      refusals: ['CONFLICT', 'INVALID_REQUEST', 'UNAVAILABLE'],
      asksChannel: true,
      params: channelParams,
      body: paymentRefund,
      example: { outTradeNo: 'D20260102030405123456', refundAmount: 9.99, refundReason: 'one cup broken' },
      answer: paymentRefundAnswer,
      handle: async ({ params, body: { outTradeNo, account, refundAmount, refundReason, outRefundNo } }, { who, once }) => {
        const payment = await oneStep.find(who.merchantId, { channel: params.channel, outTradeNo, account })
        const amount = refundAmount === undefined ? undefined : amountIn(payment.order.amount.currency, 'refundAmount', refundAmount)
        return presentPaymentRefund(
          await oneStep.refund(who.merchantId, payment, { amount, reason: refundReason, refundId: outRefundNo }, once),
        )
      },
    }),
    route({
      method: 'post',
      path: '/payments/:channel/close',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'closePayment',
      summary: { en: 'End a payment that nobody made', zh: '关闭无人支付的款项' },
      refusals: ['ORDERPAID', 'CONFLICT'],
      asksChannel: true,
      params: channelParams,
      body: paymentClose,
      example: { outTradeNo: 'D20260102030405123456' },
      answer: closeAnswer,
      handle: async ({ params, body }, { who }) => {
        await oneStep.close(who.merchantId, { channel: params.channel, ...body })
        return { outTradeNo: body.outTradeNo, closed: true as const }
      },
    }),
    route({
      method: 'get',
      path: '/payments',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listPayments',
      summary: { en: 'List payments, newest first', zh: '支付记录列表，新的在前' },
      query: paymentQuery,
      answer: listOf(paymentRecord),
      handle: async ({ query: { limit, cursor, status, ...filter } }, { who }) =>
        presentPage(
          await oneStep.list(
            who.merchantId,
            { ...filter, statuses: status === undefined ? undefined : attemptStatusesOf(status) },
            { limit, cursor },
          ),
          presentPayment,
        ),
    }),
  ]
}
