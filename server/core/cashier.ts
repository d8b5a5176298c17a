import type { ProductId } from '../../shared/kernel/ids.ts'
import { addMoney, type Money, timesMoney } from '../../shared/kernel/money.ts'
import type { GoodsType } from '../../shared/kernel/pay.ts'
import { AppError } from './error.ts'
import type { OnceRecord } from './once.ts'
import type { Orders, OrderView, Payer } from './orders.ts'
import type { Products } from './products.ts'
import type { Product } from './rules/product.ts'

export type CartItem = { readonly productId: ProductId; readonly quantity: number }

export type Cashier = ReturnType<typeof makeCashier>

/** What a payer may do: see what is for sale and order it at the server's price. */
export function makeCashier({ orders, products }: { orders: Orders; products: Products }) {
  return { order }

  /**
   * @throws AppError NOT_FOUND when a product is not for sale; PARAM_ERROR when the items do not go into one order.
   */
  async function order(payer: Payer, items: readonly CartItem[], once?: OnceRecord): Promise<OrderView> {
    const lines = await Promise.all(
      items.map(async (item) => ({ ...item, product: await products.getForSale(payer.merchantId, item.productId) })),
    )
    const content = {
      subject: subjectOf(lines),
      body: lines
        .map(({ product, quantity }) => `${product.title} ×${quantity}`)
        .join('；')
        .slice(0, 500),
      amount: totalOf(lines),
      payerId: payer.payerId,
      payerAppId: payer.appId,
      metadata: {
        items: lines
          .map(({ productId, quantity }) => `${productId}*${quantity}`)
          .join(',')
          .slice(0, 500),
      },
      goodsType: goodsTypeOf(lines),
    }
    return orders.create(payer.merchantId, { content }, once)
  }
}

type Line = { readonly product: Product; readonly quantity: number }

function totalOf(lines: readonly Line[]): Money {
  const prices = lines.map(({ product, quantity }) => timesMoney(product.price, quantity))
  const [first, ...rest] = prices
  if (!first) throw items('is empty; at least one product')
  if (rest.some((price) => price.currency !== first.currency)) throw items('mix currencies; order them one currency at a time')
  return rest.reduce(addMoney, first)
}

function subjectOf(lines: readonly Line[]): string {
  const [first] = lines
  if (!first) throw items('is empty; at least one product')
  return lines.length === 1 ? `${first.product.title} ×${first.quantity}` : `${first.product.title} 等${lines.length}件`
}

function goodsTypeOf(lines: readonly Line[]): GoodsType {
  return lines.some(({ product }) => product.goodsType === 'physical') ? 'physical' : 'virtual'
}

function items(problem: string): AppError {
  return new AppError('PARAM_ERROR', `items ${problem}`, { details: { fields: [{ path: 'items', problem }] } })
}
