import { type DatabaseConnection, type Dialect, type Driver, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { Runtime } from '../lib/runtime.ts'

/** About eight seconds in all: the longest that another process, a command or a backup, may hold the one write lock. */
const maxTries = 160
const pauseMs = 50

/**
 * Kysely's SQLite that waits for another process's write lock without holding up this one: SQLite's own waiting would stop the event
 * loop, and with it every other request. Only what stands alone or begins a transaction can meet a held lock.
 *
 * @throws what SQLite says once the time is over.
 */
export function patientSqlite(database: SqliteDatabase, runtime: Runtime, isBusy: (error: unknown) => boolean): Dialect {
  const inner = new SqliteDialect({ database })
  return {
    createAdapter: () => inner.createAdapter(),
    createDriver: () => patientDriver(inner.createDriver()),
    createIntrospector: (db) => inner.createIntrospector(db),
    createQueryCompiler: () => inner.createQueryCompiler(),
  }

  function patientDriver(driver: Driver): Driver {
    let connection: DatabaseConnection | undefined
    return {
      init: (options) => driver.init(options),
      acquireConnection: async (options) => {
        connection ??= patientConnection(await driver.acquireConnection(options))
        return connection
      },
      beginTransaction: (on, settings) => driver.beginTransaction(on, settings),
      commitTransaction: (on) => driver.commitTransaction(on),
      rollbackTransaction: (on) => driver.rollbackTransaction(on),
      releaseConnection: (on, options) => driver.releaseConnection(on, options),
      destroy: (options) => driver.destroy(options),
    }
  }

  function patientConnection(connection: DatabaseConnection): DatabaseConnection {
    return {
      executeQuery: async (query, options) => {
        for (let tries = 1; ; tries++) {
          try {
            return await connection.executeQuery(query, options)
          } catch (error) {
            if (tries === maxTries || !isBusy(error)) throw error
            await runtime.sleep(pauseMs)
          }
        }
      },
      streamQuery: (query, chunkSize, options) => connection.streamQuery(query, chunkSize, options),
    }
  }
}
