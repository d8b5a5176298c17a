import { asOwnId, defaultMerchant, type KeyId, type MerchantId } from '../../shared/kernel/ids.ts'
import { scopes as allScopes, type Scope } from '../../shared/kernel/scopes.ts'
import { type Instant, later } from '../../shared/kernel/time.ts'
import { equalBytes, sha256Hex } from '../lib/hmac.ts'
import { newId } from '../lib/ids.ts'
import type { Runtime } from '../lib/runtime.ts'
import { Secret } from '../lib/secret.ts'
import { type ApiKey, endKeyAt, findKey, findKeyByHash, insertKey, listKeys, revokeKey } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { ensureMerchant } from '../store/merchants.ts'

export type MerchantPrincipal = { readonly merchantId: MerchantId; readonly keyId: KeyId; readonly scopes: readonly Scope[] }

export type NewKey = {
  readonly merchantId: MerchantId
  readonly name: string
  readonly scopes?: readonly Scope[] | undefined
  readonly expiresAt?: Instant | undefined
  /** What its first letters say: whether real money moves. */
  readonly mode: 'live' | 'test'
}

const keyPattern = /^sk_[0-9A-Za-z_]{9,200}$/
const randomLetters = 32
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const hintLetters = 4

export type ApiKeys = ReturnType<typeof makeApiKeys>

/** Merchants' keys: looked up by their hash, so that neither the store nor a comparison's time tells one. */
export function makeApiKeys({
  db,
  runtime,
  bootstrap,
}: {
  db: Database
  runtime: Pick<Runtime, 'now' | 'randomBytes'>
  bootstrap: Secret | undefined
}) {
  const bootstrapHash = bootstrap && Buffer.from(sha256Hex(bootstrap.reveal()))
  return { authenticate, create, list, revoke, rotate }

  /** Whose key it is; undefined when it is nobody's, was revoked, or has ended. */
  async function authenticate(key: string): Promise<MerchantPrincipal | undefined> {
    if (!keyPattern.test(key)) return undefined
    const hash = sha256Hex(key)
    if (bootstrapHash && equalBytes(Buffer.from(hash), bootstrapHash))
      return { merchantId: defaultMerchant, keyId: asOwnId('KeyId', 'key_bootstrap'), scopes: allScopes }
    const found = await findKeyByHash(db, hash)
    if (!found || (found.expiresAt !== undefined && found.expiresAt <= runtime.now())) return undefined
    return { merchantId: found.merchantId, keyId: found.keyId, scopes: found.scopes }
  }

  /** Makes a key, and the merchant when there is none yet. The key itself is given out this once. */
  async function create({ merchantId, name, scopes = allScopes, expiresAt, mode }: NewKey): Promise<{ key: Secret; keyId: KeyId }> {
    await ensureMerchant(db, { merchantId, name: merchantId, at: runtime.now() })
    const letters = Array.from(runtime.randomBytes(randomLetters), (byte) => alphabet[byte % alphabet.length]).join('')
    const key = `sk_${mode}_${letters}`
    const keyId = asOwnId('KeyId', newId(runtime, 'key'))
    const hint = `sk_${mode}_…${key.slice(-hintLetters)}`
    await insertKey(db, { merchantId, keyId, hash: sha256Hex(key), name, scopes, hint, createdAt: runtime.now(), expiresAt })
    return { key: new Secret(key), keyId }
  }

  /** Oldest first, of one merchant or of all; those that ended, too. */
  async function list(merchantId?: MerchantId): Promise<ApiKey[]> {
    return listKeys(db, merchantId)
  }

  /** False when there is no such key, or it was revoked already. It opens nothing from this moment. */
  async function revoke(merchantId: MerchantId, keyId: KeyId): Promise<boolean> {
    return revokeKey(db, { merchantId, keyId }, runtime.now())
  }

  /** A new key that may do the same; the one before goes on for so long. Undefined when there is no such key that still opens something. */
  async function rotate(merchantId: MerchantId, keyId: KeyId, overlapMs: number): Promise<{ key: Secret; keyId: KeyId } | undefined> {
    const before = await findKey(db, { merchantId, keyId })
    const now = runtime.now()
    if (!before || before.revokedAt !== undefined || (before.expiresAt !== undefined && before.expiresAt <= now)) return undefined
    const { name, scopes, hint } = before
    const made = await create({ merchantId, name, scopes, mode: hint?.startsWith('sk_test_') === true ? 'test' : 'live' })
    await endKeyAt(db, before, later(now, overlapMs))
    return made
  }
}
