import { sql } from 'kysely'
import { memberOf } from '../lib/member-of.ts'
import type { Database } from './database.ts'
import { payments } from './migrations/0001-payments.ts'
import { billIndexes, bills } from './migrations/0002-bills.ts'
import { channelColumns, channelTables } from './migrations/0003-channels.ts'
import { merchantColumns, merchantIndexes, merchantTables } from './migrations/0004-merchants.ts'
import { loginTables } from './migrations/0005-logins.ts'
import { accountTables } from './migrations/0006-accounts.ts'
import { limitTables } from './migrations/0007-limits.ts'
import { unmatchedColumns, unmatchedIndexes } from './migrations/0008-unmatched.ts'
import { homeColumns } from './migrations/0009-home.ts'
import { type AddedColumn, addColumn, createIndex, createTable, type Index, type Table } from './migrations/ddl.ts'

type Version = {
  readonly version: number
  readonly tables: readonly Table[]
  readonly columns?: readonly AddedColumn[]
  readonly indexes?: readonly Index[]
}

/** Every version of the schema, in order. They only ever go forward, and each may run again after it was cut off. */
const migrations: readonly Version[] = [
  { version: 1, tables: payments },
  { version: 2, tables: bills, indexes: billIndexes },
  { version: 3, tables: channelTables, columns: channelColumns },
  { version: 4, tables: merchantTables, columns: merchantColumns, indexes: merchantIndexes },
  { version: 5, tables: loginTables },
  { version: 6, tables: accountTables },
  { version: 7, tables: limitTables },
  { version: 8, tables: [], columns: unmatchedColumns, indexes: unmatchedIndexes },
  { version: 9, tables: [], columns: homeColumns },
]
/** ER_DUP_KEYNAME, ER_DUP_FIELDNAME; SQLite says the second in words only. */
const isThere = [1061, 1060]
const columnIsThere = 'duplicate column name'
/** The version of the schema that this program makes and knows. */
export const newestSchema = migrations.at(-1)?.version ?? 0

/**
 * Brings the schema to this program's version. Two instances may do so at once: every statement may run twice, and the version is
 * written last, by whoever is first.
 *
 * @returns the version before and the version now.
 * @throws when the store holds a newer schema than this program knows.
 */
export async function migrate(db: Database): Promise<{ from: number; to: number }> {
  for (const statement of createTable(db.dialect.kind, {
    name: 'schema_versions',
    columns: { version: 'int', applied_at: 'int' },
    primary: ['version'],
  }))
    await run(db, statement)
  const noted = await notedVersions(db)
  const applied = newestOf(noted)
  if (applied > newestSchema)
    throw new Error(
      `the database has schema version ${applied}, this program knows ${newestSchema}: start a newer program, or restore the backup that goes with this one`,
    )
  for (const { version, tables, columns = [], indexes = [] } of migrations) {
    // Not only what is newer: a version may land after one that has a higher number.
    if (noted.includes(version)) continue
    for (const statement of tables.flatMap((table) => createTable(db.dialect.kind, table))) await run(db, statement)
    for (const column of columns) await run(db, addColumn(db.dialect.kind, column))
    for (const index of indexes) await run(db, createIndex(db.dialect.kind, index))
    await noteVersion(db, version)
  }
  return { from: applied, to: newestSchema }
}

/** The store's schema and this program's; 0 is a store without any. */
export async function schemaVersions(db: Database): Promise<{ applied: number; known: number }> {
  const tables = await db.query.introspection.getTables()
  const hasSchema = tables.some((one) => one.name === 'schema_versions')
  return { applied: hasSchema ? newestOf(await notedVersions(db)) : 0, known: newestSchema }
}

/** Whether the store's schema is this program's. */
export async function isMigrated(db: Database): Promise<boolean> {
  const noted = await notedVersions(db)
  return newestOf(noted) === newestSchema && migrations.every(({ version }) => noted.includes(version))
}

async function notedVersions(db: Database): Promise<number[]> {
  const rows = await db.query.selectFrom('schema_versions').select('version').execute()
  return rows.map(({ version }) => version)
}

function newestOf(noted: readonly number[]): number {
  return Math.max(0, ...noted)
}

async function noteVersion(db: Database, version: number): Promise<void> {
  try {
    await db.query.insertInto('schema_versions').values({ version, applied_at: db.runtime.now() }).execute()
  } catch (error) {
    if (!db.dialect.isDuplicate(error)) throw error
  }
}

/** Another instance may make the same table at the same moment: then the database refuses one of us, and there is the table. */
async function run(db: Database, statement: string, tries = 5): Promise<void> {
  try {
    await sql.raw(statement).execute(db.query)
  } catch (error) {
    if (isDone(error)) return
    if (tries === 0) throw error
    await db.runtime.sleep(50 + (db.runtime.randomBytes(1)[0] ?? 0))
    await run(db, statement, tries - 1)
  }
}

function isDone(error: unknown): boolean {
  const [number, words] = [memberOf(error, 'errno'), memberOf(error, 'message')]
  return (typeof number === 'number' && isThere.includes(number)) || (typeof words === 'string' && words.includes(columnIsThere))
}
