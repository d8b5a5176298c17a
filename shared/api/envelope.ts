import { z } from 'zod'
import { errorCodeNames } from '../kernel/codes.ts'

/** Every failure. */
export const failure = z
  .object({
    success: z.literal(false),
    error: z.string().meta({ description: 'For people' }),
    code: z.enum(errorCodeNames as [(typeof errorCodeNames)[number], ...typeof errorCodeNames]),
    details: z.record(z.string(), z.unknown()),
    requestId: z.string(),
  })
  .meta({ id: 'Failure' })

/** Every success. */
export function success<Data extends z.ZodType>(data: Data) {
  return z.object({ success: z.literal(true), data })
}
