import { defaultAccount, defaultMerchant } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import type { Orders } from '../core/orders.ts'
import type { OrderLink } from '../core/pay-page.ts'

/** Pages to be looked at: one where the payer chooses how to pay, one that shows WeChat Pay's code at once. */
export type CashierLinks = { readonly h5: string; readonly qr: string }

const weekSeconds = 7 * 24 * 60 * 60

/** Makes two orders that wait to be paid, anew at each start. */
export async function makeOrdersToPay({
  orders,
  cashierUrl,
}: {
  readonly orders: Orders
  readonly cashierUrl: (link: OrderLink) => string
}): Promise<CashierLinks> {
  const make = async (subject: string, body: string, fen: number) => {
    const content = { subject, body, amount: moneyOf(fen, 'CNY'), metadata: {}, goodsType: 'physical' } as const
    const { order } = await orders.create(defaultMerchant, { content, expiresInSeconds: weekSeconds })
    return { merchantId: order.merchantId, orderId: order.orderId }
  }
  const [tea, cup] = [await make('明前龙井 50 g', '春茶，两日内寄出', 6800), await make('手作陶杯', '景德镇手作，每只略有不同', 12_900)]
  return { h5: cashierUrl(tea), qr: cashierUrl({ ...cup, via: { channel: 'wechat', account: defaultAccount } }) }
}
