import type { Db } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'
import { orUndefined } from './json-column.ts'

/** The one id of this installation; `fresh` becomes it when there is none yet. */
export async function ensureInstallation(db: Db, fresh: string): Promise<string> {
  await insertIgnore(db, 'installation', [{ only: 1, installation_id: fresh, home_url: null }])
  const row = await db.query.selectFrom('installation').select('installation_id').where('only', '=', 1).executeTakeFirstOrThrow()
  return row.installation_id
}

/** Writes what is there already: a store that only reads refuses it. */
export async function touchInstallation(db: Db): Promise<void> {
  await db.query.updateTable('installation').set({ only: 1 }).where('only', '=', 1).execute()
}

/** The public address at which the work of this store is done; undefined before anybody began. */
export async function homeOf(db: Db): Promise<string | undefined> {
  const row = await db.query.selectFrom('installation').select('home_url').where('only', '=', 1).executeTakeFirst()
  return orUndefined(row?.home_url ?? null)
}

/** False when somebody else moved it meanwhile. */
export async function moveHome(db: Db, from: string | undefined, to: string): Promise<boolean> {
  const result = await db.query
    .updateTable('installation')
    .set({ home_url: to })
    .where('only', '=', 1)
    .where('home_url', from === undefined ? 'is' : '=', from ?? null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** What stands inside order numbers changes with it, from the next start on. */
export async function renameInstallation(db: Db, installationId: string): Promise<void> {
  await db.query.updateTable('installation').set({ installation_id: installationId }).where('only', '=', 1).execute()
}
