import { z } from 'zod'
import {
  listOf,
  newOrder,
  newRefund,
  order,
  orderParams,
  orderQuery,
  pageQuery,
  paying,
  payOrder,
  refund,
  refundParams,
  refundQuery,
  retryRefund,
  settleRefund,
  timelineEntry,
  unmatched,
} from '../../../shared/api/order.ts'
import type { PayAction } from '../../../shared/kernel/pay.ts'
import type { Cancels } from '../../core/cancel.ts'
import type { Checks } from '../../core/check.ts'
import type { MendRefunds } from '../../core/mend-refund.ts'
import type { Orders } from '../../core/orders.ts'
import type { Refunds } from '../../core/refunds.ts'
import type { Payments } from '../../core/start-payment.ts'
import type { UnmatchedMoney } from '../../core/unmatched.ts'
import { amountIn } from '../amount-in.ts'
import { presentOrder, presentPage, presentRefund, presentTimelineEntry, presentUnmatched } from '../present.ts'
import { type Route, route } from '../route.ts'

type Parts = {
  readonly orders: Orders
  readonly payments: Payments
  readonly checks: Checks
  readonly cancels: Cancels
  readonly refunds: Refunds
  readonly mendRefunds: MendRefunds
  readonly unmatched: UnmatchedMoney
}

/** The two-step interface of merchants' servers: an order first, then a way to pay it. */
export function orderRoutes(parts: Parts): Route[] {
  const { orders, payments, checks, cancels } = parts
  return [
    route({
      method: 'post',
      path: '/orders',
      audience: 'merchant',
      scope: 'pay',
      summary: 'Make an order; the same orderId with the same content is the same order',
      body: newOrder,
      status: 201,
      answer: order,
      handle: async ({ body }, { who, once }) => {
        const { money, orderId, expiresIn, metadata = {}, goodsType = 'physical', ...content } = body
        return presentOrder(
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
      summary: 'List orders, newest first',
      query: orderQuery,
      answer: listOf(order),
      handle: async ({ query: { limit, cursor, ...filter } }, { who }) =>
        presentPage(await orders.list(who.merchantId, filter, { limit, cursor }), presentOrder),
    }),
    route({
      method: 'get',
      path: '/orders/:orderId',
      audience: 'merchant',
      scope: 'read',
      summary: 'Read an order with its attempts and refunds',
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => presentOrder(await orders.get(who.merchantId, params.orderId)),
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/pay',
      audience: 'merchant',
      scope: 'pay',
      summary: 'Start or repeat the payment of an order',
      params: orderParams,
      body: payOrder,
      bodyIsOptional: true,
      answer: paying,
      handle: async ({ params, body }, { who, clientIp }) => {
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
          action: withoutPage(action),
        }
      },
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/check',
      audience: 'merchant',
      scope: 'pay',
      summary: 'Ask the channel now and apply what it says',
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => presentOrder(await checks.check(who.merchantId, params.orderId)),
    }),
    route({
      method: 'post',
      path: '/orders/:orderId/cancel',
      audience: 'merchant',
      scope: 'pay',
      summary: 'Close an unpaid order at the channel and here',
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => presentOrder(await cancels.cancel(who.merchantId, params.orderId)),
    }),
    route({
      method: 'get',
      path: '/orders/:orderId/timeline',
      audience: 'merchant',
      scope: 'read',
      summary: 'Every request, answer, notification and transition of an order, oldest first',
      params: orderParams,
      answer: z.object({ items: z.array(timelineEntry) }),
      handle: async ({ params }, { who }) => ({ items: (await orders.timeline(who.merchantId, params.orderId)).map(presentTimelineEntry) }),
    }),
    ...refundRoutes(parts),
    route({
      method: 'get',
      path: '/unmatched',
      audience: 'merchant',
      scope: 'read',
      summary: 'Money that fits no order, or not its amount',
      query: pageQuery,
      answer: listOf(unmatched),
      handle: async ({ query }, { who }) => presentPage(await parts.unmatched.list(who.merchantId, query), presentUnmatched),
    }),
  ]
}

function refundRoutes({ orders, refunds, mendRefunds }: Pick<Parts, 'orders' | 'refunds' | 'mendRefunds'>): Route[] {
  return [
    route({
      method: 'post',
      path: '/orders/:orderId/refunds',
      audience: 'merchant',
      scope: 'refund',
      summary: 'Give money back; without an amount, all that is left',
      params: orderParams,
      body: newRefund,
      bodyIsOptional: true,
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
      summary: 'Read a refund',
      params: refundParams,
      answer: refund,
      handle: async ({ params }, { who }) => presentRefund(await refunds.get(who.merchantId, params.refundId)),
    }),
    route({
      method: 'post',
      path: '/refunds/:refundId/retry',
      audience: 'merchant',
      scope: 'refund',
      summary: 'Send an abnormal refund another way: to a card of the payer’s, or to the merchant’s own account',
      params: refundParams,
      body: retryRefund,
      answer: refund,
      handle: async ({ params, body }, { who }) => presentRefund(await mendRefunds.retry(who.merchantId, params.refundId, body)),
    }),
    route({
      method: 'post',
      path: '/refunds/:refundId/settle',
      audience: 'merchant',
      scope: 'refund',
      summary: 'Say of an abnormal refund how it was settled outside of the channel',
      params: refundParams,
      body: settleRefund,
      answer: refund,
      handle: async ({ params, body }, { who }) => presentRefund(await mendRefunds.settleByHand(who.merchantId, params.refundId, body)),
    }),
    route({
      method: 'get',
      path: '/refunds',
      audience: 'merchant',
      scope: 'read',
      summary: 'List refunds, newest first',
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

function withoutPage(action: PayAction): PayAction {
  return action.type === 'wx.requestPayment' ? { type: action.type, params: action.params } : action
}
