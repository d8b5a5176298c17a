import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { SqliteDatabase } from 'kysely'
import { memberOf } from '../lib/member-of.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SqliteUrl } from './database-url.ts'
import type { StoreDialect } from './dialect.ts'
import { patientSqlite } from './patient-sqlite.ts'

/** How long SQLite itself waits for another process's lock, holding up this one: while the file is opened, and for a statement. */
const openingWaitMs = 5000
const statementWaitMs = 5
/** A statement's text is prepared once; so many are kept. */
const maxStatements = 500

const busy = 5
const primaryKeyTaken = 1555
const uniqueTaken = 2067

export function sqliteDialect({ path }: SqliteUrl, { runtime }: { readonly runtime: Runtime }): StoreDialect {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  return {
    kind: 'sqlite',
    kysely: patientSqlite(nodeSqlite(path), runtime, isBusy),
    isDuplicate: isSqliteDuplicate,
    // A busy file was waited for already, statement by statement.
    retryReason: () => undefined,
    isConnectionLost: () => false,
    writers: 1,
  }
}

/** Another row has the key. */
export function isSqliteDuplicate(error: unknown): boolean {
  return [primaryKeyTaken, uniqueTaken].includes(codeOf(error))
}

/** The code's low byte; the rest says on what. */
function isBusy(error: unknown): boolean {
  return codeOf(error) % 256 === busy
}

function codeOf(error: unknown): number {
  const code = memberOf(error, 'errcode')
  return typeof code === 'number' ? code : 0
}

/** Presents Node's own SQLite as the small surface that Kysely's dialect asks for. */
function nodeSqlite(path: string): SqliteDatabase {
  const raw = new DatabaseSync(path, { timeout: openingWaitMs, enableForeignKeyConstraints: true })
  // FULL, so that what was committed is there after a power cut, also in WAL mode.
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  raw.exec(`PRAGMA busy_timeout = ${statementWaitMs}`)
  const prepared = new Map<string, StatementSync>()
  return {
    close: () => raw.close(),
    prepare(text) {
      const statement = prepareOnce(immediate(text))
      const values = (parameters: readonly unknown[]) => parameters.map(bindable)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      }
    },
  }

  function prepareOnce(text: string): StatementSync {
    const known = prepared.get(text)
    if (known) return known
    const statement = raw.prepare(text)
    if (prepared.size >= maxStatements) prepared.clear()
    prepared.set(text, statement)
    return statement
  }
}

/** A transaction that will write takes the lock at once: a reader that turns writer cannot wait for it. */
function immediate(text: string): string {
  return text === 'begin' ? 'begin immediate' : text
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array)
    return value
  throw new TypeError(`a ${typeof value} cannot be bound`)
}
