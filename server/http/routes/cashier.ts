import { cart, cashierPay, cashierPaying, login, session } from '../../../shared/api/cashier.ts'
import { listOf, order, orderParams, pageQuery } from '../../../shared/api/order.ts'
import { product, productParams } from '../../../shared/api/product.ts'
import type { OrderId } from '../../../shared/kernel/ids.ts'
import { defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Cancels } from '../../core/cancel.ts'
import type { Cashier } from '../../core/cashier.ts'
import type { Checks } from '../../core/check.ts'
import { orderNotFound } from '../../core/load.ts'
import type { Orders, OrderView, Payer } from '../../core/orders.ts'
import type { Products } from '../../core/products.ts'
import type { Payments } from '../../core/start-payment.ts'
import type { GuardedLogin } from '../login-guard.ts'
import { type CashierUrl, presentOrderToPayer, presentPage, presentProduct } from '../present.ts'
import { presentAction } from '../present-action.ts'
import { type Route, route } from '../route.ts'

type Parts = {
  readonly cashier: Cashier
  readonly products: Products
  readonly orders: Orders
  readonly payments: Payments
  readonly checks: Checks
  readonly cancels: Cancels
  readonly login: GuardedLogin
  readonly cashierUrl: CashierUrl
}

/** What a person who pays may do, in the mini-program. */
export function cashierRoutes({ cashier, products, orders, payments, checks, cancels, cashierUrl, login: logIn }: Parts): Route[] {
  const present = (view: OrderView) => presentOrderToPayer(view, cashierUrl)
  return [
    route({
      method: 'post',
      path: '/cashier/session',
      audience: 'public',
      operationId: 'login',
      summary: { en: 'Exchange a login code for a session', zh: '用登录 code 换取会话' },
      description: 'The code is what `wx.login` (or the OAuth redirect, or Alipay) gave. Neither openid nor session_key leaves the server.',
      asksChannel: true,
      body: login,
      example: { code: '0a3Jq0000xYbXT1Dkl000Wk1vU3Jq00z', app: 'miniprogram' },
      answer: session,
      handle: async ({ body }, { clientIp }) => {
        const { token, expiresInSeconds } = await logIn(body, clientIp)
        return { token, expiresIn: expiresInSeconds }
      },
    }),
    route({
      method: 'get',
      path: '/cashier/products',
      audience: 'public',
      operationId: 'listGoods',
      summary: { en: 'What is for sale; prices are the server’s alone', zh: '在售商品；价格只由服务器决定' },
      query: pageQuery,
      answer: listOf(product),
      handle: async ({ query }) => presentPage(await products.list(defaultMerchant, { activeOnly: true }, query), presentProduct),
    }),
    route({
      method: 'get',
      path: '/cashier/products/:productId',
      audience: 'public',
      operationId: 'getGood',
      summary: { en: 'One thing that is for sale', zh: '一件在售商品' },
      params: productParams,
      answer: product,
      handle: async ({ params }) => presentProduct(await products.getForSale(defaultMerchant, params.productId)),
    }),
    route({
      method: 'post',
      path: '/cashier/orders',
      audience: 'payer',
      operationId: 'createMyOrder',
      summary: { en: 'Order products at the server’s price', zh: '按服务器的价格下单' },
      refusals: ['NOT_FOUND', 'UNAVAILABLE'],
      body: cart,
      example: { items: [{ productId: 'cake', quantity: 2 }] },
      status: 201,
      answer: order,
      handle: async ({ body }, { who, once }) => present(await cashier.order(who, body.items, once)),
    }),
    route({
      method: 'get',
      path: '/cashier/orders',
      audience: 'payer',
      operationId: 'listMyOrders',
      summary: { en: 'My orders, newest first', zh: '我的订单，新的在前' },
      query: pageQuery,
      answer: listOf(order),
      handle: async ({ query }, { who }) => presentPage(await orders.list(who.merchantId, { payerId: who.payerId }, query), present),
    }),
    route({
      method: 'get',
      path: '/cashier/orders/:orderId',
      audience: 'payer',
      operationId: 'getMyOrder',
      summary: { en: 'One of my orders; reading a pending one asks the channel', zh: '我的一个订单；读取未支付订单时会向渠道查询' },
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => {
        await mine(who, params.orderId)
        return present(await checks.glance(who.merchantId, params.orderId))
      },
    }),
    route({
      method: 'post',
      path: '/cashier/orders/:orderId/pay',
      audience: 'payer',
      operationId: 'payMyOrder',
      summary: { en: 'Start or repeat the payment of my order', zh: '发起或再次发起我的订单的支付' },
      asksChannel: true,
      refusals: ['ORDERPAID', 'ORDERCLOSED', 'CONFLICT'],
      params: orderParams,
      body: cashierPay,
      example: { payType: 'MINIPROGRAM' },
      answer: cashierPaying,
      handle: async ({ params, body }, { who, clientIp }) => {
        await mine(who, params.orderId)
        const { action } = await payments.pay(who.merchantId, params.orderId, { payType: body.payType, payer: who, clientIp })
        return { action: presentAction(action) }
      },
    }),
    route({
      method: 'post',
      path: '/cashier/orders/:orderId/cancel',
      audience: 'payer',
      operationId: 'cancelMyOrder',
      summary: { en: 'Cancel my unpaid order', zh: '取消我的未支付订单' },
      asksChannel: true,
      refusals: ['ORDERPAID', 'CONFLICT'],
      params: orderParams,
      answer: order,
      handle: async ({ params }, { who }) => {
        await mine(who, params.orderId)
        return present(await cancels.cancel(who.merchantId, params.orderId))
      },
    }),
  ]

  /** Another's order is not there. */
  async function mine(who: Payer, orderId: OrderId): Promise<OrderView> {
    const view = await orders.get(who.merchantId, orderId)
    if (view.order.payerId !== who.payerId) throw orderNotFound(orderId)
    return view
  }
}
