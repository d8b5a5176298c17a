import type { Transaction } from 'kysely'
import type { Database, Tx } from './database.ts'
import type { Schema } from './schema.ts'

const maxRuns = 10
const firstPauseMs = 4
const longestPauseMs = 250

/** The connection went while COMMIT was on its way: nobody knows whether it happened. It is looked up, never repeated blindly. */
export class CommitUnknown extends Error {}

/**
 * Runs the body in a transaction, and all of it again, with fresh reads, when the database undid it for a reason that passes. The
 * body may therefore run more than once: no network, clock, chance or sleep in it.
 *
 * @throws CommitUnknown; and what the body throws, after everything was undone.
 */
export async function transaction<T>(db: Database, body: (tx: Tx) => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await runOnce(db, body)
    } catch (error) {
      if (error instanceof CommitUnknown) {
        db.metrics.dbCommitUnknown.count({})
        throw error
      }
      // Before COMMIT a lost connection has undone everything.
      const reason = db.dialect.retryReason(error) ?? (db.dialect.isConnectionLost(error) ? 'connection_lost' : undefined)
      if (reason === undefined || run === maxRuns) throw error
      db.metrics.dbRetries.count({ reason })
      await db.runtime.sleep(pauseMs(db, run))
    }
  }
}

async function runOnce<T>(db: Database, body: (tx: Tx) => Promise<T>): Promise<T> {
  const progress = { isDone: false }
  try {
    return await db.query.transaction().execute(async (query: Transaction<Schema>) => {
      const result = await body({ kind: 'transaction', query, dialect: db.dialect })
      progress.isDone = true
      return result
    })
  } catch (error) {
    if (progress.isDone && db.dialect.isConnectionLost(error))
      throw new CommitUnknown('the connection was lost in COMMIT', { cause: error })
    throw error
  }
}

function pauseMs(db: Database, run: number): number {
  const span = Math.min(longestPauseMs, firstPauseMs * 2 ** run)
  return 1 + (span * (db.runtime.randomBytes(1)[0] ?? 0)) / 256
}
