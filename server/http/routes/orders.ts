import { z } from 'zod'
import {
  attemptParams,
  listOf,
  newOrder,
  newRefund,
  order,
  orderParams,
  orderQuery,
  paying,
  payOrder,
  refund,
  refundParams,
  refundQuery,
  retryRefund,
  settleRefund,
  timelineEntry,
} from '../../../shared/api/order.ts'
import type { PayAction } from '../../../shared/kernel/pay.ts'
import type { Cancels } from '../../core/cancel.ts'
import type { Checks } from '../../core/check.ts'
import type { MendRefunds } from '../../core/mend-refund.ts'
import type { Orders, OrderView } from '../../core/orders.ts'
import type { PayPage } from '../../core/pay-page.ts'
import type { Refunds } from '../../core/refunds.ts'
import type { Payments } from '../../core/start-payment.ts'
import { amountIn } from '../amount-in.ts'
import { type CashierUrl, presentOrder, presentPage, presentRefund, presentTimelineEntry } from '../present.ts'
import { presentAction } from '../present-action.ts'
import { type Route, route } from '../route.ts'

type Parts = {
  readonly orders: Orders
  readonly payments: Payments
  readonly checks: Checks
  readonly cancels: Cancels
  readonly refunds: Refunds
  readonly mendRefunds: MendRefunds
  readonly payPage: Pick<PayPage, 'linkInstead'>
  readonly cashierUrl: CashierUrl
}

/** The two-step interface of merchants' servers: an order first, then a way to pay it. */
export function orderRoutes(parts: Parts): Route[] {
  const { orders, payments, checks, cancels, payPage, cashierUrl } = parts
  const present = (view: OrderView) => presentOrder(view, cashierUrl)
  return [
    route({
      method: 'post',
      path: '/orders',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'createOrder',
      summary: {
        en: 'Make an order; the same orderId with the same content is the same order',
        zh: '创建订单；orderId 与内容都相同就是同一个订单',
      },
      description:
        '`orderId` is made when absent: prefix, second and six digits. Until it is paid, nothing of it exists at any channel; `POST /orders/{orderId}/pay` makes an attempt there.',
      refusals: ['CONFLICT', 'UNAVAILABLE'],
      body: newOrder,
      example: { subject: 'Tea', amount: '99.99', orderId: 'T20260102-1', userId: 'u-17', metadata: { table: '12' } },
      status: 201,
      answer: order,
      handle: async ({ body }, { who, once }) => {
        const { money, orderId, expiresIn, metadata = {}, goodsType = 'physical', ...content } = body
        return present(
          await orders.create(
            who.merchantId,
            { orderId, expiresInSeconds: expiresIn, content: { ...content, amount: money, metadata, goodsType } },
            once,
          ),
        )
      },
    }),
    route({
      method: 'get',
      path: '/orders',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listOrders',
      summary: { en: 'List orders, newest first', zh: '订单列表，新的在前' },
      query: orderQuery,
      answer: listOf(order),
      handle: async ({ query: { limit, cursor, ...filter } }, { who }) =>
        presentPage(await orders.list(who.merchantId, filter, { limit, cursor }), present),
    }),
    route({
      method: 'get',
      path: '/orders/:orderId',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getOrder',
      summary: { en: 'Read an order with its attempts and refunds', zh: '读取订单及其支付记录与退款' },
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => present(await orders.get(who.merchantId, params.orderId)),
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/pay',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'payOrder',
      summary: { en: 'Start or repeat the payment of an order', zh: '发起或再次发起订单的支付' },
      description:
        'An attempt of the same means is used again; one of other means is asked about and closed at the channel first. After `CHANNEL_TIMEOUT` nobody knows yet: paying again asks under the same number.',
      asksChannel: true,
      refusals: ['ORDERPAID', 'ORDERCLOSED', 'CONFLICT'],
      params: orderParams,
      body: payOrder,
      bodyIsOptional: true,
      example: { payType: 'NATIVE' },
      answer: paying,
      handle: async ({ params, body }, { who, clientIp }): Promise<z.input<typeof paying>> => {
        const page = body.payType === 'PAGE' ? await payPage.linkInstead(who.merchantId, params.orderId, body) : undefined
        if (page !== undefined)
          return { orderId: params.orderId, outTradeNo: null, payUrl: page, form: null, action: { type: 'redirect', url: page } }
        const { attempt, action } = await payments.pay(who.merchantId, params.orderId, {
          ...body,
          openId: body.openid,
          clientIp: body.clientIp ?? clientIp,
        })
        return {
          orderId: params.orderId,
          outTradeNo: attempt.outTradeNo,
          payUrl: payUrlOf(action),
          form: null,
          action: presentAction(action),
        }
      },
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/check',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'checkOrder',
      summary: { en: 'Ask the channel now and apply what it says', zh: '立即向渠道查询并更新订单' },
      asksChannel: true,
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => present(await checks.check(who.merchantId, params.orderId)),
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/cancel',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'cancelOrder',
      summary: { en: 'Close an unpaid order at the channel and here', zh: '在渠道和本地关闭未支付订单' },
      description: 'Asks the channel, closes there, asks again; cancelling twice is answered as once.',
      asksChannel: true,
      refusals: ['ORDERPAID', 'CONFLICT'],
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => present(await cancels.cancel(who.merchantId, params.orderId)),
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/attempts/:outTradeNo/close',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'closeAttempt',
      summary: {
        en: 'End one attempt at its channel; the order stays and can be paid anew',
        zh: '只在渠道关闭一笔支付，订单保留，可重新支付',
      },
      asksChannel: true,
      refusals: ['ORDERPAID', 'CONFLICT'],
      params: attemptParams,
      answer: order,
      handle: async ({ params }, { who }) => present(await cancels.closeAttempt(who.merchantId, params.orderId, params.outTradeNo)),
    }),
    route({
      method: 'get',
      path: '/orders/:orderId/timeline',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getOrderTimeline',
      summary: {
        en: 'Every request, answer, notification and transition of an order, oldest first',
        zh: '订单的全部请求、应答、通知和状态变化，旧的在前',
      },
      params: orderParams,
      answer: z.object({ items: z.array(timelineEntry) }),
      handle: async ({ params }, { who }) => ({ items: (await orders.timeline(who.merchantId, params.orderId)).map(presentTimelineEntry) }),
    }),
    ...refundRoutes(parts),
  ]
}

