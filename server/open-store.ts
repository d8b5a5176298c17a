import type { Config } from './config/config.ts'
import type { Log } from './lib/log.ts'
import type { PromMetrics } from './lib/prom-metrics.ts'
import type { Runtime } from './lib/runtime.ts'
import { closeDatabase, type Database, openDatabase } from './store/database.ts'
import { parseDatabaseUrl } from './store/database-url.ts'
import type { StoreDialect } from './store/dialect.ts'
import { touchInstallation } from './store/installation.ts'
import { isMigrated, migrate } from './store/migrate.ts'

type Outside = {
  readonly config: Pick<Config, 'databaseUrl' | 'migrate'>
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  /** The store's driver; without it, the one that DATABASE_URL asks for. */
  readonly dialect?: StoreDialect | undefined
}

/** Brings the store to this program's schema, whatever MIGRATE says. @returns the versions before and after. */
export async function migrateStore(outside: Outside): Promise<{ from: number; to: number }> {
  const db = await openStore({ ...outside, config: { ...outside.config, migrate: false } })
  try {
    return await migrate(db)
  } finally {
    await closeDatabase(db)
  }
}

/** @throws when it cannot be opened, or holds a newer schema than this program knows. */
export async function openStore({ config, runtime, log, metrics, dialect }: Outside): Promise<Database> {
  const url = parseDatabaseUrl(config.databaseUrl)
  if ('problem' in url) throw new Error(`DATABASE_URL: ${url.problem}`)
  const db = await openDatabase({ url, dialect, runtime, log, metrics })
  if (config.migrate) await migrate(db)
  return db
}

/** @throws when it cannot be read, cannot be written, or its schema is not this program's. */
export async function assertReady(db: Database): Promise<void> {
  if (!(await isMigrated(db))) throw new Error('the schema is not this program’s')
  await touchInstallation(db)
}
