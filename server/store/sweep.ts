import type { Instant } from '../../shared/kernel/time.ts'
import type { Database } from './database.ts'
import { sweepIdempotency } from './idempotency.ts'

/** Removes what is kept for a time only. */
export async function sweep(db: Database, now: Instant): Promise<void> {
  await sweepIdempotency(db, now)
}