function refundRoutes({ orders, refunds, mendRefunds }: Pick<Parts, 'orders' | 'refunds' | 'mendRefunds'>): Route[] {
  return [
    route({
      method: 'post',
      path: '/orders/:orderId/refunds',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'createRefund',
      summary: { en: 'Give money back; without an amount, all that is left', zh: '退款；不写金额则退还全部余额' },
      description:
        'The amount is in the order’s currency and is reserved before anything is sent, so that refunds never exceed the payment. Read the refund until its status is final, or wait for its event.',
      asksChannel: true,
      refusals: ['CONFLICT', 'INVALID_REQUEST', 'UNAVAILABLE'],
      params: orderParams,
      body: newRefund,
      bodyIsOptional: true,
      example: { amount: '9.99', reason: 'one cup broken' },
      status: 201,
      answer: refund,
      handle: async ({ params: { orderId }, body: { amount, ...rest } }, { who, once }) => {
        const { order: refunded } = await orders.get(who.merchantId, orderId)
        const money = amount === undefined ? undefined : amountIn(refunded.amount.currency, 'amount', amount)
        return presentRefund(await refunds.request(who.merchantId, orderId, { ...rest, amount: money }, once))
      },
    }),
    route({
      method: 'get',
      path: '/refunds/:refundId',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getRefund',
      summary: { en: 'Read a refund', zh: '读取退款' },
      params: refundParams,
      answer: refund,
      handle: async ({ params }, { who }) => presentRefund(await refunds.get(who.merchantId, params.refundId)),
    }),
    route({
      method: 'post',
      path: '/refunds/:refundId/retry',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'retryRefund',
      summary: {
        en: 'Send an abnormal refund another way: to a card of the payer’s, or to the merchant’s own account',
        zh: '异常退款改走其他途径：付款人的银行卡，或商户自己的账户',
      },
      asksChannel: true,
      refusals: ['INVALID_REQUEST'],
      params: refundParams,
      body: retryRefund,
      example: { to: 'merchant' },
      answer: refund,
      handle: async ({ params, body }, { who }) => presentRefund(await mendRefunds.retry(who.merchantId, params.refundId, body)),
    }),
    route({
      method: 'post',
      path: '/refunds/:refundId/settle',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'settleRefund',
      summary: { en: 'Say of an abnormal refund how it was settled outside of the channel', zh: '登记异常退款在渠道之外的处理结果' },
      refusals: ['INVALID_REQUEST'],
      params: refundParams,
      body: settleRefund,
      example: { outcome: 'succeeded', note: 'paid back in cash, receipt 17' },
      answer: refund,
      handle: async ({ params, body }, { who }) => presentRefund(await mendRefunds.settleByHand(who.merchantId, params.refundId, body)),
    }),
    route({
      method: 'get',
      path: '/refunds',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listRefunds',
      summary: { en: 'List refunds, newest first', zh: '退款列表，新的在前' },
      query: refundQuery,
      answer: listOf(refund),
      handle: async ({ query: { limit, cursor, ...filter } }, { who }) =>
        presentPage(await refunds.list(who.merchantId, filter, { limit, cursor }), presentRefund),
    }),
  ]
}

/** One address to show or open, where the action is one. */
function payUrlOf(action: PayAction): string | null {
  if (action.type === 'qr') return action.codeUrl
  // A page of the channel's own, which makes the call for merchants without an official account.
  if (action.type === 'wx.requestPayment') return action.cashierUrl ?? null
  return action.type === 'redirect' ? action.url : null
}
