import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import type { Note } from '../core/rules/decision.ts'
import type { Db } from './database.ts'
import { isRecord, readJson } from './json-column.ts'

/** The longest story of an order that is told; an order that is asked about for months has more lines than anybody reads. */
const maxNotes = 1000

/** Oldest first. */
export async function listNotes(db: Db, merchantId: MerchantId, orderId: OrderId): Promise<Note[]> {
  const rows = await db.query
    .selectFrom('timeline')
    .select(['at', 'kind', 'title', 'detail'])
    .where('merchant_id', '=', merchantId)
    .where('order_id', '=', orderId)
    .orderBy('at')
    .orderBy('note_id')
    .limit(maxNotes)
    .execute()
  return rows.map(({ at, kind, title, detail }) => ({
    merchantId,
    orderId,
    at,
    kind: readKind(kind),
    title,
    detail: readJson(detail, isRecord, 'timeline.detail'),
  }))
}

function readKind(kind: string): Note['kind'] {
  return kind === 'call' || kind === 'notification' || kind === 'request' || kind === 'webhook' ? kind : 'transition'
}
