import type { Selectable } from 'kysely'
import type { AccountId, MerchantId, OrderId, OutRefundNo, PaymentId, RefundId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { RefundStatus } from '../../shared/kernel/states.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Refund } from '../core/rules/refund.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { orNull, orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const refundColumns = [
  'merchant_id',
  'refund_id',
  'out_refund_no',
  'order_id',
  'payment_id',
  'out_trade_no',
  'transaction_id',
  'channel',
  'account',
  'amount_minor',
  'total_minor',
  'currency',
  'reason',
  'notify_url',
  'cause',
  'status',
  'channel_refund_id',
  'failure',
  'created_at',
  'succeeded_at',
] as const satisfies ReadonlyArray<keyof Schema['refunds']>

export async function findRefund(db: Db, merchantId: MerchantId, refundId: RefundId): Promise<Refund | undefined> {
  const row = await db.query
    .selectFrom('refunds')
    .select(refundColumns)
    .where('merchant_id', '=', merchantId)
    .where('refund_id', '=', refundId)
    .executeTakeFirst()
  return row && readRefund(row)
}

/** The refund that carries a channel's number; numbers are an account's, so no merchant is asked for. */
export async function findRefundByNumber(
  db: Db,
  channel: ChannelName,
  account: AccountId,
  outRefundNo: OutRefundNo,
): Promise<Refund | undefined> {
  const row = await db.query
    .selectFrom('refunds')
    .select(refundColumns)
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('out_refund_no', '=', outRefundNo)
    .executeTakeFirst()
  return row && readRefund(row)
}

/** All refunds of these orders, oldest first. */
export async function listRefundsOf(db: Db, merchantId: MerchantId, orderIds: readonly OrderId[]): Promise<Refund[]> {
  const rows = await db.query
    .selectFrom('refunds')
    .select(refundColumns)
    .where('merchant_id', '=', merchantId)
    .where('order_id', 'in', orderIds)
    .orderBy('created_at')
    .orderBy('refund_id')
    .execute()
  return rows.map(readRefund)
}

export type RefundFilter = {
  readonly orderId?: OrderId | undefined
  readonly status?: RefundStatus | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

/** Newest first, by keyset. @throws BadCursor */
export async function listRefunds(
  db: Db,
  merchantId: MerchantId,
  filter: RefundFilter,
  page: Page,
): Promise<{ items: Refund[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('refunds').select(refundColumns).where('merchant_id', '=', merchantId)
  if (filter.orderId !== undefined) query = query.where('order_id', '=', filter.orderId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.from !== undefined) query = query.where('created_at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('created_at', '<', filter.to)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([eb('created_at', '<=', after.at), or([eb('created_at', '<', after.at), eb('refund_id', '<', after.id as RefundId)])]),
    )
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('refund_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readRefund), page, (refund) => ({ at: refund.createdAt, id: refund.refundId }))
}

/** When the latest refund of a payment was made; undefined when there is none. */
export async function lastRefundAt(db: Db, merchantId: MerchantId, paymentId: PaymentId): Promise<Instant | undefined> {
  const row = await db.query
    .selectFrom('refunds')
    .select('created_at')
    .where('merchant_id', '=', merchantId)
    .where('payment_id', '=', paymentId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.created_at
}

export function writeRefund(refund: Refund): Schema['refunds'] {
  return {
    merchant_id: refund.merchantId,
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    order_id: refund.orderId,
    payment_id: refund.paymentId,
    out_trade_no: refund.outTradeNo,
    transaction_id: orNull(refund.transactionId),
    channel: refund.channel,
    account: refund.account,
    amount_minor: refund.amount.minor,
    total_minor: refund.total.minor,
    currency: refund.amount.currency,
    reason: orNull(refund.reason),
    notify_url: refund.notifyUrl,
    cause: refund.cause,
    status: refund.status,
    channel_refund_id: orNull(refund.channelRefundId),
    failure: orNull(refund.failure),
    created_at: refund.createdAt,
    succeeded_at: orNull(refund.succeededAt),
  }
}

type RefundRow = Pick<Selectable<Schema['refunds']>, (typeof refundColumns)[number]>

function readRefund(row: RefundRow): Refund {
  return {
    merchantId: row.merchant_id,
    refundId: row.refund_id,
    outRefundNo: row.out_refund_no,
    orderId: row.order_id,
    paymentId: row.payment_id,
    outTradeNo: row.out_trade_no,
    transactionId: orUndefined(row.transaction_id),
    channel: row.channel,
    account: row.account,
    amount: moneyOf(row.amount_minor, row.currency),
    total: moneyOf(row.total_minor, row.currency),
    reason: orUndefined(row.reason),
    notifyUrl: row.notify_url,
    cause: row.cause,
    status: row.status,
    channelRefundId: orUndefined(row.channel_refund_id),
    failure: orUndefined(row.failure),
    createdAt: row.created_at,
    succeededAt: orUndefined(row.succeeded_at),
  }
}
