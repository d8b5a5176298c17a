import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { BillLine } from '../core/rules/bill.ts'
import type { Database } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'
import type { Schema } from './schema.ts'

/** One reading of a day's bill; its lines are its own, so that two readings at once do not meet. */
export type BillRun = {
  readonly runId: string
  readonly channel: ChannelName
  readonly account: AccountId
  readonly day: string
  readonly startedAt: Instant
}

const purgeBunch = 1000
/** SQLite takes 32,766 values in a statement, and a line has 13. */
const insertBunch = 500

export async function insertRun(db: Database, { runId, channel, account, day, startedAt }: BillRun): Promise<void> {
  await db.query.insertInto('bill_runs').values({ run_id: runId, channel, account, day, started_at: startedAt }).execute()
}

type Row = Schema['bill_lines']

/** Writes lines of a run; how many went in. A number that stands in the bill twice is kept once. */
export async function insertLines(db: Database, runId: string, lines: readonly BillLine[]): Promise<number> {
  const rows = new Map(lines.map((line) => rowOf(runId, line)).flatMap((row) => (row ? [[`${row.kind} ${row.number}`, row] as const] : [])))
  const all = [...rows.values()]
  let count = 0
  for (let from = 0; from < all.length; from += insertBunch)
    count += await insertIgnore(db, 'bill_lines', all.slice(from, from + insertBunch))
  return count
}

/** How many lines of a run can be seen. */
export async function countLines(db: Database, runId: string): Promise<number> {
  const row = await db.query
    .selectFrom('bill_lines')
    .select(({ fn }) => fn.countAll().as('lines'))
    .where('run_id', '=', runId)
    .executeTakeFirst()
  return Number(row?.lines ?? 0)
}

function rowOf(runId: string, line: BillLine): Row | undefined {
  switch (line.kind) {
    case 'payment':
      return {
        ...base(runId, line),
        kind: 'payment',
        number: line.outTradeNo,
        out_trade_no: line.outTradeNo,
        transaction_id: line.transactionId,
        status: 'succeeded',
        merchant_ref: line.merchantRef,
        app_id: line.appId ?? null,
        fee_micro: line.feeMicro ?? null,
        due_fee_micro: line.dueFeeMicro ?? null,
      }
    case 'refund':
      return {
        ...base(runId, line),
        kind: 'refund',
        number: line.outRefundNo,
        out_trade_no: line.outTradeNo,
        transaction_id: line.channelRefundId,
        status: line.status,
        fee_micro: line.feeMicro ?? null,
        due_fee_micro: line.dueFeeMicro ?? null,
      }
    case 'funds':
      return { ...base(runId, line), kind: line.isIncome ? 'income' : 'expense', number: line.number }
    case 'other':
      return undefined
  }
}

function base(runId: string, { amount, at }: Pick<Extract<BillLine, { kind: 'funds' }>, 'amount' | 'at'>) {
  const nothing = { out_trade_no: null, transaction_id: null, merchant_ref: null, app_id: null, fee_micro: null, due_fee_micro: null }
  return { ...nothing, run_id: runId, amount_minor: amount.minor, currency: amount.currency, status: '', at }
}

/** Readings that began before; their lines have served. */
export async function listOldRuns(db: Database, before: Instant, limit: number): Promise<string[]> {
  const rows = await db.query
    .selectFrom('bill_runs')
    .select('run_id')
    .where('started_at', '<', before)
    .orderBy('started_at')
    .limit(limit)
    .execute()
  return rows.map((row) => row.run_id)
}

/** Removes the lines of a run in small transactions, then the run. */
export async function purgeRun(db: Database, runId: string): Promise<void> {
  for (const kind of ['payment', 'refund', 'income', 'expense'] as const) {
    for (;;) {
      const rows = await db.query
        .selectFrom('bill_lines')
        .select('number')
        .where('run_id', '=', runId)
        .where('kind', '=', kind)
        .limit(purgeBunch)
        .execute()
      if (rows.length === 0) break
      await db.query
        .deleteFrom('bill_lines')
        .where('run_id', '=', runId)
        .where('kind', '=', kind)
        .where(
          'number',
          'in',
          rows.map((row) => row.number),
        )
        .execute()
    }
  }
  await db.query.deleteFrom('bill_runs').where('run_id', '=', runId).execute()
}
