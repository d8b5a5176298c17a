import { z } from 'zod'
import { channelNames } from '../kernel/pay.ts'
import { accountId, channel } from './inputs.ts'

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a day such as 2026-01-02')
  .meta({ description: 'A day in China', example: '2026-01-02' })

/** POST /reconciliations */
export const newReconciliation = z.strictObject({ date: day, channel: channel.optional(), account: accountId.optional() })
export const reconciliationParams = z.object({ date: day })
export const reconciliationQuery = z.strictObject({ channel: channel.optional(), account: accountId.optional() })

const totals = z.object({
  count: z.int().meta({ example: 3 }),
  amount: z.string().meta({ description: 'In the major unit', example: '299.97' }),
  amountMinor: z.int().meta({ description: 'In the minor unit', example: 29_997 }),
})
export const differenceKinds = ['missing_here', 'missing_there', 'amount', 'state', 'refund', 'fee', 'funds'] as const

export const reconciliation = z
  .object({
    date: z.string().meta({ example: '2026-01-02' }),
    channel: z.enum(channelNames),
    account: z.string().meta({ example: 'default' }),
    status: z.literal('completed'),
    isEmpty: z.boolean().meta({ description: 'Nothing happened that day, says the channel', example: false }),
    withFunds: z.boolean().meta({ description: 'Whether the flow of funds was compared too', example: true }),
    currency: z.string().meta({ example: 'CNY' }),
    payments: totals,
    refunds: totals,
    fee: z.string().meta({ description: 'What the channel took, in the major unit', example: '1.80000' }),
    counts: z.partialRecord(z.enum(differenceKinds), z.int()).meta({ description: 'Differences by kind', example: { amount: 1 } }),
    differences: z
      .array(
        z.object({
          kind: z.enum(differenceKinds),
          number: z.string().meta({ example: 'T20260102-1' }),
          orderId: z.string().nullable().meta({ example: 'T20260102-1' }),
          detail: z.string().meta({ example: 'paid there, pending here' }),
          repaired: z.boolean().meta({ description: 'Whether the books were put right from the bill', example: true }),
        }),
      )
      .meta({ description: 'The first 1000' }),
    completedAt: z.string().meta({ example: '2026-01-03T10:12:00+08:00' }),
  })
  .meta({ id: 'Reconciliation', description: 'What came of comparing a day’s bill with the books' })
