import { sql } from 'kysely'
import { memberOf } from '../lib/member-of.ts'
import type { Database } from './database.ts'

/** Whether what was committed is there after a power cut, as far as the server says: MySQL may be set to write it a second later. */
export async function isDurable(db: Database): Promise<boolean> {
  if (db.dialect.kind === 'sqlite') return true
  const { rows } = await sql.raw("SHOW VARIABLES LIKE 'innodb_flush_log_at_trx_commit'").execute(db.query)
  const value = memberOf(rows[0], 'Value')
  return typeof value !== 'string' || value === '1'
}
