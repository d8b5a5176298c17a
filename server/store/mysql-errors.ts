import { memberOf } from '../lib/member-of.ts'

const duplicateKey = 1062
/** Deadlock, lock wait, snapshot conflict, and the certification failures of clusters: the transaction did not happen. */
const retryable = new Map([
  [1213, 'deadlock'],
  [1205, 'lock_wait'],
  [1020, 'snapshot'],
  [3101, 'group_replication'],
  [9007, 'tidb_conflict'],
  [8022, 'tidb_commit'],
  [8028, 'tidb_schema'],
])
/** This host does not write (any more): another one may. */
const hostIsDown = new Map([
  [1047, 'not_primary'],
  [1290, 'read_only'],
  [1836, 'read_only'],
  [1792, 'read_only'],
  [1053, 'shutdown'],
])
/** Said by a server that was stopped in the middle of something; of a COMMIT nobody knows how far it came. */
const stoppedMidway = [1053, 1180, 1317]
const lostCodes = ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'ECONNREFUSED']

/** What an error of a MySQL-protocol server means for what was being done. */
export const mysqlErrors = {
  isDuplicate: (error: unknown) => errnoOf(error) === duplicateKey,
  retryReason: (error: unknown) => retryable.get(errnoOf(error)) ?? hostIsDown.get(errnoOf(error)),
  isConnectionLost,
  isHostDown: (error: unknown) => hostIsDown.has(errnoOf(error)),
  isUndone: (error: unknown) => retryable.has(errnoOf(error)),
} as const

function isConnectionLost(error: unknown): boolean {
  const code = memberOf(error, 'code')
  const message = memberOf(error, 'message')
  const saysClosed = typeof message === 'string' && message.includes('closed state')
  return (
    saysClosed ||
    stoppedMidway.includes(errnoOf(error)) ||
    (typeof code === 'string' && lostCodes.includes(code)) ||
    memberOf(error, 'fatal') === true
  )
}

function errnoOf(error: unknown): number {
  const errno = memberOf(error, 'errno')
  return typeof errno === 'number' ? errno : 0
}
