import { z } from 'zod'
import { errorCodeNames } from '../kernel/codes.ts'
import { scopes } from '../kernel/scopes.ts'

/** What programs may want to know of a refusal; each member is there where it applies. */
const details = z.strictObject({
  fields: z
    .array(z.object({ path: z.string(), problem: z.string() }))
    .optional()
    .meta({ description: 'All that is wrong with the input' }),
  more: z.int().optional().meta({ description: 'So many further fields are wrong' }),
  hint: z.object({ zh: z.string(), en: z.string() }).optional().meta({ description: 'What to do about it' }),
  channelCode: z.string().optional().meta({ description: 'The channel’s own code' }),
  channelMessage: z.string().optional().meta({ description: 'The channel’s own words' }),
  isRunning: z.literal(true).optional().meta({ description: 'The first request with this Idempotency-Key has not ended yet' }),
  scope: z.enum(scopes).optional().meta({ description: 'What the key would have to carry' }),
  orderId: z.string().optional(),
  refundId: z.string().optional(),
  unmatchedId: z.string().optional().meta({ description: 'The listed money that was settled already' }),
  difference: z.string().optional().meta({ description: 'In what the channel differs from the list now' }),
  refundable: z.string().optional().meta({ description: 'What can still be refunded, in the major unit' }),
  refundableMinor: z.int().optional().meta({ description: 'The same in the minor unit' }),
})

/** Every failure. */
export const failure = z
  .object({
    success: z.literal(false),
    error: z.string().meta({ description: 'For people, in the language of `Accept-Language`' }),
    code: z.enum(errorCodeNames as [(typeof errorCodeNames)[number], ...typeof errorCodeNames]),
    details,
    requestId: z.string().meta({ description: 'What finds the request in the log' }),
  })
  .meta({ id: 'Failure', description: 'Every refusal' })

/** Every success. */
export function success<Data extends z.ZodType>(data: Data) {
  return z.object({ success: z.literal(true), data })
}
