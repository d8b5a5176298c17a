import type { Db } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'

/** The one id of this installation; `fresh` becomes it when there is none yet. */
export async function ensureInstallation(db: Db, fresh: string): Promise<string> {
  await insertIgnore(db, 'installation', [{ only: 1, installation_id: fresh }])
  const row = await db.query.selectFrom('installation').select('installation_id').where('only', '=', 1).executeTakeFirstOrThrow()
  return row.installation_id
}

/** Writes what is there already: a store that only reads refuses it. */
export async function touchInstallation(db: Db): Promise<void> {
  await db.query.updateTable('installation').set({ only: 1 }).where('only', '=', 1).execute()
}
