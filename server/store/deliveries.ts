import type { Selectable } from 'kysely'
import type { DeliveryId, EventId, MerchantId } from '../../shared/kernel/ids.ts'
import type { Delivery, DeliveryTry } from '../core/rules/webhook.ts'
import type { Db } from './database.ts'
import { orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const columns = [
  'merchant_id',
  'delivery_id',
  'event_id',
  'endpoint_id',
  'status',
  'tries',
  'next_at',
  'created_at',
  'finished_at',
] as const

export async function findDelivery(db: Db, merchantId: MerchantId, deliveryId: DeliveryId): Promise<Delivery | undefined> {
  const row = await db.query
    .selectFrom('deliveries')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('delivery_id', '=', deliveryId)
    .executeTakeFirst()
  return row && readDelivery(row)
}

/** Where these events went, or go. */
export async function listDeliveries(db: Db, merchantId: MerchantId, eventIds: readonly EventId[]): Promise<Delivery[]> {
  if (eventIds.length === 0) return []
  const rows = await db.query
    .selectFrom('deliveries')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('event_id', 'in', eventIds)
    .orderBy('created_at')
    .orderBy('delivery_id')
    .execute()
  return rows.map(readDelivery)
}

/** The tries of a delivery, oldest first. */
export async function listTries(
  db: Db,
  merchantId: MerchantId,
  deliveryIds: readonly DeliveryId[],
): Promise<Map<DeliveryId, DeliveryTry[]>> {
  const rows =
    deliveryIds.length === 0
      ? []
      : await db.query
          .selectFrom('delivery_tries')
          .select(['delivery_id', 'at', 'ms', 'outcome', 'status_code', 'detail'])
          .where('merchant_id', '=', merchantId)
          .where('delivery_id', 'in', deliveryIds)
          .orderBy('try_id')
          .execute()
  const tries = new Map<DeliveryId, DeliveryTry[]>()
  for (const { delivery_id, at, ms, outcome, status_code, detail } of rows)
    tries.set(delivery_id, [
      ...(tries.get(delivery_id) ?? []),
      { at, ms, outcome, statusCode: orUndefined(status_code), detail: orUndefined(detail) },
    ])
  return tries
}

function readDelivery(row: Pick<Selectable<Schema['deliveries']>, (typeof columns)[number]>): Delivery {
  return {
    merchantId: row.merchant_id,
    deliveryId: row.delivery_id,
    eventId: row.event_id,
    endpointId: row.endpoint_id,
    status: row.status,
    tries: row.tries,
    nextAt: orUndefined(row.next_at),
    createdAt: row.created_at,
    finishedAt: orUndefined(row.finished_at),
  }
}
