import type { MysqlPool, MysqlPoolConnection } from 'kysely'
import { createPool, type Pool, type PoolConnection, type QueryError } from 'mysql2'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MysqlUrl } from './database-url.ts'

const connectionsPerHost = 12
const connectTimeoutMs = 3000
/** A host that failed is left alone for so long before it is tried again. */
const restMs = 2000

type Host = { readonly name: string; readonly pool: Pool; downUntil: number }
type Outside = { readonly runtime: Runtime; readonly log: Log; readonly isHostDown: (error: unknown) => boolean }

/**
 * One pool a host, the hosts tried in their order: the first that answers takes all, so that a cluster sees one writer. A host that
 * cannot be reached, or says that it does not write, rests while the next one is tried.
 */
export function failoverPool(url: MysqlUrl, { runtime, log, isHostDown }: Outside): MysqlPool {
  const hosts: Host[] = url.hosts.map(({ host, port }) => ({ name: `${host}:${port}`, pool: poolOf(url, host, port), downUntil: 0 }))
  return { getConnection, end }

  function getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    const now = runtime.now()
    const up = hosts.filter((host) => host.downUntil <= now)
    // With every host at rest, waiting for one would only answer later.
    tryNext(up.length > 0 ? up : hosts, callback)
  }

  function tryNext([host, ...rest]: readonly Host[], callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    if (!host) return
    host.pool.getConnection((error, connection) => {
      if (!error) return callback(null, watched(host, connection))
      if (hosts.length > 1) mark(host, error)
      if (rest.length > 0) return tryNext(rest, callback)
      // biome-ignore lint/suspicious/noExplicitAny: a failed call has no connection, and the callback's type has no word for that
      callback(error, undefined as any)
    })
  }

  /** A connection whose host turns out not to write is thrown away, not given back. */
  function watched(host: Host, connection: PoolConnection): MysqlPoolConnection {
    const query = connection.query.bind(connection)
    const release = connection.release.bind(connection)
    let isBroken = false
    return Object.assign(Object.create(connection), { query: ask, release: () => (isBroken ? connection.destroy() : release()) })

    function ask(sql: string, parameters: unknown[], done: (error: QueryError | null, result: unknown) => void): void {
      query(sql, parameters, (error: QueryError | null, result: unknown) => {
        if (error && (error.fatal || isHostDown(error))) {
          isBroken = true
          if (hosts.length > 1) mark(host, error)
        }
        done(error, result)
      })
    }
  }

  function mark(host: Host, error: unknown): void {
    host.downUntil = runtime.now() + restMs
    log.warn({ event: 'store.host_down', host: host.name, error: error instanceof Error ? error.message : String(error) })
  }

  function end(callback: (error: unknown) => void): void {
    Promise.all(hosts.map((host) => new Promise<void>((resolve) => host.pool.end(() => resolve())))).then(() => callback(null), callback)
  }
}

function poolOf({ user, password, database }: MysqlUrl, host: string, port: number): Pool {
  const pool = createPool({
    host,
    port,
    user,
    password: password.reveal(),
    database,
    charset: 'utf8mb4_bin',
    connectionLimit: connectionsPerHost,
    connectTimeout: connectTimeoutMs,
    supportBigNumbers: true,
    enableKeepAlive: true,
  })
  // Every decision rests on the row count of its own UPDATE, so a snapshot for the whole transaction buys nothing and costs retries.
  pool.on('connection', (connection) => connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'))
  return pool
}
