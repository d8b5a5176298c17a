import type { AppId, MerchantId, OpenId, PayerId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Database, Db } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'
import { orNull } from './json-column.ts'
import { transaction } from './transaction.ts'

/** A person as one app knows them. The openid never leaves the server. */
export type Person = { readonly merchantId: MerchantId; readonly payerId: PayerId; readonly appId: AppId; readonly openId: OpenId }

/** Keeps a person; of two at once the first one's id is everybody's. */
export async function savePayer(
  db: Database,
  person: Person & { readonly unionId?: string | undefined; readonly at: Instant },
): Promise<Person> {
  const { merchantId, payerId, appId, openId, unionId, at } = person
  const known = await findPerson(db, merchantId, appId, openId)
  if (known) return known
  const count = await insertIgnore(db, 'payers', [
    { merchant_id: merchantId, payer_id: payerId, app_id: appId, open_id: openId, union_id: orNull(unionId), created_at: at },
  ])
  if (count === 1) return { merchantId, payerId, appId, openId }
  // Somebody was faster; a node that lags may not show whom, a transaction does.
  const first = await transaction(db, (tx) => findPerson(tx, merchantId, appId, openId))
  if (!first) throw new Error('a payer who is there cannot be read')
  return first
}

async function findPerson(db: Db, merchantId: MerchantId, appId: AppId, openId: OpenId): Promise<Person | undefined> {
  const row = await db.query
    .selectFrom('payers')
    .select('payer_id')
    .where('merchant_id', '=', merchantId)
    .where('open_id', '=', openId)
    .where('app_id', '=', appId)
    .executeTakeFirst()
  return row && { merchantId, payerId: row.payer_id, appId, openId }
}

export async function findPayer(db: Db, merchantId: MerchantId, payerId: PayerId): Promise<Person | undefined> {
  const row = await db.query
    .selectFrom('payers')
    .select(['app_id', 'open_id'])
    .where('merchant_id', '=', merchantId)
    .where('payer_id', '=', payerId)
    .executeTakeFirst()
  return row && { merchantId, payerId, appId: row.app_id, openId: row.open_id }
}

/** In which apps somebody logged in with that openid; none when it was never seen. */
export async function listAppsOfOpenId(db: Db, merchantId: MerchantId, openId: OpenId): Promise<AppId[]> {
  const rows = await db.query
    .selectFrom('payers')
    .select('app_id')
    .where('merchant_id', '=', merchantId)
    .where('open_id', '=', openId)
    .execute()
  return rows.map((row) => row.app_id)
}
