import { z } from 'zod'
import { namePattern, readName } from '../kernel/ids.ts'
import { channelNames } from '../kernel/pay.ts'
import { unmatchedReasons, unmatchedStatuses } from '../kernel/unmatched.ts'
import { line, orderId, page } from './inputs.ts'

const unmatchedId = z
  .string()
  .regex(namePattern, 'is no name of listed money')
  .transform((text, context) => readName('UnmatchedId', text) ?? context.addIssue('is no name of listed money') ?? z.NEVER)
  .meta({ example: 'unm_5f0c2b7d9e1a4c3b8f6d2e7a9b10' })
const note = line(200).meta({ description: 'Why, for whoever asks later', example: 'the payer called; slip 17' })

export const unmatchedParams = z.object({ unmatchedId })
export const unmatchedQuery = z.strictObject({ ...page, status: z.enum(unmatchedStatuses).optional() })
/** POST /unmatched/:unmatchedId/refund; the reason is what the payer is shown. */
export const refundUnmatched = z.strictObject({ reason: line(80).optional(), note })
/** POST /unmatched/:unmatchedId/assign */
export const assignUnmatched = z.strictObject({ orderId, note })
/** POST /unmatched/:unmatchedId/note */
export const noteUnmatched = z.strictObject({ note })

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })

export const unmatched = z
  .object({
    unmatchedId: z.string().meta({ example: 'unm_5f0c2b7d9e1a4c3b8f6d2e7a9b10' }),
    status: z.enum(unmatchedStatuses).meta({
      description:
        '`open`: waits for staff; `refunded`: on its way back, see `refundId`; `assigned`: kept for `orderId`; `noted`: settled outside of the channel, or nothing to do',
      example: 'open',
    }),
    channel: z.enum(channelNames).meta({ example: 'wechat' }),
    account: z.string().meta({ description: 'The set of credentials it went through', example: 'default' }),
    outTradeNo: z.string().meta({ description: 'The number under which the channel knows the payment', example: 'T20260102-1' }),
    transactionId: z.string().meta({
      description: 'The channel’s own number; of money that went back, the number of its refund',
      example: '4200002026010200000000000001',
    }),
    reason: z.enum(unmatchedReasons).meta({
      description:
        '`unknown_number`: nobody here asked for it; `mismatch`: it is not what its attempt asked for; `unknown_refund`: it went back, and nobody here had asked',
      example: 'mismatch',
    }),
    orderId: z
      .string()
      .nullable()
      .meta({ description: 'Whose attempt it was paid for; once it is settled, the order it is in', example: 'T20260102-1' }),
    amount: z.string().nullable().meta({ description: 'Null in a currency this server does not know', example: '99.98' }),
    amountMinor: z.int().meta({ example: 9998 }),
    currency: z.string().meta({ example: 'CNY' }),
    detail: z.string().meta({ example: 'amount 99.98, asked for 99.99' }),
    seenAt: time,
    note: z.string().nullable().meta({ description: 'Why it was settled so', example: null }),
    resolvedAt: time.nullable().meta({ example: null }),
    resolvedBy: z.string().nullable().meta({ description: 'The key it was settled with', example: null }),
    refundId: z.string().nullable().meta({ description: 'The refund that gives it back', example: null }),
  })
  .meta({ id: 'Unmatched', description: 'Money that fits no order, or not its amount, and what staff did about it' })
