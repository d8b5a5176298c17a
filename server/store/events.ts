import type { Selectable } from 'kysely'
import type { EventType } from '../../shared/kernel/events.ts'
import { asOwnId, type EventId, type MerchantId, type OrderId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { StoredEvent } from '../core/rules/webhook.ts'
import { idsFrom } from '../lib/ids.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import type { Schema } from './schema.ts'

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

/** An event has the instant of what it tells; its id is made when it is written, perhaps by a clock that is off. */
const clocksApartMs = 24 * 60 * 60 * 1000

const columns = ['merchant_id', 'event_id', 'type', 'order_id', 'created_at', 'data'] as const

export type EventFilter = {
  readonly type?: EventType | undefined
  readonly orderId?: OrderId | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
}

export async function findEvent(db: Db, merchantId: MerchantId, eventId: EventId): Promise<StoredEvent | undefined> {
  const row = await db.query
    .selectFrom('events')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('event_id', '=', eventId)
    .executeTakeFirst()
  return row && readEvent(row)
}

/** Newest first, by keyset: their ids sort by time. @throws BadCursor */
export async function listEvents(
  db: Db,
  merchantId: MerchantId,
  filter: EventFilter,
  page: Page,
): Promise<{ items: StoredEvent[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('events').select(columns).where('merchant_id', '=', merchantId)
  if (filter.type !== undefined) query = query.where('type', '=', filter.type)
  if (filter.orderId !== undefined) query = query.where('order_id', '=', filter.orderId)
  // Ids begin with their time, so that of a long log only the part is read that was asked for.
  if (filter.from !== undefined)
    query = query.where('created_at', '>=', filter.from).where('event_id', '>=', madeFrom(filter.from - clocksApartMs))
  if (filter.to !== undefined) query = query.where('created_at', '<', filter.to).where('event_id', '<', madeFrom(filter.to + clocksApartMs))
  if (after) query = query.where('event_id', '<', after.id as EventId)
  const rows = await query
    .orderBy('event_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readEvent), page, ({ createdAt, eventId }) => ({ at: createdAt, id: eventId }))
}

function madeFrom(ms: number): EventId {
  return asOwnId('EventId', idsFrom('evt', ms))
}

function readEvent(row: Pick<Selectable<Schema['events']>, (typeof columns)[number]>): StoredEvent {
  const { merchant_id: merchantId, event_id: eventId, order_id: orderId, created_at: createdAt, data } = row
  // Written by us alone, from a value of this type.
  return { merchantId, eventId, type: row.type as EventType, orderId, createdAt, data }
}
