import { z } from 'zod'
import { goodsTypes } from '../kernel/pay.ts'
import { currency, line, productId, webUrl } from './inputs.ts'
import { always, amountIsMoney, amountText, withMoney } from './money-body.ts'

const image = z.union([webUrl, z.string().regex(/^\/[\w\-./]{1,200}$/)], { error: 'is neither an http address nor a path on this site' })

/** POST /products */
export const newProduct = z
  .strictObject({
    productId: productId.optional(),
    title: line(100),
    price: amountText,
    currency: currency.optional(),
    image: image.optional(),
    goodsType: z.enum(goodsTypes).optional(),
    active: z.boolean().optional(),
  })
  .superRefine(amountIsMoney('price'), always)
  .transform(withMoney('price'))

/** PATCH /products/:productId; a price without a currency is in the one the product has; `image: null` takes it away. */
export const productChange = z
  .strictObject({
    title: line(100).optional(),
    price: amountText.optional(),
    currency: currency.optional(),
    image: image.nullable().optional(),
    goodsType: z.enum(goodsTypes).optional(),
    active: z.boolean().optional(),
  })
  .refine(({ price, currency: named }) => named === undefined || price !== undefined, {
    path: ['price'],
    message: 'has to come with a currency',
  })

export const productParams = z.object({ productId })

export const product = z
  .object({
    productId: z.string().meta({ example: 'cake' }),
    title: z.string().meta({ example: 'Cake' }),
    price: z.string().meta({ description: 'In the major unit', example: '129.00' }),
    priceMinor: z.int().meta({ description: 'In the minor unit', example: 12_900 }),
    currency: z.string().meta({ example: 'CNY' }),
    image: z.string().nullable().meta({ example: '/goods/cake.svg' }),
    goodsType: z.enum(goodsTypes),
    active: z.boolean().meta({ description: 'Whether it is for sale', example: true }),
    createdAt: z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' }),
  })
  .meta({ id: 'Product', description: 'Something the mini-program’s shop sells' })
