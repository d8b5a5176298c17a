import type { Instant } from '../../shared/kernel/time.ts'
import type { Database, Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'

/** Marks the state of a login as used; false when it was before. Of two at once one is first, whichever instance it asks. */
export async function markStateUsed(db: Db, { state, at }: { state: string; at: Instant }): Promise<boolean> {
  return insertNew(db, 'used_states', { state, used_at: at })
}

/** Forgets those that could not be used any more anyway. */
export async function sweepStates(db: Database, before: Instant): Promise<void> {
  await db.query.deleteFrom('used_states').where('used_at', '<', before).execute()
}
