import { asOwnId, type MerchantId, type ProductId } from '../../shared/kernel/ids.ts'
import { newId } from '../lib/ids.ts'
import { findProduct, insertProduct, listProducts, updateProduct } from '../store/products.ts'
import { AppError } from './error.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Parts } from './parts.ts'
import type { Product } from './rules/product.ts'

export type ProductContent = Pick<Product, 'title' | 'price' | 'image' | 'goodsType' | 'active'>

export type Products = ReturnType<typeof makeProducts>

/** What a merchant's shop sells. */
export function makeProducts({ db, runtime }: Pick<Parts, 'db' | 'runtime'>) {
  return { list, get, getForSale, create, update, withdraw }

  async function list(
    merchantId: MerchantId,
    filter: { activeOnly: boolean },
    page: PageAsk,
  ): Promise<{ items: Product[]; nextCursor?: string | undefined }> {
    return paged(listProducts(db, merchantId, filter, page))
  }

  /** @throws AppError NOT_FOUND */
  async function get(merchantId: MerchantId, productId: ProductId): Promise<Product> {
    const product = await findProduct(db, merchantId, productId)
    if (!product) throw new AppError('NOT_FOUND', `product ${productId} does not exist`)
    return product
  }

  /** @throws AppError NOT_FOUND, also when it is off the shelf. */
  async function getForSale(merchantId: MerchantId, productId: ProductId): Promise<Product> {
    const product = await get(merchantId, productId)
    if (!product.active) throw new AppError('NOT_FOUND', `product ${productId} is not for sale any more`)
    return product
  }

  /** @throws AppError CONFLICT when the id is taken. */
  async function create(
    merchantId: MerchantId,
    content: ProductContent,
    productId = asOwnId('ProductId', newId(runtime, 'prd')),
  ): Promise<Product> {
    const product: Product = { ...content, merchantId, productId, createdAt: runtime.now() }
    if (await insertProduct(db, product)) return product
    throw new AppError('CONFLICT', `product ${productId} exists`)
  }

  /** Changes what is given, leaves the rest. @throws AppError NOT_FOUND */
  async function update(merchantId: MerchantId, productId: ProductId, change: Partial<ProductContent>): Promise<Product> {
    const product = { ...(await get(merchantId, productId)), ...change }
    await updateProduct(db, product)
    return product
  }

  /** Orders keep what they bought, so a product is taken off the shelf, not out of the books. @throws AppError NOT_FOUND */
  async function withdraw(merchantId: MerchantId, productId: ProductId): Promise<Product> {
    return update(merchantId, productId, { active: false })
  }
}
