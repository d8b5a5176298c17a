import { type Instant, later } from '../../shared/kernel/time.ts'
import { listOldRuns, purgeRun } from './bills.ts'
import type { Database } from './database.ts'
import { sweepIdempotency } from './idempotency.ts'
import { sweepInstances } from './instances.ts'
import { sweepLimits } from './limits.ts'
import { sweepDraws } from './number-series.ts'
import { sweepStates } from './used-states.ts'

/** A day's lines are looked at again on the next day alone. */
const billLinesKeptMs = 3 * 24 * 60 * 60 * 1000
/** Longer than an idempotency key lives. */
const drawsKeptMs = 2 * 24 * 60 * 60 * 1000
/** So long it can be told that the store was in use elsewhere. */
const instancesKeptMs = 30 * 24 * 60 * 60 * 1000
/** Longer than a login may take. */
const statesKeptMs = 60 * 60 * 1000
/** An instance whose clock is ahead must not end the windows of the others. */
const limitsKeptMs = 6 * 60 * 60 * 1000
const runsPerSweep = 3

/** Removes what is kept for a time only. */
export async function sweep(db: Database, now: Instant): Promise<void> {
  await sweepIdempotency(db, now)
  await sweepLimits(db, later(now, -limitsKeptMs))
  await sweepDraws(db, later(now, -drawsKeptMs))
  await sweepInstances(db, later(now, -instancesKeptMs))
  await sweepStates(db, later(now, -statesKeptMs))
  for (const runId of await listOldRuns(db, later(now, -billLinesKeptMs), runsPerSweep)) await purgeRun(db, runId)
}
