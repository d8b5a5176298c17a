import type { z } from 'zod'
import { orderParams } from '../../../shared/api/order.ts'
import { linkOrder, linkPay, linkPaying } from '../../../shared/api/pay-page.ts'
import type { OrderView } from '../../core/orders.ts'
import type { PayPage } from '../../core/pay-page.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { LinkAddresses } from '../link-addresses.ts'
import { presentAction } from '../present-action.ts'
import { presentLinkOrder, presentQr } from '../present-link.ts'
import { type Route, route } from '../route.ts'

type Parts = {
  readonly payPage: PayPage
  readonly linkAddresses: LinkAddresses
  readonly merchantName: string
  readonly runtime: Pick<Runtime, 'now'>
}

/** What the page of an order asks. The link in the address is the credential; amount and payer are never taken from the request. */
export function linkRoutes({ payPage, linkAddresses, merchantName, runtime }: Parts): Route[] {
  const present = (view: OrderView) => presentLinkOrder(view, { merchant: merchantName, now: runtime.now() })
  return [
    route({
      method: 'get',
      path: '/cashier/links/:orderId',
      audience: 'link',
      operationId: 'readLinkedOrder',
      summary: { en: 'Read the order of a link', zh: '读取链接所指的订单' },
      description: 'Reading a pending order asks the channel, at most once in three seconds.',
      params: orderParams,
      answer: linkOrder,
      handle: async (_input, { who }) => present(await payPage.look(who, { asks: true })),
    }),
    route({
      method: 'post',
      path: '/cashier/links/:orderId/pay',
      audience: 'link',
      operationId: 'payLinkedOrder',
      summary: { en: 'Start or repeat the payment of a link’s order', zh: '发起或继续支付链接所指的订单' },
      description:
        'How is decided by the browser that asks: a code on a desktop, a way out on a phone, the bridge inside WeChat. Where it has to be known first who pays, the action leads to the login.',
      asksChannel: true,
      refusals: ['NOAUTH', 'ORDERPAID', 'ORDERCLOSED', 'CONFLICT'],
      params: orderParams,
      body: linkPay,
      bodyIsOptional: true,
      answer: linkPaying,
      handle: async ({ body }, { who, clientIp }): Promise<z.input<typeof linkPaying>> => {
        const next = await payPage.pay(who, { channel: body.channel, clientIp })
        if (next.is === 'login') return { action: { type: 'redirect', url: linkAddresses.login(who, next.way.channel) }, qr: null }
        const { action, endsAt } = next
        return { action: presentAction(action), qr: action.type === 'qr' ? presentQr(action.codeUrl, endsAt) : null }
      },
    }),
  ]
}
