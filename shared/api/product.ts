import { z } from 'zod'
import { goodsTypes } from '../kernel/pay.ts'
import { amountText, currency, line, productId, webUrl, withMoney } from './inputs.ts'

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
  .transform(withMoney('price'))

/** PATCH /products/:productId */
export const productChange = z
  .strictObject({
    title: line(100).optional(),
    price: amountText.optional(),
    currency: currency.optional(),
    image: image.optional(),
    goodsType: z.enum(goodsTypes).optional(),
    active: z.boolean().optional(),
  })
  .transform(withMoney('price'))

export const productParams = z.object({ productId })

export const product = z
  .object({
    productId: z.string(),
    title: z.string(),
    price: z.string(),
    priceMinor: z.int(),
    currency: z.string(),
    image: z.string().nullable(),
    goodsType: z.enum(goodsTypes),
    active: z.boolean(),
    createdAt: z.string(),
  })
  .meta({ id: 'Product' })
