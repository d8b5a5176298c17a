import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { StoreDialect } from '../../server/store/dialect.ts'
import { mysqlErrors } from '../../server/store/mysql-errors.ts'
import { isSqliteDuplicate } from '../../server/store/sqlite.ts'
import { type Engine, type Lane, Violation } from './engine.ts'
import type { Faults } from './faults.ts'
import { makeLaggingNode, newPath, openRaw, removeFile } from './forgetful.ts'
import type { Settings } from './plan.ts'
import type { Draw } from './random.ts'

const maxDelayMs = 50
/** Beyond this a transaction of one instance holds up all others: it waits for something that is no statement. */
type Connection = { readonly lane: Lane; isOpen: boolean; pending: number }

export type SimulatedStore = ReturnType<typeof makeStore>
type Outside = {
  readonly engine: Engine
  readonly draw: Draw
  readonly faults: Faults
  readonly settings: Settings
  /** Told after every commit. */
  readonly onCommit: () => void
  readonly met: (what: string) => void
}

/** One SQLite database in memory, lent to the instances by handles that are slow, that fail, and that die with their instance. */
export function makeStore({ engine, draw, faults, settings, onCommit, met }: Outside) {
  const opened = openRaw(settings)
  let { raw } = opened
  const lagging = opened.path === undefined ? undefined : makeLaggingNode(opened.path, () => draw('schedule', 'lag'), engine.now)
  let snapshot: Snapshot | undefined
  let prepared = new Map<string, StatementSync>()
  let owner: Connection | undefined
  let forgotten: string | undefined
  const waiting: Array<{ readonly connection: Connection; readonly go: () => void }> = []
  return {
    raw: () => raw,
    dialectFor,
    release,
    isHeld: () => owner !== undefined,
    assertNoWaiting,
    forgetSoon,
    close,
  }

  /** The next commit is remembered; so many commits later the store is what it was then. */
  function forgetSoon(commits: number, told: Forgetting): void {
    snapshot = { path: undefined, left: commits, told }
  }

  /** After every commit. */
  function committed(): void {
    lagging?.committed()
    onCommit()
    if (!snapshot) return
    if (snapshot.path === undefined) {
      snapshot.path = newPath()
      raw.exec(`vacuum into '${snapshot.path}'`)
      snapshot.told.remembered()
    } else if (--snapshot.left === 0) engine.schedule('chaos/forget', 0, forget)
  }

  /** Nobody is left who remembers: all instances were killed before. */
  function forget(): void {
    const { path, told } = snapshot ?? {}
    snapshot = undefined
    if (path === undefined || !told) return
    told.forgetting()
    raw.close()
    raw = new DatabaseSync(path)
    raw.exec('pragma journal_mode = memory; pragma synchronous = off')
    prepared = new Map()
    forgotten = path
    told.forgot()
  }

  function close(): void {
    lagging?.close()
    raw.close()
    for (const path of [opened.path, forgotten, snapshot?.path]) if (path !== undefined) removeFile(path)
  }

  /** Nothing may be waited for inside a transaction but the database (I20). */
  function assertNoWaiting(): void {
    if (owner && owner.pending === 0 && !owner.lane.isDead && owner.lane.pausedUntil <= engine.now())
      throw new Violation('I20', `${owner.lane.name} holds a transaction open while it waits for something else`)
  }

  /** An instance died: what it had open is undone. */
  function release(lane: Lane): void {
    if (owner?.lane === lane) undo(owner)
    for (let at = waiting.length - 1; at >= 0; at--) if (waiting[at]?.connection.lane === lane) waiting.splice(at, 1)
    passOn()
  }

  function undo(connection: Connection): void {
    if (owner !== connection) return
    raw.exec('rollback')
    connection.isOpen = false
    owner = undefined
    passOn()
  }

  function passOn(): void {
    if (owner || waiting.length === 0) return
    const [next] = waiting.splice(Math.floor(draw('schedule', 'db/lock') * waiting.length), 1)
    next?.go()
  }

  /** Waits until nobody else's transaction is open. */
  async function free(connection: Connection): Promise<void> {
    while (owner && owner !== connection) {
      await new Promise<void>((resolve) => {
        waiting.push({ connection, go: () => engine.schedule(`${connection.lane.name}/db/lock`, 0, resolve, { lane: connection.lane }) })
      })
    }
  }

  function dialectFor(lane: Lane): StoreDialect {
    const dialect: Dialect = {
      createAdapter: () => new SqliteAdapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => connect(lane),
        beginTransaction: async (on) => begin((on as Handle).connection),
        commitTransaction: async (on) => commit((on as Handle).connection),
        rollbackTransaction: async (on) => rollback((on as Handle).connection),
        releaseConnection: async () => {},
        destroy: async () => {},
      }),
    }
    const isMysql = settings.errors === 'mysql'
    return {
      kind: 'sqlite',
      kysely: dialect,
      isDuplicate: isSqliteDuplicate,
      retryReason: (error) => (isMysql ? mysqlErrors.retryReason(error) : undefined),
      isConnectionLost: (error) => isMysql && mysqlErrors.isConnectionLost(error),
      writers: 1,
    }
  }

  type Handle = DatabaseConnection & { readonly connection: Connection }

  function connect(lane: Lane): Handle {
    const connection: Connection = { lane, isOpen: false, pending: 0 }
    return {
      connection,
      executeQuery: async <R>(query: CompiledQuery) => execute(connection, query) as Promise<QueryResult<R>>,
      streamQuery: () => {
        throw new Error('nothing is streamed from the store')
      },
    }
  }

  async function pause(connection: Connection, what: string): Promise<void> {
    const label = `${connection.lane.name}/db/${what}`
    connection.pending++
    const slow = faults.happens('slow', label) ? 20 : 1
    await engine.wait(label, 1 + slow * maxDelayMs * draw('schedule', label) ** 3, { lane: connection.lane })
    connection.pending--
  }

  async function begin(connection: Connection): Promise<void> {
    await pause(connection, 'begin')
    await free(connection)
    raw.exec('begin immediate')
    connection.isOpen = true
    owner = connection
  }

  async function commit(connection: Connection): Promise<void> {
    await pause(connection, 'commit')
    const where = `${connection.lane.name}/commit`
    if (!connection.isOpen) throw lost()
    if (settings.errors === 'mysql') {
      if (faults.happens('commit-undone', where)) return fail(connection, { errno: 1213, message: 'Deadlock found (certification)' })
      if (faults.happens('commit-lost-undone', where)) {
        met('commit-unknown-undone')
        return fail(connection, lost())
      }
    }
    raw.exec('commit')
    connection.isOpen = false
    owner = undefined
    committed()
    passOn()
    await pause(connection, 'committed')
    if (settings.errors === 'mysql' && faults.happens('commit-lost-landed', where)) {
      met('commit-unknown-landed')
      throw lost()
    }
  }

  function fail(connection: Connection, error: object): never {
    undo(connection)
    throw Object.assign(new Error('message' in error ? String(error.message) : 'failed'), error)
  }

  async function rollback(connection: Connection): Promise<void> {
    if (!connection.isOpen) return
    await pause(connection, 'rollback')
    undo(connection)
  }

  async function execute(connection: Connection, { sql, parameters }: CompiledQuery): Promise<QueryResult<unknown>> {
    const what = titleOf(sql)
    await pause(connection, what)
    if (!connection.isOpen) await free(connection)
    const where = `${connection.lane.name}/${what}`
    if (faults.happens('db-fails', where)) failStatement(connection, where)
    const isRead = what.startsWith('select')
    if (lagging && isRead && !connection.isOpen && isMade()) return { rows: lagging.read(sql, parameters) }
    const result = run(sql, parameters)
    if (!connection.isOpen && !isRead) committed()
    if (!connection.isOpen && settings.errors === 'mysql' && !what.startsWith('select') && faults.happens('commit-lost-landed', where))
      throw lost()
    return result
  }

  /** While the schema is being made, nobody lags. */
  function isMade(): boolean {
    return !settings.startsEmpty
  }

  function failStatement(connection: Connection, where: string): never {
    met('db-error')
    const kinds = settings.errors === 'mysql' ? mysqlFailures : sqliteFailures
    const error = kinds[Math.floor(draw('schedule', `error ${where}`) * kinds.length)] ?? kinds[0]
    // A deadlock and a lost connection undo everything; a lock that was waited for too long, the statement alone.
    if (error.undoes && connection.isOpen) undo(connection)
    throw Object.assign(new Error(error.message), error)
  }

  function run(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    let statement = prepared.get(sql)
    if (!statement) {
      statement = raw.prepare(sql)
      prepared.set(sql, statement)
    }
    if (statement.columns().length > 0) return { rows: statement.all(...(parameters as never[])) }
    const { changes } = statement.run(...(parameters as never[]))
    return { rows: [], numAffectedRows: BigInt(changes) }
  }
}

