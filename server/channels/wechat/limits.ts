import type { ChannelLimits } from '../channel.ts'

const day = 24 * 60 * 60 * 1000

/** The same for both versions (v3 fact sheet §2.2, §8, §10; v2 §3). */
export const limits: ChannelLimits = {
  descriptionMaxBytes: 127,
  refundsPerOrder: 50,
  refundWithinMs: 365 * day,
  refundIntervalMs: 60_000,
  notFoundIsUnknownMs: 60_000,
}
