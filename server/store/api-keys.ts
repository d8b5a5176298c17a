import type { KeyId, MerchantId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'

export type ApiKey = { readonly merchantId: MerchantId; readonly keyId: KeyId }

/** The key with that SHA-256, unless it was revoked. Keys themselves are nowhere in the store. */
export async function findKeyByHash(db: Db, hash: string): Promise<ApiKey | undefined> {
  const row = await db.query
    .selectFrom('api_keys')
    .select(['merchant_id', 'key_id'])
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row && { merchantId: row.merchant_id, keyId: row.key_id }
}

/** False when the id or the hash is taken. */
export async function insertKey(
  db: Db,
  key: ApiKey & { readonly hash: string; readonly name: string; readonly at: Instant },
): Promise<boolean> {
  return insertNew(db, 'api_keys', {
    merchant_id: key.merchantId,
    key_id: key.keyId,
    hash: key.hash,
    name: key.name,
    created_at: key.at,
    revoked_at: null,
  })
}

export async function revokeKey(db: Db, { merchantId, keyId }: ApiKey, at: Instant): Promise<boolean> {
  const result = await db.query
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('merchant_id', '=', merchantId)
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
