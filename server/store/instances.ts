import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'

/** A server that runs, or ran, on this store. */
export type InstanceSeen = {
  readonly instanceId: string
  readonly publicUrl: string
  readonly startedAt: Instant
  readonly seenAt: Instant
}

/** A server says that it is there; a row that is gone is written again. */
export async function noteInstance(db: Db, { instanceId, publicUrl, startedAt, seenAt }: InstanceSeen): Promise<void> {
  const result = await db.query.updateTable('instances').set({ seen_at: seenAt }).where('instance_id', '=', instanceId).executeTakeFirst()
  if (result.numUpdatedRows > 0n) return
  await insertNew(db, 'instances', { instance_id: instanceId, public_url: publicUrl, started_at: startedAt, seen_at: seenAt })
}

/** Seen last, first. */
export async function listInstances(db: Db, limit: number): Promise<InstanceSeen[]> {
  const rows = await db.query
    .selectFrom('instances')
    .select(['instance_id', 'public_url', 'started_at', 'seen_at'])
    .orderBy('seen_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ instanceId: row.instance_id, publicUrl: row.public_url, startedAt: row.started_at, seenAt: row.seen_at }))
}

export async function sweepInstances(db: Db, before: Instant): Promise<void> {
  await db.query.deleteFrom('instances').where('seen_at', '<', before).execute()
}
