import type { Selectable } from 'kysely'
import { asOwnId, type MerchantId, type OrderId, type UnmatchedId } from '../../shared/kernel/ids.ts'
import { type UnmatchedReason, type UnmatchedStatus, unmatchedReasons } from '../../shared/kernel/unmatched.ts'
import type { Resolution, Unmatched, UnmatchedMoney } from '../core/rules/unmatched.ts'
import { sha256Hex } from '../lib/hmac.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db, Tx } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'
import { orNull, orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const columns = [
  'merchant_id',
  'channel',
  'account',
  'out_trade_no',
  'transaction_id',
  'reason',
  'order_id',
  'amount_minor',
  'currency',
  'detail',
  'seen_at',
  'status',
  'note',
  'resolved_by',
  'resolved_at',
  'refund_id',
] as const satisfies ReadonlyArray<keyof Schema['unmatched']>

/** Rows of before they had ids are given theirs so many at a time. */
const namedAtOnce = 500
const idLetters = 28

type Key = Pick<UnmatchedMoney, 'merchantId' | 'channel' | 'account' | 'outTradeNo' | 'transactionId'>

/** What a row is called follows from its key, so that every instance calls it the same; short enough for the number of an order. */
export function unmatchedIdOf({ merchantId, channel, account, outTradeNo, transactionId }: Key): UnmatchedId {
  const hash = sha256Hex(JSON.stringify([merchantId, channel, account, outTradeNo, transactionId]))
  return asOwnId('UnmatchedId', `unm_${hash.slice(0, idLetters)}`)
}

/** Newest first, by keyset. @throws BadCursor */
export async function listUnmatched(
  db: Db,
  merchantId: MerchantId,
  { status }: { readonly status?: UnmatchedStatus | undefined },
  page: Page,
): Promise<{ items: Unmatched[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('unmatched').select(columns).where('merchant_id', '=', merchantId)
  if (status === 'open') query = query.where('status', 'is', null)
  else if (status !== undefined) query = query.where('status', '=', status)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([
        eb('seen_at', '<=', after.at),
        or([eb('seen_at', '<', after.at), eb('transaction_id', '<', after.id as Unmatched['transactionId'])]),
      ]),
    )
  const rows = await query
    .orderBy('seen_at', 'desc')
    .orderBy('transaction_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readUnmatched), page, (item) => ({ at: item.seenAt, id: item.transactionId }))
}

export async function findUnmatched(db: Db, merchantId: MerchantId, unmatchedId: UnmatchedId): Promise<Unmatched | undefined> {
  const find = () =>
    db.query
      .selectFrom('unmatched')
      .select(columns)
      .where('merchant_id', '=', merchantId)
      .where('unmatched_id', '=', unmatchedId)
      .executeTakeFirst()
  const row = (await find()) ?? ((await nameUnnamed(db, merchantId)) ? await find() : undefined)
  return row && readUnmatched(row)
}

/** The row that tells of this very money; undefined when it is not listed. */
export async function findListed(db: Db, key: Key): Promise<Unmatched | undefined> {
  const row = await db.query
    .selectFrom('unmatched')
    .select(columns)
    .where('merchant_id', '=', key.merchantId)
    .where('channel', '=', key.channel)
    .where('account', '=', key.account)
    .where('out_trade_no', '=', key.outTradeNo)
    .where('transaction_id', '=', key.transactionId)
    .executeTakeFirst()
  return row && readUnmatched(row)
}

/** Rows that an older program wrote have no id yet. @returns whether there were any. */
async function nameUnnamed(db: Db, merchantId: MerchantId): Promise<boolean> {
  for (let round = 0; ; round++) {
    const rows = await db.query
      .selectFrom('unmatched')
      .select(columns)
      .where('merchant_id', '=', merchantId)
      .where('unmatched_id', 'is', null)
      .limit(namedAtOnce)
      .execute()
    for (const row of rows.map(readUnmatched)) await ofRow(db, row).set({ unmatched_id: row.unmatchedId }).execute()
    if (rows.length < namedAtOnce) return round > 0 || rows.length > 0
  }
}

/** How much waits for staff, over all merchants. */
export async function countOpenUnmatched(db: Db): Promise<{ mismatches: number; others: number }> {
  const rows = await db.query
    .selectFrom('unmatched')
    .select(['reason', ({ fn }) => fn.countAll().as('count')])
    .where('status', 'is', null)
    .groupBy('reason')
    .execute()
  const sum = (of: typeof rows) => of.reduce((total, { count }) => total + Number(count), 0)
  return {
    mismatches: sum(rows.filter(({ reason }) => reason === 'mismatch')),
    others: sum(rows.filter(({ reason }) => reason !== 'mismatch')),
  }
}

/** Whether money that does not match is waiting for staff; such an order is not closed. */
export async function hasMismatch(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<boolean> {
  const row = await db.query
    .selectFrom('unmatched')
    .select('transaction_id')
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .where('status', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Listed once, however often it is told. */
export async function insertUnmatched(tx: Tx, money: UnmatchedMoney): Promise<true> {
  await insertIgnore(tx, 'unmatched', [
    {
      merchant_id: money.merchantId,
      channel: money.channel,
      account: money.account,
      out_trade_no: money.outTradeNo,
      transaction_id: money.transactionId,
      reason: money.reason,
      order_id: orNull(money.orderId),
      amount_minor: money.amountMinor,
      currency: money.currency,
      detail: money.detail.slice(0, 500),
      seen_at: money.seenAt,
      unmatched_id: unmatchedIdOf(money),
      status: null,
      note: null,
      resolved_by: null,
      resolved_at: null,
      refund_id: null,
    },
  ])
  return true
}

/** @returns false when somebody else settled it before. */
export async function resolveUnmatched(
  tx: Tx,
  { unmatched, resolution }: { readonly unmatched: Unmatched; readonly resolution: Resolution },
): Promise<boolean> {
  const { status, note, by, at, orderId, refundId } = resolution
  const result = await ofRow(tx, unmatched)
    .set({
      unmatched_id: unmatched.unmatchedId,
      status,
      note,
      resolved_by: by,
      resolved_at: at,
      ...(orderId === undefined ? {} : { order_id: orderId }),
      ...(refundId === undefined ? {} : { refund_id: refundId }),
    })
    .where('status', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

function ofRow(db: Db | Tx, key: Key) {
  return db.query
    .updateTable('unmatched')
    .where('merchant_id', '=', key.merchantId)
    .where('channel', '=', key.channel)
    .where('account', '=', key.account)
    .where('out_trade_no', '=', key.outTradeNo)
    .where('transaction_id', '=', key.transactionId)
}

type Row = Pick<Selectable<Schema['unmatched']>, (typeof columns)[number]>

function readUnmatched(row: Row): Unmatched {
  const money: UnmatchedMoney = {
    channel: row.channel,
    account: row.account,
    outTradeNo: row.out_trade_no,
    transactionId: row.transaction_id,
    reason: reasonIn(row),
    merchantId: row.merchant_id,
    orderId: orUndefined(row.order_id),
    amountMinor: row.amount_minor,
    currency: row.currency,
    detail: row.detail,
    seenAt: row.seen_at,
  }
  return { ...money, unmatchedId: unmatchedIdOf(money), resolution: resolutionIn(row) }
}

function resolutionIn({ status, note, resolved_by: by, resolved_at: at, order_id, refund_id }: Row): Resolution | undefined {
  if (status === null || note === null || by === null || at === null) return undefined
  return { status, note, by, at, orderId: orUndefined(order_id), refundId: orUndefined(refund_id) }
}

/** An older program told money that went back by its detail alone. */
function reasonIn({ reason, detail }: Pick<Row, 'reason' | 'detail'>): UnmatchedReason {
  return reason === 'unknown_number' && detail.startsWith('refund ') ? 'unknown_refund' : reasonOf(reason)
}

function reasonOf(text: string): UnmatchedReason {
  return unmatchedReasons.find((one) => one === text) ?? 'unknown_number'
}
