import type { Dialect } from 'kysely'
import type { DatabaseKind } from './migrations/ddl.ts'

/** Everything in which the two databases differ, but for the words of a query. */
export type StoreDialect = {
  readonly kind: DatabaseKind
  readonly kysely: Dialect
  /** Another row has the key: the caller reads the winner. */
  isDuplicate(error: unknown): boolean
  /** Why the whole transaction should run again; undefined when it should not. */
  retryReason(error: unknown): string | undefined
  /** The connection went: in COMMIT that means nobody knows. */
  isConnectionLost(error: unknown): boolean
  /** What the connections are doing at this moment; absent where there is but one. */
  connections?(): Connections
  /** How many connections may write at once. */
  readonly writers: number
}

/** `waiting`: work that waits for a connection. */
export type Connections = { readonly busy: number; readonly idle: number; readonly waiting: number }
