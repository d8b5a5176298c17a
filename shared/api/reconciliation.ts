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

const totals = z.object({ count: z.int(), amount: z.string(), amountMinor: z.int() })
const kinds = ['missing_here', 'missing_there', 'amount', 'state', 'refund', 'fee', 'funds'] as const

export const reconciliation = z
  .object({
    date: z.string(),
    channel: z.enum(channelNames),
    account: z.string(),
    status: z.literal('completed'),
    isEmpty: z.boolean().meta({ description: 'Nothing happened that day, says the channel' }),
    withFunds: z.boolean().meta({ description: 'Whether the flow of funds was compared too' }),
    currency: z.string(),
    payments: totals,
    refunds: totals,
    fee: z.string().meta({ description: 'What the channel took, in the major unit' }),
    counts: z.partialRecord(z.enum(kinds), z.int()),
    differences: z
      .array(
        z.object({
          kind: z.enum(kinds),
          number: z.string(),
          orderId: z.string().nullable(),
          detail: z.string(),
          repaired: z.boolean(),
        }),
      )
      .meta({ description: 'The first 1000' }),
    completedAt: z.string(),
  })
  .meta({ id: 'Reconciliation' })
