import { connect, type Socket } from 'node:net'
import type { MysqlPoolConnection } from 'kysely'
import { type Connection, createConnection, type QueryError, type ResultSetHeader, type RowDataPacket } from 'mysql2'
import type { Runtime } from '../lib/runtime.ts'
import type { MysqlUrl } from './database-url.ts'

const connectTimeoutMs = 3000
/** A statement outside of a transaction that lost a deadlock did not happen: it is asked again so often. */
const loneTries = 5
const lonePauseMs = 20

/**
 * What our SQL and mysql2's quoting rest on, whatever the server's default: nothing is cut to fit, a backslash escapes, and a
 * statement sees what is committed when it begins. Every decision rests on the row count of its own UPDATE, so a snapshot for the
 * whole transaction would buy nothing and cost retries.
 */
const sessionStatements = [
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
]

/** On Galera a node may not have applied yet what another has committed: a read waits for it, so that what was answered can be read. */
const causalReads = 'SET SESSION wsrep_sync_wait = 1'

export type HostAddress = { readonly host: string; readonly port: number }

/** One connection to one host. */
export type Line = {
  readonly connection: MysqlPoolConnection
  ask(statement: string): Promise<unknown>
  isUsable(): boolean
  /** It is not handed out again: its host does not do what it is asked. */
  discard(): void
  /** Takes leave of the server. */
  end(): void
  /** Ends it at once; what waits for an answer on it gets an error. */
  cut(): void
}

type Answered = NonNullable<Parameters<MysqlPoolConnection['query']>[2]>

type LineEvents = {
  /** It was handed out and is not needed any more. */
  onRelease(line: Line): void
  onClose(line: Line): void
  onError(line: Line, error: QueryError): void
  /** Whether the error says that the database undid what was asked, for a reason that passes. */
  isUndone(error: QueryError): boolean
}

/** Opens a connection and sets it up. @throws what the host or the network says. */
export async function openLine(url: MysqlUrl, at: HostAddress, runtime: Runtime, events: LineEvents): Promise<Line> {
  const socket = connect(at.port, at.host).setNoDelay(true).setKeepAlive(true)
  const raw = createConnection({
    stream: () => socket,
    user: url.user,
    password: url.password.reveal(),
    database: url.database,
    charset: 'utf8mb4_bin',
    connectTimeout: connectTimeoutMs,
    supportBigNumbers: true,
  })
  const line = lineOver(raw, socket, runtime, events)
  try {
    await new Promise<void>((resolve, reject) => raw.connect((error) => (error ? reject(error) : resolve())))
    for (const statement of sessionStatements) await line.ask(statement)
    if (isOn(await line.ask("SHOW VARIABLES LIKE 'wsrep_on'"))) await line.ask(causalReads)
  } catch (error) {
    line.cut()
    throw error
  }
  return line
}

/** Whether `SHOW VARIABLES` says that it is; a server that does not know the word says nothing. */
function isOn(rows: unknown): boolean {
  return JSON.stringify(rows).includes('"ON"')
}

function lineOver(raw: Connection, socket: Socket, runtime: Runtime, events: LineEvents): Line {
  let isUsable = true
  let isInTransaction = false
  // An error that no statement is there to take is told here; the end of the socket says the rest.
  raw.on('error', () => {})
  socket.once('close', () => {
    isUsable = false
    events.onClose(line)
  })
  const connection: MysqlPoolConnection = {
    config: {},
    threadId: raw.threadId ?? 0,
    connect: () => {},
    destroy: cut,
    release: () => events.onRelease(line),
    query: (sql, parameters, done) => (done === undefined ? raw.query(sql, parameters) : query(sql, parameters, done, 1)),
  }
  const line: Line = { connection, ask, isUsable: () => isUsable, discard, end, cut }
  return line

  function query(sql: string, parameters: unknown[], done: Answered, tries: number) {
    if (sql === 'begin') isInTransaction = true
    const isAlone = !isInTransaction
    if (sql === 'commit' || sql === 'rollback') isInTransaction = false
    return raw.query<ResultSetHeader | RowDataPacket[]>(sql, parameters, (error, result) => {
      if (error && isAlone && tries < loneTries && events.isUndone(error))
        return void runtime.sleep(lonePauseMs * tries).then(() => void query(sql, parameters, done, tries + 1))
      if (error) events.onError(line, error)
      done(error, result)
    })
  }

  function ask(statement: string): Promise<unknown> {
    return new Promise((resolve, reject) =>
      raw.query(statement, [], (error: QueryError | null, result: unknown) => (error ? reject(error) : resolve(result))),
    )
  }

  function discard(): void {
    isUsable = false
  }

  function end(): void {
    isUsable = false
    socket.unref()
    raw.end(() => socket.destroy())
  }

  function cut(): void {
    isUsable = false
    socket.destroy(Object.assign(new Error('the connection was cut here: its host does not answer'), { code: 'PROTOCOL_CONNECTION_LOST' }))
  }
}
