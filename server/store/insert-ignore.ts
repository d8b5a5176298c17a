import type { Insertable } from 'kysely'
import type { Db } from './database.ts'
import type { Schema } from './schema.ts'

/**
 * Inserts rows, leaving out those whose key is taken: all at once as a rule, one by one when a key is. MySQL's INSERT IGNORE is not
 * used because it also cuts text that is too long and writes what it refuses otherwise.
 *
 * @returns how many went in.
 */
export async function insertIgnore<Name extends keyof Schema>(
  db: Db,
  table: Name,
  rows: readonly Insertable<Schema[Name]>[],
): Promise<number> {
  if (await insertNew(db, table, rows)) return rows.length
  if (rows.length === 1) return 0
  let count = 0
  for (const row of rows) if (await insertNew(db, table, row)) count++
  return count
}

/** Inserts a row, or several in one statement; false when a key is taken, and none went in. */
export async function insertNew<Name extends keyof Schema>(
  db: Db,
  table: Name,
  row: Insertable<Schema[Name]> | readonly Insertable<Schema[Name]>[],
): Promise<boolean> {
  try {
    await db.query.insertInto(table).values(row).execute()
    return true
  } catch (error) {
    if (db.dialect.isDuplicate(error)) return false
    throw error
  }
}
