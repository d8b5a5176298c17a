import { type Instant, later } from '../../shared/kernel/time.ts'
import type { Database } from './database.ts'
import { insertNew } from './insert-ignore.ts'

/** So many at once count on one bucket; who loses more often than that is given what he asked for. */
const maxRounds = 20

/** `hasMore`: the window holds more to be leased. */
export type Lease = { readonly granted: number; readonly hasMore: boolean; readonly endsAt: Instant }

/**
 * Takes a part of what a limit has left in its window: by compare-and-set, so that all instances share one budget. A window begins with
 * its first use; one that a clock which was ahead began counts as over.
 *
 * @returns how much was granted, 0 when nothing is left until `endsAt`.
 */
export async function leaseBudget(
  db: Database,
  { bucket, now, windowMs, max, want }: { bucket: string; now: Instant; windowMs: number; max: number; want: number },
): Promise<Lease> {
  const fresh = { since: now, used: want, ends_at: later(now, windowMs) }
  for (let round = 0; round < maxRounds; round++) {
    const row = await db.query.selectFrom('limit_windows').select(['since', 'used']).where('bucket', '=', bucket).executeTakeFirst()
    if (!row) {
      if (await insertNew(db, 'limit_windows', { bucket, ...fresh })) return { granted: want, hasMore: want < max, endsAt: fresh.ends_at }
      continue
    }
    const endsAt = later(row.since, windowMs)
    const isOver = endsAt <= now || row.since > later(now, windowMs)
    const granted = Math.min(want, max - row.used)
    if (!isOver && granted <= 0) return { granted: 0, hasMore: false, endsAt }
    const result = await db.query
      .updateTable('limit_windows')
      .set(isOver ? fresh : { used: row.used + granted })
      .where('bucket', '=', bucket)
      .where('since', '=', row.since)
      .where('used', '=', row.used)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) continue
    if (isOver) return { granted: want, hasMore: want < max, endsAt: fresh.ends_at }
    return { granted, hasMore: row.used + granted < max, endsAt }
  }
  return { granted: want, hasMore: true, endsAt: later(now, windowMs) }
}

/** Removes windows that ended before. */
export async function sweepLimits(db: Database, before: Instant): Promise<void> {
  await db.query.deleteFrom('limit_windows').where('ends_at', '<=', before).execute()
}
