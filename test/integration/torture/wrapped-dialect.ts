import type { DatabaseConnection, Dialect, Driver } from 'kysely'

/** What is done to a connection of the store before it is used for the first time. */
export type Wrap = (connection: DatabaseConnection) => Promise<DatabaseConnection>

/** The store's own driver, with each of its connections seen through a wrap; begin and commit are statements like any other. */
export function wrappedDialect(inner: Dialect, wrap: Wrap): Dialect {
  return {
    createAdapter: () => inner.createAdapter(),
    createDriver: () => wrappedDriver(inner.createDriver(), wrap),
    createIntrospector: (db) => inner.createIntrospector(db),
    createQueryCompiler: () => inner.createQueryCompiler(),
  }
}

function wrappedDriver(driver: Driver, wrap: Wrap): Driver {
  const outer = new WeakMap<DatabaseConnection, DatabaseConnection>()
  const inner = new WeakMap<DatabaseConnection, DatabaseConnection>()
  return {
    init: (options) => driver.init(options),
    acquireConnection: async (options) => {
      const connection = await driver.acquireConnection(options)
      const known = outer.get(connection)
      if (known) return known
      const made = await wrap(connection)
      outer.set(connection, made)
      inner.set(made, connection)
      return made
    },
    beginTransaction: (on, settings) => driver.beginTransaction(on, settings),
    commitTransaction: (on) => driver.commitTransaction(on),
    rollbackTransaction: (on) => driver.rollbackTransaction(on),
    releaseConnection: (on, options) => driver.releaseConnection(inner.get(on) ?? on, options),
    destroy: (options) => driver.destroy(options),
  }
}
