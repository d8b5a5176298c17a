import { z } from 'zod'
import { account, orderNumber } from '../../../shared/api/account.ts'
import type { AccountId } from '../../../shared/kernel/ids.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { Accounts } from '../../core/accounts.ts'
import type { Orders } from '../../core/orders.ts'
import { presentAccount } from '../present.ts'
import { type Route, route } from '../route.ts'

type Parts = {
  readonly accounts: Pick<Accounts, 'seenBy'>
  readonly orders: Pick<Orders, 'drawNumber'>
  readonly policy: { notifyUrl(channel: ChannelName, account: AccountId): string }
}

/** What a merchant's server has to know before it makes an order itself: the accounts there are, and a number to use. */
export function accountRoutes({ accounts, orders, policy }: Parts): Route[] {
  return [
    route({
      method: 'get',
      path: '/accounts',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listAccounts',
      summary: { en: 'The accounts this server was given, without their keys', zh: '本服务器的收款账户，不含密钥' },
      answer: z.object({ items: z.array(account) }),
      handle: async (_, { who }) => ({
        items: accounts.seenBy(who.merchantId).map((one) => presentAccount(one, policy.notifyUrl(one.channel, one.account))),
      }),
    }),
    route({
      method: 'post',
      path: '/order-numbers',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'drawOrderNumber',
      summary: { en: 'A number for an order that is made later', zh: '预先取一个订单号' },
      description: 'For systems that write their own record first. `POST /orders` without an `orderId` draws one by itself.',
      refusals: ['UNAVAILABLE'],
      status: 201,
      answer: orderNumber,
      handle: async (_, { who, once }) => ({ orderId: await orders.drawNumber(who.merchantId, once) }),
    }),
  ]
}
