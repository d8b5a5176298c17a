import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Db } from './database.ts'

/** What was told of an order, oldest first. */
export async function listEventTypes(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<string[]> {
  const rows = await db.query
    .selectFrom('events')
    .select('type')
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('created_at')
    .orderBy('event_id')
    .execute()
  return rows.map((row) => row.type)
}
