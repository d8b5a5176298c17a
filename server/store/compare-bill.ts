import { type ExpressionBuilder, sql } from 'kysely'
import type { AccountId, MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Currency, Minor } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import { type BilledLine, feeToleranceMicro } from '../core/rules/bill.ts'
import type { Database } from './database.ts'
import { orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const pageSize = 500

export type Compared = {
  readonly runId: string
  readonly channel: ChannelName
  readonly account: AccountId
  /** The day as instants, its end excluded. */
  readonly from: Instant
  readonly to: Instant
}

/** A line of the bill beside what the books know of its number. */
export type PaymentPair = {
  readonly line: BilledLine
  readonly book:
    | {
        readonly merchantId: MerchantId
        readonly orderId: OrderId
        readonly status: string
        readonly transactionId: string | null
        readonly amountMinor: number
        readonly currency: string
      }
    | undefined
}
export type RefundPair = {
  readonly line: BilledLine
  readonly book: { readonly orderId: OrderId; readonly status: string; readonly amountMinor: number } | undefined
}
const lineColumns = [
  'l.number',
  'l.out_trade_no',
  'l.transaction_id',
  'l.amount_minor',
  'l.currency',
  'l.status',
  'l.merchant_ref',
  'l.app_id',
  'l.fee_micro',
  'l.due_fee_micro',
  'l.at',
] as const

/** What an attempt was paid with: its order's amount, or what staff settled. */
const paidMinor = sql<Minor>`coalesce(a.paid_minor, o.amount_minor)`
const paidCurrency = sql<Currency>`coalesce(a.paid_currency, o.currency)`

type LineRow = Pick<
  Schema['bill_lines'],
  | 'number'
  | 'out_trade_no'
  | 'transaction_id'
  | 'amount_minor'
  | 'currency'
  | 'status'
  | 'merchant_ref'
  | 'app_id'
  | 'fee_micro'
  | 'due_fee_micro'
  | 'at'
>

function readLine(row: LineRow): BilledLine {
  return {
    number: row.number,
    outTradeNo: orUndefined(row.out_trade_no),
    transactionId: orUndefined(row.transaction_id),
    amountMinor: row.amount_minor,
    currency: row.currency,
    status: row.status,
    merchantRef: orUndefined(row.merchant_ref),
    appId: orUndefined(row.app_id),
    feeMicro: orUndefined(row.fee_micro),
    dueFeeMicro: orUndefined(row.due_fee_micro),
    at: row.at,
  }
}

const feeDiffers = sql<boolean>`(l.fee_micro is not null and l.due_fee_micro is not null and abs(l.fee_micro - l.due_fee_micro) > ${feeToleranceMicro})`

/** Payments of the bill that differ from the books, page after page. */
export async function* differingPayments(db: Database, { runId, channel, account }: Compared): AsyncGenerator<PaymentPair> {
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('bill_lines as l')
      .leftJoin('attempts as a', (join) =>
        join.onRef('a.out_trade_no', '=', sql.ref('l.number')).on('a.channel', '=', channel).on('a.account', '=', account),
      )
      .leftJoin('orders as o', (join) => join.onRef('o.merchant_id', '=', 'a.merchant_id').onRef('o.order_id', '=', 'a.order_id'))
      .select(lineColumns)
      .select(['a.merchant_id', 'a.order_id', 'a.status as book_status', 'a.transaction_id as book_transaction'])
      .select([paidMinor.as('book_amount'), paidCurrency.as('book_currency')])
      .where('l.run_id', '=', runId)
      .where('l.kind', '=', 'payment')
      .where('l.number', '>', after)
      .where(
        sql<boolean>`(a.payment_id is null or a.status <> 'succeeded' or a.transaction_id <> l.transaction_id or ${paidMinor} <> l.amount_minor or ${paidCurrency} <> l.currency or ${feeDiffers})`,
      )
      .orderBy('l.number')
      .limit(pageSize)
      .execute()
    for (const row of rows) {
      const { merchant_id, order_id, book_status, book_transaction, book_amount, book_currency, ...line } = row
      const isKnown = merchant_id !== null && order_id !== null && book_status !== null && book_amount !== null && book_currency !== null
      const book = {
        merchantId: merchant_id,
        orderId: order_id,
        status: book_status,
        transactionId: book_transaction,
        amountMinor: book_amount,
        currency: book_currency,
      }
      yield { line: readLine(line), book: isKnown ? (book as NonNullable<PaymentPair['book']>) : undefined }
    }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

/** Refunds of the bill that differ from the books. One that the bill has under way may have ended here since. */
export async function* differingRefunds(db: Database, { runId, channel, account }: Compared): AsyncGenerator<RefundPair> {
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('bill_lines as l')
      .leftJoin('refunds as r', (join) =>
        join.onRef('r.out_refund_no', '=', sql.ref('l.number')).on('r.channel', '=', channel).on('r.account', '=', account),
      )
      .select(lineColumns)
      .select(['r.order_id', 'r.status as book_status', 'r.amount_minor as book_amount'])
      .where('l.run_id', '=', runId)
      .where('l.kind', '=', 'refund')
      .where('l.number', '>', after)
      .where(
        sql<boolean>`(r.refund_id is null or r.amount_minor <> l.amount_minor or ${feeDiffers}
          or (l.status = 'succeeded' and r.status <> 'succeeded')
          or (l.status = 'closed' and r.status not in ('closed', 'failed'))
          or (l.status = 'abnormal' and r.status in ('pending', 'processing')))`,
      )
      .orderBy('l.number')
      .limit(pageSize)
      .execute()
    for (const { order_id, book_status, book_amount, ...line } of rows) {
      const isKnown = order_id !== null && book_status !== null && book_amount !== null
      yield { line: readLine(line), book: isKnown ? { orderId: order_id, status: book_status, amountMinor: book_amount } : undefined }
    }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

export type Missing = { readonly number: string; readonly orderId: OrderId; readonly amountMinor: number; readonly currency: string }

/** Payments of the day in the books that the bill does not have. */
export async function* paymentsNotInBill(db: Database, { runId, channel, account, from, to }: Compared): AsyncGenerator<Missing> {
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('attempts as a')
      .innerJoin('orders as o', (join) => join.onRef('o.merchant_id', '=', 'a.merchant_id').onRef('o.order_id', '=', 'a.order_id'))
      .select(['a.out_trade_no as number', 'a.order_id', paidMinor.as('amount_minor'), paidCurrency.as('currency')])
      .where('a.channel', '=', channel)
      .where('a.account', '=', account)
      .where('a.succeeded_at', '>=', from)
      .where('a.succeeded_at', '<', to)
      .where('a.status', '=', 'succeeded')
      .where('a.out_trade_no', '>', after as Schema['attempts']['out_trade_no'])
      .where(({ not, exists }) => not(exists(lineOf(runId, 'payment', 'a.out_trade_no'))))
      .orderBy('a.out_trade_no')
      .limit(pageSize)
      .execute()
    for (const row of rows) yield { number: row.number, orderId: row.order_id, amountMinor: row.amount_minor, currency: row.currency }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

/** Refunds that began and ended in that time, and stand neither in this bill nor in the one of the day before. */
export async function* refundsNotInBill(
  db: Database,
  { runId, channel, account, from, to, runBefore }: Compared & { readonly runBefore: string },
): AsyncGenerator<Missing> {
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('refunds as r')
      .select(['r.out_refund_no as number', 'r.order_id', 'r.amount_minor', 'r.currency'])
      .where('r.channel', '=', channel)
      .where('r.account', '=', account)
      .where('r.succeeded_at', '>=', from)
      .where('r.succeeded_at', '<', to)
      .where('r.created_at', '>=', from)
      .where('r.status', '=', 'succeeded')
      .where('r.out_refund_no', '>', after as Schema['refunds']['out_refund_no'])
      .where(({ not, exists }) => not(exists(lineOf(runId, 'refund', 'r.out_refund_no'))))
      .where(({ not, exists }) => not(exists(lineOf(runBefore, 'refund', 'r.out_refund_no'))))
      .orderBy('r.out_refund_no')
      .limit(pageSize)
      .execute()
    for (const row of rows) yield { number: row.number, orderId: row.order_id, amountMinor: row.amount_minor, currency: row.currency }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

function lineOf(runId: string, kind: 'payment' | 'refund', column: string) {
  return sql`(select 1 from bill_lines l where l.run_id = ${runId} and l.kind = ${kind} and l.number = ${sql.ref(column)})`
}

export type FundsDifference = { readonly number: string; readonly tradeMinor: number | null; readonly fundsMinor: number | null }

/** Where the flow of funds and the trades of one day disagree; `from` and `to` leave out what may be booked on the next day. */
export async function* differingFunds(
  db: Database,
  { runId, from, to }: Compared,
  trade: 'payment' | 'refund',
): AsyncGenerator<FundsDifference> {
  const funds = trade === 'payment' ? 'income' : 'expense'
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('bill_lines as l')
      .leftJoin('bill_lines as f', (join) =>
        join.on('f.run_id', '=', runId).on('f.kind', '=', funds).onRef('f.number', '=', sql.ref('l.transaction_id')),
      )
      .select(['l.number', 'l.amount_minor as trade', 'f.amount_minor as funds'])
      .where('l.run_id', '=', runId)
      .where('l.kind', '=', trade)
      .where('l.status', '=', 'succeeded')
      .where('l.at', '>=', from)
      .where('l.at', '<', to)
      .where('l.number', '>', after)
      .where(sql<boolean>`(f.number is null or f.amount_minor <> l.amount_minor)`)
      .orderBy('l.number')
      .limit(pageSize)
      .execute()
    for (const row of rows) yield { number: row.number, tradeMinor: row.trade, fundsMinor: row.funds }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

/** Money that flowed for a trade that the bill of trades does not have. */
export async function* fundsWithoutTrade(
  db: Database,
  { runId, from, to }: Compared,
  trade: 'payment' | 'refund',
): AsyncGenerator<FundsDifference> {
  const funds = trade === 'payment' ? 'income' : 'expense'
  for (let after = ''; ; ) {
    const rows = await db.query
      .selectFrom('bill_lines as f')
      .select(['f.number', 'f.amount_minor as funds'])
      .where('f.run_id', '=', runId)
      .where('f.kind', '=', funds)
      .where('f.at', '>=', from)
      .where('f.at', '<', to)
      .where('f.number', '>', after)
      .where(
        sql<boolean>`not exists (select 1 from bill_lines l where l.run_id = ${runId} and l.transaction_id = f.number and l.kind = ${trade})`,
      )
      .orderBy('f.number')
      .limit(pageSize)
      .execute()
    for (const row of rows) yield { number: row.number, tradeMinor: null, fundsMinor: row.funds }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.number
  }
}

export type BillTotals = { readonly count: number; readonly amountMinor: number; readonly feeMicro: number }

/** What a run's lines of a kind add up to. */
export async function billTotals(db: Database, runId: string, kind: 'payment' | 'refund'): Promise<BillTotals> {
  const row = await db.query
    .selectFrom('bill_lines')
    .select((eb: ExpressionBuilder<Schema, 'bill_lines'>) => [
      eb.fn.countAll().as('lines'),
      eb.fn.sum('amount_minor').as('amount'),
      eb.fn.sum('fee_micro').as('fee'),
    ])
    .where('run_id', '=', runId)
    .where('kind', '=', kind)
    .where('status', '=', 'succeeded')
    .executeTakeFirst()
  return { count: Number(row?.lines ?? 0), amountMinor: Number(row?.amount ?? 0), feeMicro: Number(row?.fee ?? 0) }
}
