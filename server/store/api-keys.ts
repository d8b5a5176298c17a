import type { Selectable } from 'kysely'
import type { KeyId, MerchantId } from '../../shared/kernel/ids.ts'
import { type Scope, scopes } from '../../shared/kernel/scopes.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'
import { insertNew } from './insert-ignore.ts'
import { orNull, orUndefined } from './json-column.ts'
import type { Schema } from './schema.ts'

export type ApiKey = {
  readonly merchantId: MerchantId
  readonly keyId: KeyId
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Its first and last letters, by which people tell keys apart. */
  readonly hint?: string | undefined
  readonly createdAt: Instant
  readonly expiresAt?: Instant | undefined
  readonly revokedAt?: Instant | undefined
}
type Named = Pick<ApiKey, 'merchantId' | 'keyId'>

const columns = ['merchant_id', 'key_id', 'name', 'scopes', 'hint', 'created_at', 'expires_at', 'revoked_at'] as const
const separator = ','
/** More than anybody keeps. */
const maxListed = 500

/** The key with that SHA-256, unless it was revoked. Keys themselves are nowhere in the store. */
export async function findKeyByHash(db: Db, hash: string): Promise<ApiKey | undefined> {
  const row = await db.query
    .selectFrom('api_keys')
    .select(columns)
    .where('hash', '=', hash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row && readKey(row)
}

export async function findKey(db: Db, { merchantId, keyId }: Named): Promise<ApiKey | undefined> {
  const row = await db.query
    .selectFrom('api_keys')
    .select(columns)
    .where('merchant_id', '=', merchantId)
    .where('key_id', '=', keyId)
    .executeTakeFirst()
  return row && readKey(row)
}

/** Oldest first, of one merchant or of all. */
export async function listKeys(db: Db, merchantId?: MerchantId): Promise<ApiKey[]> {
  let query = db.query.selectFrom('api_keys').select(columns)
  if (merchantId !== undefined) query = query.where('merchant_id', '=', merchantId)
  const rows = await query.orderBy('created_at').orderBy('key_id').limit(maxListed).execute()
  return rows.map(readKey)
}

/** False when the id or the hash is taken. */
export async function insertKey(db: Db, key: Omit<ApiKey, 'revokedAt'> & { readonly hash: string }): Promise<boolean> {
  return insertNew(db, 'api_keys', {
    merchant_id: key.merchantId,
    key_id: key.keyId,
    hash: key.hash,
    name: key.name,
    created_at: key.createdAt,
    revoked_at: null,
    scopes: key.scopes.join(separator),
    hint: orNull(key.hint),
    expires_at: orNull(key.expiresAt),
  })
}

export async function revokeKey(db: Db, { merchantId, keyId }: Named, at: Instant): Promise<boolean> {
  const result = await db.query
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('merchant_id', '=', merchantId)
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Lets a key end at that instant, unless it ends sooner. */
export async function endKeyAt(db: Db, { merchantId, keyId }: Named, at: Instant): Promise<void> {
  await db.query
    .updateTable('api_keys')
    .set({ expires_at: at })
    .where('merchant_id', '=', merchantId)
    .where('key_id', '=', keyId)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', at)]))
    .execute()
}

function readKey(row: Pick<Selectable<Schema['api_keys']>, (typeof columns)[number]>): ApiKey {
  return {
    merchantId: row.merchant_id,
    keyId: row.key_id,
    name: row.name,
    // A key from before there were scopes may do everything.
    scopes: row.scopes === null ? scopes : scopes.filter((scope) => row.scopes?.split(separator).includes(scope)),
    hint: orUndefined(row.hint),
    createdAt: row.created_at,
    expiresAt: orUndefined(row.expires_at),
    revokedAt: orUndefined(row.revoked_at),
  }
}
