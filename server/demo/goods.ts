import { asOwnId, defaultMerchant } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { AppError } from '../core/error.ts'
import type { Products } from '../core/products.ts'

const goods = [
  { productId: 'tea', title: '明前龙井 50 g', price: moneyOf(6800, 'CNY'), goodsType: 'physical' },
  { productId: 'cup', title: '手作陶杯', price: moneyOf(12900, 'CNY'), goodsType: 'physical' },
  { productId: 'cake', title: '桂花糕', price: moneyOf(1990, 'CNY'), goodsType: 'physical' },
  { productId: 'ebook', title: '电子书《茶经今译》', price: moneyOf(990, 'CNY'), goodsType: 'virtual' },
  { productId: 'sticker', title: '一分钱贴纸', price: moneyOf(1, 'CNY'), goodsType: 'physical' },
] as const

/** A few things to sell; what is there already, or was changed, stays as it is. */
export async function seedGoods(products: Products): Promise<void> {
  for (const { productId, ...content } of goods) {
    try {
      await products.create(defaultMerchant, { ...content, active: true }, asOwnId('ProductId', productId))
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error
    }
  }
}
