import { sql } from 'kysely'
import type { AppId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import { memberOf } from '../lib/member-of.ts'
import type { Database } from './database.ts'
import { countOpenUnmatched } from './unmatched.ts'

/** In which apps payers are known, and how many in each. */
export async function countPayersByApp(db: Database): Promise<Array<{ appId: AppId; count: number }>> {
  const rows = await db.query
    .selectFrom('payers')
    .select(['app_id', ({ fn }) => fn.countAll().as('count')])
    .groupBy('app_id')
    .execute()
  return rows.map((row) => ({ appId: row.app_id, count: Number(row.count) }))
}

/** Money that waits for staff: what matches no order, and refunds that payers' accounts could not receive. */
export async function countWaiting(db: Database): Promise<{ unmatched: number; abnormal: number }> {
  const unmatched = await countOpenUnmatched(db)
  const abnormal = await db.query
    .selectFrom('refunds')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('status', '=', 'abnormal')
    .executeTakeFirst()
  return { unmatched: unmatched.mismatches + unmatched.others, abnormal: Number(abnormal?.count ?? 0) }
}

/** Endpoints that were switched off because of what they answered, and those to which an event of late was given up. */
export async function listFailingEndpoints(
  db: Database,
  since: Instant,
): Promise<Array<{ endpointId: string; url: string; why: string | undefined; failed: number }>> {
  const endpoints = await db.query.selectFrom('webhook_endpoints').select(['endpoint_id', 'url', 'status', 'disabled_why']).execute()
  const failed = await db.query
    .selectFrom('deliveries')
    .select(['endpoint_id', ({ fn }) => fn.countAll().as('count')])
    .where('status', '=', 'failed')
    .where('created_at', '>=', since)
    .groupBy('endpoint_id')
    .execute()
  return endpoints
    .map((one) => ({
      endpointId: one.endpoint_id,
      url: one.url,
      why: one.status === 'disabled' ? (one.disabled_why ?? undefined) : undefined,
      failed: Number(failed.find((row) => row.endpoint_id === one.endpoint_id)?.count ?? 0),
    }))
    .filter((one) => one.why !== undefined || one.failed > 0)
}

/** Whether what was committed is there after a power cut, as far as the server says: MySQL may be set to write it a second later. */
export async function isDurable(db: Database): Promise<boolean> {
  if (db.dialect.kind === 'sqlite') return true
  const { rows } = await sql.raw("SHOW VARIABLES LIKE 'innodb_flush_log_at_trx_commit'").execute(db.query)
  const value = memberOf(rows[0], 'Value')
  return typeof value !== 'string' || value === '1'
}
