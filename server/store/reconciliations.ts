import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Reconciliation } from '../core/rules/decision.ts'
import type { Report } from '../core/rules/reconciliation.ts'
import type { Database, Tx } from './database.ts'

type Key = { readonly channel: ChannelName; readonly account: AccountId; readonly day: string }
/** What came of a day; undefined when it was not compared yet. */
export async function findReconciliation(db: Database, { channel, account, day }: Key): Promise<Reconciliation | undefined> {
  const row = await db.query
    .selectFrom('reconciliations')
    .selectAll()
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('day', '=', day)
    .executeTakeFirst()
  // Written by us alone, from a value of this type.
  return (
    row && {
      channel,
      account,
      day,
      merchantId: row.merchant_id,
      runId: row.run_id,
      report: JSON.parse(row.report) as Report,
      completedAt: row.completed_at,
    }
  )
}

/** What came of the days since one, oldest first. */
export async function listReconciliations(db: Database, { channel, account }: Omit<Key, 'day'>, since: string): Promise<Reconciliation[]> {
  const rows = await db.query
    .selectFrom('reconciliations')
    .select('day')
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('day', '>=', since)
    .orderBy('day')
    .execute()
  const found = []
  for (const { day } of rows) found.push(await findReconciliation(db, { channel, account, day }))
  return found.filter((one) => one !== undefined)
}

/** When the first payment of an account succeeded. */
export async function firstSuccess(db: Database, { channel, account }: Omit<Key, 'day'>): Promise<Instant | undefined> {
  const row = await db.query
    .selectFrom('attempts')
    .select(({ fn }) => fn.min('succeeded_at').as('at'))
    .where('channel', '=', channel)
    .where('account', '=', account)
    .executeTakeFirst()
  return row?.at === null || row?.at === undefined ? undefined : asInstant(Number(row.at))
}

/** The newest day that was compared. */
export async function newestDay(db: Database, { channel, account }: Omit<Key, 'day'>): Promise<string | undefined> {
  const row = await db.query
    .selectFrom('reconciliations')
    .select(({ fn }) => fn.max('day').as('day'))
    .where('channel', '=', channel)
    .where('account', '=', account)
    .executeTakeFirst()
  return row?.day ?? undefined
}

/** Puts a day's outcome down, in the place of an earlier one. */
export async function saveReconciliation(tx: Tx, given: Reconciliation): Promise<true> {
  const { channel, account, day, merchantId, runId, report, completedAt } = given
  const row = { merchant_id: merchantId, run_id: runId, report: JSON.stringify(report), completed_at: completedAt }
  await tx.query
    .deleteFrom('reconciliations')
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('day', '=', day)
    .execute()
  await tx.query
    .insertInto('reconciliations')
    .values({ channel, account, day, ...row })
    .execute()
  return true
}
