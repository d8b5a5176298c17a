import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Unmatched } from '../core/rules/decision.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { orUndefined } from './json-column.ts'

const columns = [
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
] as const

/** Newest first, by keyset. @throws BadCursor */
export async function listUnmatched(db: Db, merchantId: MerchantId, page: Page): Promise<{ items: Unmatched[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('unmatched').select(columns).where('merchant_id', '=', merchantId)
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
  const items = rows.map(
    (row): Unmatched => ({
      channel: row.channel,
      account: row.account,
      outTradeNo: row.out_trade_no,
      transactionId: row.transaction_id,
      reason: row.reason === 'mismatch' ? 'mismatch' : 'unknown_number',
      merchantId,
      orderId: orUndefined(row.order_id),
      amountMinor: row.amount_minor,
      currency: row.currency,
      detail: row.detail,
      seenAt: row.seen_at,
    }),
  )
  return pageOf(items, page, (item) => ({ at: item.seenAt, id: item.transactionId }))
}

/** Whether money that does not match is waiting for staff; such an order is not closed. */
export async function hasMismatch(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<boolean> {
  const row = await db.query
    .selectFrom('unmatched')
    .select('transaction_id')
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
