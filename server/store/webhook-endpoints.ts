import type { Selectable } from 'kysely'
import { type EventType, eventTypes } from '../../shared/kernel/events.ts'
import type { EndpointId, MerchantId } from '../../shared/kernel/ids.ts'
import type { WebhookEndpoint } from '../core/rules/webhook.ts'
import { type Page, pageOf, readCursor } from './cursor.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'
import { orNull, orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

const columns = [
  'merchant_id',
  'endpoint_id',
  'url',
  'types',
  'description',
  'status',
  'secret',
  'former_secret',
  'former_until',
  'disabled_why',
  'created_at',
] as const

/** Types are words without blanks, so a blank parts them; none stands for all there are, and will be. */
const separator = ' '

export async function insertEndpoint(db: Db, endpoint: WebhookEndpoint): Promise<boolean> {
  return insertNew(db, 'webhook_endpoints', writeEndpoint(endpoint))
}

export async function findEndpoint(db: Db, merchantId: MerchantId, endpointId: EndpointId): Promise<WebhookEndpoint | undefined> {
  const row = await db.query
    .selectFrom('webhook_endpoints')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('endpoint_id', '=', endpointId)
    .executeTakeFirst()
  return row && readEndpoint(row)
}

/** Oldest first. @throws BadCursor */
export async function listEndpoints(
  db: Db,
  merchantId: MerchantId,
  page: Page,
): Promise<{ items: WebhookEndpoint[]; nextCursor?: string }> {
  const after = readCursor(page.cursor)
  let query = db.query.selectFrom('webhook_endpoints').select(columns).where('merchant_id', '=', merchantId)
  if (after)
    query = query.where(({ eb, and, or }) =>
      and([eb('created_at', '>=', after.at), or([eb('created_at', '>', after.at), eb('endpoint_id', '>', after.id as EndpointId)])]),
    )
  const rows = await query
    .orderBy('created_at')
    .orderBy('endpoint_id')
    .limit(page.limit + 1)
    .execute()
  return pageOf(rows.map(readEndpoint), page, ({ createdAt, endpointId }) => ({ at: createdAt, id: endpointId }))
}

export async function countEndpoints(db: Db, merchantId: MerchantId): Promise<number> {
  const row = await db.query
    .selectFrom('webhook_endpoints')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

/** Those that are told of anything, of these merchants. */
export async function listEnabledEndpoints(db: Db, merchantIds: readonly MerchantId[]): Promise<WebhookEndpoint[]> {
  const rows = await db.query
    .selectFrom('webhook_endpoints')
    .select(columns)
    .where('merchant_id', 'in', merchantIds)
    .where('status', '=', 'enabled')
    .execute()
  return rows.map(readEndpoint)
}

/** Of every merchant: for what is done to the store as a whole. */
export async function listEveryEndpoint(db: Db): Promise<WebhookEndpoint[]> {
  const rows = await db.query.selectFrom('webhook_endpoints').select(columns).execute()
  return rows.map(readEndpoint)
}

/**
 * Writes what a merchant changed.
 *
 * @returns false when the endpoint is gone, or its secret was changed by somebody else meanwhile.
 */
export async function updateEndpoint(db: Db, before: WebhookEndpoint, endpoint: WebhookEndpoint): Promise<boolean> {
  const { merchant_id: _merchant, endpoint_id: _id, created_at: _at, ...set } = writeEndpoint(endpoint)
  const result = await db.query
    .updateTable('webhook_endpoints')
    .set(set)
    .where('merchant_id', '=', before.merchantId)
    .where('endpoint_id', '=', before.endpointId)
    .where('secret', '=', before.sealedSecret)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function deleteEndpoint(db: Db, merchantId: MerchantId, endpointId: EndpointId): Promise<boolean> {
  const result = await db.query
    .deleteFrom('webhook_endpoints')
    .where('merchant_id', '=', merchantId)
    .where('endpoint_id', '=', endpointId)
    .executeTakeFirst()
  return result.numDeletedRows === 1n
}

function writeEndpoint(endpoint: WebhookEndpoint): Schema['webhook_endpoints'] {
  return {
    merchant_id: endpoint.merchantId,
    endpoint_id: endpoint.endpointId,
    url: endpoint.url,
    types: (endpoint.types ?? []).join(separator),
    description: orNull(endpoint.description),
    status: endpoint.status,
    secret: endpoint.sealedSecret,
    former_secret: orNull(endpoint.former?.sealedSecret),
    former_until: orNull(endpoint.former?.until),
    disabled_why: orNull(endpoint.disabledWhy),
    created_at: endpoint.createdAt,
  }
}

function readEndpoint(row: Pick<Selectable<Schema['webhook_endpoints']>, (typeof columns)[number]>): WebhookEndpoint {
  const { former_secret: sealedSecret, former_until: until } = row
  return {
    merchantId: row.merchant_id,
    endpointId: row.endpoint_id,
    url: row.url,
    types: row.types === '' ? undefined : row.types.split(separator).filter(isEventType),
    description: orUndefined(row.description),
    status: row.status,
    disabledWhy: orUndefined(row.disabled_why),
    sealedSecret: row.secret,
    former: sealedSecret === null || until === null ? undefined : { sealedSecret, until },
    createdAt: row.created_at,
  }
}

function isEventType(word: string): word is EventType {
  return eventTypes.some((one) => one === word)
}
