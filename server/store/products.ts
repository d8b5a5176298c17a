import type { Selectable } from 'kysely'
import type { MerchantId, ProductId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import type { Product } from '../core/rules/product.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'
import { orNull, orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const columns = ['merchant_id', 'product_id', 'title', 'price_minor', 'currency', 'image', 'goods_type', 'active', 'created_at'] as const

export async function findProduct(db: Db, merchantId: MerchantId, productId: ProductId): Promise<Product | undefined> {
  const row = await db.query
    .selectFrom('products')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('product_id', '=', productId)
    .executeTakeFirst()
  return row && readProduct(row)
}

/** Oldest first, by keyset: a shop's shelf stays where it is. @throws BadCursor */
export async function listProducts(
  db: Db,
  merchantId: MerchantId,
  { activeOnly }: { activeOnly: boolean },
  page: Page,
): Promise<{ items: Product[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('products').select(columns).where('merchant_id', '=', merchantId)
  if (activeOnly) query = query.where('active', '=', 1)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([eb('created_at', '>=', after.at), or([eb('created_at', '>', after.at), eb('product_id', '>', after.id as ProductId)])]),
    )
  const rows = await query
    .orderBy('created_at')
    .orderBy('product_id')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readProduct), page, (product) => ({ at: product.createdAt, id: product.productId }))
}

/** False when the id is taken. */
export async function insertProduct(db: Db, product: Product): Promise<boolean> {
  const { merchantId, productId, title, price, image, goodsType, active, createdAt } = product
  return insertNew(db, 'products', {
    merchant_id: merchantId,
    product_id: productId,
    title,
    price_minor: price.minor,
    currency: price.currency,
    image: orNull(image),
    goods_type: goodsType,
    active: Number(active),
    created_at: createdAt,
  })
}

export async function updateProduct(db: Db, product: Product): Promise<void> {
  const { merchantId, productId, title, price, image, goodsType, active } = product
  await db.query
    .updateTable('products')
    .set({ title, price_minor: price.minor, currency: price.currency, image: orNull(image), goods_type: goodsType, active: Number(active) })
    .where('merchant_id', '=', merchantId)
    .where('product_id', '=', productId)
    .execute()
}

function readProduct(row: Pick<Selectable<Schema['products']>, (typeof columns)[number]>): Product {
  return {
    merchantId: row.merchant_id,
    productId: row.product_id,
    title: row.title,
    price: moneyOf(row.price_minor, row.currency),
    image: orUndefined(row.image),
    goodsType: row.goods_type,
    active: row.active === 1,
    createdAt: row.created_at,
  }
}
