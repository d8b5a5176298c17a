import type { Insertable } from 'kysely'
import type { Db } from './database.ts'
import type { Schema } from './schema.ts'

/** Inserts rows, leaving out those whose key is taken. @returns how many went in. */
export async function insertIgnore<Name extends keyof Schema>(
  db: Db,
  table: Name,
  rows: readonly Insertable<Schema[Name]>[],
): Promise<number> {
  const insert = db.query.insertInto(table).values(rows as Insertable<Schema[Name]>[])
  const results = await (db.dialect.kind === 'mysql' ? insert.ignore() : insert.onConflict((conflict) => conflict.doNothing())).execute()
  return results.reduce((sum, result) => sum + Number(result.numInsertedOrUpdatedRows ?? 0n), 0)
}

/** Inserts one row; false when its key is taken. */
export async function insertNew<Name extends keyof Schema>(db: Db, table: Name, row: Insertable<Schema[Name]>): Promise<boolean> {
  try {
    await db.query.insertInto(table).values(row).execute()
    return true
  } catch (error) {
    if (db.dialect.isDuplicate(error)) return false
    throw error
  }
}
