import { z } from 'zod'
import {
  asOpenId,
  namePattern,
  orderIdPattern,
  readName,
  readOrderId,
  readOutTradeNo,
  readRefundId,
  refundIdPattern,
} from '../kernel/ids.ts'
import { type Currency, currencyNames } from '../kernel/money.ts'
import { channelNames, type PayType, payTypes } from '../kernel/pay.ts'
import { parseInstant } from '../kernel/time.ts'

/** A line of text: trimmed of nothing, with something to see in it, without control characters and halves of characters. */
export function line(max: number) {
  return z
    .string()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'has characters that cannot be shown')
    .refine((text) => text === '' || text.trim() !== '', 'is blank')
}

export const orderId = z
  .string()
  .regex(orderIdPattern, 'is not 6 to 32 letters, digits, _, - or *')
  .transform((text, context) => readOrderId(text) ?? context.addIssue('is no order number') ?? z.NEVER)
  .meta({ example: 'T20260102-1' })
export const refundId = z
  .string()
  .regex(refundIdPattern, 'is not 1 to 64 letters, digits, _, - or *')
  .transform((text, context) => readRefundId(text) ?? context.addIssue('is no refund number') ?? z.NEVER)
  .meta({ example: 'R20260102-1' })
export const outTradeNo = z
  .string()
  .transform((text, context) => readOutTradeNo(text) ?? context.addIssue('is not a number such as D20260102030405123456') ?? z.NEVER)
  .meta({ example: 'D20260102030405123456' })
export const productId = z
  .string()
  .regex(namePattern, 'is not 1 to 64 letters, digits, _, - or .')
  .transform((text, context) => readName('ProductId', text) ?? context.addIssue('is no product number') ?? z.NEVER)
  .meta({ example: 'cake' })
export const accountId = z
  .string()
  .regex(namePattern, 'is not the name of an account')
  .transform((text, context) => readName('AccountId', text) ?? context.addIssue('is no account') ?? z.NEVER)
  .meta({ description: 'One set of credentials on a channel; the default one when absent', example: 'default' })
export const openId = z
  .string()
  .regex(/^[0-9A-Za-z_-]{6,128}$/, 'is not an openid')
  .transform(asOpenId)
export const currency = z.enum(currencyNames as [Currency, ...Currency[]])
export const channel = z.enum(channelNames)
export const webUrl = z
  .string()
  .max(512)
  .refine((text) => URL.canParse(text) && /^https?:\/\//i.test(text) && !/[\s\\]/.test(text), 'is not an http or https address')

/** `H5` is another name of `MWEB`. */
export const payType = z.enum([...payTypes, 'H5']).transform((word): PayType => (word === 'H5' ? 'MWEB' : word))

/** RFC 3339 with an offset. In an address a `+` that was not written `%2B` arrives as a blank, which stands nowhere else in a time. */
export const instant = z
  .string()
  .max(40)
  .transform(
    (text, context) =>
      parseInstant(text.replace(/ (?=\d{2}:\d{2}$)/, '+')) ??
      context.addIssue('is not a time such as 2026-01-02T03:04:05+08:00') ??
      z.NEVER,
  )
  .meta({ description: 'RFC 3339 with an offset', example: '2026-01-02T03:04:05+08:00' })

export const page = {
  // An address holds text: digits are a number, `1e1` and `0x10` are none.
  limit: z
    .preprocess((text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text), z.int().min(1).max(100))
    .default(20)
    .meta({ description: 'How many, 1 to 100; 20 when absent' }),
  cursor: z.string().max(256).optional().meta({ description: 'nextCursor of the page before' }),
}

const metadataMax = 20
export const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((members) => Object.keys(members).length <= metadataMax, `has more than ${metadataMax} members`)
  .refine(
    (members) => Object.entries(members).every(([name, value]) => name.isWellFormed() && value.isWellFormed() && !value.includes('\u0000')),
    'has characters that cannot be stored',
  )
