import { Kysely, type Transaction } from 'kysely'
import type { Log } from '../lib/log.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { DatabaseUrl } from './database-url.ts'
import type { StoreDialect } from './dialect.ts'
import type { Schema } from './schema.ts'

/** The store. A query on it takes a connection of its own; inside a transaction only the transaction is queried. */
export type Database = {
  readonly kind: 'database'
  readonly query: Kysely<Schema>
  readonly dialect: StoreDialect
  readonly runtime: Runtime
  readonly metrics: Pick<Metrics, 'dbRetries' | 'dbCommitUnknown'>
}

/** An open transaction. Of another type than the store, so that one cannot be given for the other. */
export type Tx = { readonly kind: 'transaction'; readonly query: Transaction<Schema>; readonly dialect: StoreDialect }

/** What a query can be asked of. */
export type Db = Database | Tx

type Outside = { readonly runtime: Runtime; readonly log: Log; readonly metrics: Pick<Metrics, 'dbRetries' | 'dbCommitUnknown'> }

/** Opens the store, with a driver handed in or the one of its address; nothing is read or written yet but the settings of a SQLite file. */
export async function openDatabase({
  url,
  dialect: given,
  ...outside
}: Outside & { readonly url: DatabaseUrl; readonly dialect?: StoreDialect | undefined }): Promise<Database> {
  const dialect = given ?? (await dialectOf(url, outside))
  return {
    kind: 'database',
    query: new Kysely<Schema>({ dialect: dialect.kysely }),
    dialect,
    runtime: outside.runtime,
    metrics: outside.metrics,
  }
}

export async function closeDatabase(db: Database): Promise<void> {
  await db.query.destroy()
}

/** Only the driver that is used is loaded. */
async function dialectOf(url: DatabaseUrl, outside: Outside): Promise<StoreDialect> {
  if (url.kind === 'sqlite') return (await import('./sqlite.ts')).sqliteDialect(url, outside)
  return (await import('./mysql.ts')).mysqlDialect(url, outside)
}