/** Told when a state is remembered, just before the store goes back to it, and when it has. */
type Forgetting = { readonly remembered: () => void; readonly forgetting: () => void; readonly forgot: () => void }
type Snapshot = { path: string | undefined; left: number; readonly told: Forgetting }

const mysqlFailures = [
  { errno: 1213, message: 'Deadlock found', undoes: true },
  { errno: 1205, message: 'Lock wait timeout exceeded', undoes: false },
  { code: 'PROTOCOL_CONNECTION_LOST', fatal: true, message: 'Connection lost', undoes: true },
  { errno: 1290, message: 'read-only', undoes: true },
] as const
const sqliteFailures = [
  { errcode: 13, message: 'database or disk is full', undoes: false },
  { errcode: 10, message: 'disk I/O error', undoes: false },
] as const

function lost(): Error {
  return Object.assign(new Error('Connection lost: The server closed the connection.'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })
}

/** `update orders`, whatever the rest says. */
function titleOf(sql: string): string {
  const [, verb = 'run', table = ''] =
    /^(?:\s*)(select|insert|update|delete|create)\b.*?(?:from|into|update|table(?: if not exists)?)?\s*"(\w+)"/is.exec(sql) ?? []
  if (verb === 'select') return `select ${/from "(\w+)"/.exec(sql)?.[1] ?? ''}`
  return `${verb.toLowerCase()} ${table}`
}
