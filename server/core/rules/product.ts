import type { MerchantId, ProductId } from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { GoodsType } from '../../../shared/kernel/pay.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

/** Something the mini-program's shop sells, at the server's price. */
export type Product = {
  readonly merchantId: MerchantId
  readonly productId: ProductId
  readonly title: string
  readonly price: Money
  readonly image?: string | undefined
  readonly goodsType: GoodsType
  readonly active: boolean
  readonly createdAt: Instant
}
