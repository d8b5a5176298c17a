import type { Selectable } from 'kysely'
import type { MerchantId, OrderId, PayerId } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { OrderStatus } from '../../shared/kernel/states.ts'
import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Order } from '../core/rules/order.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { isTextRecord, orNull, orUndefined, readJson } from './json-column.ts'
import type { Schema } from './schema.ts'
import { statement } from './statement.ts'

export const orderColumns = [
  'merchant_id',
  'order_id',
  'subject',
  'body',
  'amount_minor',
  'currency',
  'status',
  'paid_minor',
  'refunded_minor',
  'refunding_minor',
  'refund_count',
  'attempt_count',
  'user_id',
  'payer_id',
  'payer_app_id',
  'metadata',
  'return_url',
  'goods_type',
  'origin',
  'kept_payment_id',
  'channel',
  'pay_type',
  'transaction_id',
  'created_at',
  'expires_at',
  'paid_at',
  'closed_at',
] as const satisfies ReadonlyArray<keyof Schema['orders']>

export type OrderFilter = {
  readonly status?: OrderStatus | undefined
  readonly channel?: ChannelName | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly payerId?: PayerId | undefined
}

const selectOrder = statement((query, merchantId: MerchantId, orderId: OrderId) =>
  query.selectFrom('orders').select(orderColumns).where('merchant_id', '=', merchantId).where('order_id', '=', orderId),
)

export async function findOrder(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<Order | undefined> {
  const [row] = await selectOrder(db, merchantId, orderId)
  return row && readOrder(row)
}

/** The orders of these numbers, in no order. */
export async function findOrders(db: Db, merchantId: MerchantId, orderIds: readonly OrderId[]): Promise<Order[]> {
  if (orderIds.length === 0) return []
  const rows = await db.query
    .selectFrom('orders')
    .select(orderColumns)
    .where('merchant_id', '=', merchantId)
    .where('order_id', 'in', orderIds)
    .execute()
  return rows.map(readOrder)
}

/** Newest first, by keyset. @throws BadCursor */
export async function listOrders(
  db: Db,
  merchantId: MerchantId,
  filter: OrderFilter,
  page: Page,
): Promise<{ items: Order[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('orders').select(orderColumns).where('merchant_id', '=', merchantId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel)
  if (filter.payerId !== undefined) query = query.where('payer_id', '=', filter.payerId)
  if (filter.from !== undefined) query = query.where('created_at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('created_at', '<', filter.to)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([eb('created_at', '<=', after.at), or([eb('created_at', '<', after.at), eb('order_id', '<', after.id as OrderId)])]),
    )
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('order_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readOrder), page, (order) => ({ at: order.createdAt, id: order.orderId }))
}

/** How far two instances' clocks may differ. */
const clockToleranceMs = 5 * 60 * 1000

/** Takes the right to ask the channel about an order: one caller in so long gets it, over all instances. */
export async function markAsked(
  db: Db,
  merchantId: MerchantId,
  orderId: OrderId,
  { now, everyMs }: { now: Instant; everyMs: number },
): Promise<boolean> {
  const result = await db.query
    .updateTable('orders')
    .set({ asked_at: now })
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    // A time well to come was written by a clock that was ahead; a little to come, by another instance's.
    .where(({ eb, or }) => or([eb('asked_at', '<=', asInstant(now - everyMs)), eb('asked_at', '>', asInstant(now + clockToleranceMs))]))
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** What viewers of these orders would see change, `status/refunded/refunding`, by merchant and order. */
export async function listOrderStates(
  db: Db,
  orders: ReadonlyArray<{ merchantId: MerchantId; orderId: OrderId }>,
): Promise<Map<string, string>> {
  if (orders.length === 0) return new Map()
  const rows = await db.query
    .selectFrom('orders')
    .select(['merchant_id', 'order_id', 'status', 'refunded_minor', 'refunding_minor'])
    .where('merchant_id', 'in', [...new Set(orders.map((order) => order.merchantId))])
    .where('order_id', 'in', [...new Set(orders.map((order) => order.orderId))])
    .execute()
  return new Map(rows.map((row) => [`${row.merchant_id} ${row.order_id}`, `${row.status}/${row.refunded_minor}/${row.refunding_minor}`]))
}

export function writeOrder(order: Order): Schema['orders'] {
  return {
    merchant_id: order.merchantId,
    order_id: order.orderId,
    subject: order.subject,
    body: orNull(order.body),
    amount_minor: order.amount.minor,
    currency: order.amount.currency,
    status: order.status,
    paid_minor: order.paid,
    refunded_minor: order.refunded,
    refunding_minor: order.refunding,
    refund_count: order.refundCount,
    attempt_count: order.attemptCount,
    user_id: orNull(order.userId),
    payer_id: orNull(order.payerId),
    payer_app_id: orNull(order.payerAppId),
    metadata: JSON.stringify(order.metadata),
    return_url: orNull(order.returnUrl),
    goods_type: order.goodsType,
    origin: orNull(order.origin),
    kept_payment_id: orNull(order.keptPaymentId),
    channel: orNull(order.channel),
    pay_type: orNull(order.payType),
    transaction_id: orNull(order.transactionId),
    asked_at: asInstant(0),
    created_at: order.createdAt,
    expires_at: order.expiresAt,
    paid_at: orNull(order.paidAt),
    closed_at: orNull(order.closedAt),
  }
}

type OrderRow = Pick<Selectable<Schema['orders']>, (typeof orderColumns)[number]>

function readOrder(row: OrderRow): Order {
  return {
    merchantId: row.merchant_id,
    orderId: row.order_id,
    subject: row.subject,
    body: orUndefined(row.body),
    amount: moneyOf(row.amount_minor, row.currency),
    status: row.status,
    paid: row.paid_minor,
    refunded: row.refunded_minor,
    refunding: row.refunding_minor,
    refundCount: row.refund_count,
    attemptCount: row.attempt_count,
    userId: orUndefined(row.user_id),
    payerId: orUndefined(row.payer_id),
    payerAppId: orUndefined(row.payer_app_id),
    metadata: readJson(row.metadata, isTextRecord, 'orders.metadata'),
    returnUrl: orUndefined(row.return_url),
    goodsType: row.goods_type,
    origin: orUndefined(row.origin),
    keptPaymentId: orUndefined(row.kept_payment_id),
    channel: orUndefined(row.channel),
    payType: orUndefined(row.pay_type),
    transactionId: orUndefined(row.transaction_id),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    paidAt: orUndefined(row.paid_at),
    closedAt: orUndefined(row.closed_at),
  }
}
