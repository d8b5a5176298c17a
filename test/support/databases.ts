import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../server/lib/prom-metrics.ts'
import { closeDatabase, type Database, openDatabase } from '../../server/store/database.ts'
import { parseDatabaseUrl } from '../../server/store/database-url.ts'
import { migrate } from '../../server/store/migrate.ts'
import { silentLog } from './silent-log.ts'

export type StoreKind = 'sqlite' | 'mysql'

/** On which store this run of an integration test works; the whole suite runs on both. */
export const storeKind: StoreKind = Reflect.get(globalThis, 'storeKind') === 'mysql' ? 'mysql' : 'sqlite'

export type FreshDatabase = { readonly url: string; drop(): Promise<void> }

/** An empty database of its own. */
export async function freshDatabase(kind: StoreKind = storeKind): Promise<FreshDatabase> {
  return kind === 'sqlite' ? freshFile() : freshSchema()
}

async function freshFile(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'shouyin-db-'))
  return { url: `sqlite:${folder}/test.sqlite`, drop: () => rm(folder, { recursive: true, force: true }) }
}

async function freshSchema(): Promise<FreshDatabase> {
  const server = process.env.TEST_MYSQL_URL
  if (!server) throw new Error('TEST_MYSQL_URL is not set: run the tests with npm test')
  const name = `test_${randomBytes(6).toString('hex')}`
  await ask(server, `CREATE DATABASE ${name} CHARACTER SET latin1`)
  return { url: server.replace(/\/[^/]*$/, `/${name}`), drop: () => ask(server, `DROP DATABASE ${name}`) }
}

async function ask(server: string, statement: string): Promise<void> {
  // The product's entry to the package, and by callbacks: of its promises jest has been seen to give what was none.
  const connection = createConnection(server)
  try {
    await new Promise<void>((resolve, reject) => connection.query(statement, (error) => (error ? reject(error) : resolve())))
  } finally {
    await new Promise<void>((resolve) => connection.end(() => resolve()))
  }
}

/** An open, migrated store; `end` closes and removes it. */
export async function openTestDatabase(kind: StoreKind = storeKind): Promise<{ db: Database; url: string; end(): Promise<void> }> {
  const fresh = await freshDatabase(kind)
  const db = await openUrl(fresh.url)
  await migrate(db)
  return {
    db,
    url: fresh.url,
    end: async () => {
      await closeDatabase(db)
      await fresh.drop()
    },
  }
}

export async function openUrl(text: string): Promise<Database> {
  const url = parseDatabaseUrl(text)
  if ('problem' in url) throw new Error(url.problem)
  return openDatabase({ url, runtime: makeNodeRuntime(), log: silentLog, metrics: makeMetrics() })
}
