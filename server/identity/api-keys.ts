import { asOwnId, defaultMerchant, type KeyId, type MerchantId } from '../../shared/kernel/ids.ts'
import { equalBytes, sha256Hex } from '../lib/hmac.ts'
import type { Secret } from '../lib/secret.ts'
import { findKeyByHash } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'

export type MerchantPrincipal = { readonly merchantId: MerchantId; readonly keyId: KeyId }

export type ApiKeys = ReturnType<typeof makeApiKeys>

/** Merchants' keys: looked up by their hash, so that neither the store nor a comparison's time tells one. */
export function makeApiKeys({ db, bootstrap }: { db: Database; bootstrap: Secret | undefined }) {
  const bootstrapHash = bootstrap && Buffer.from(sha256Hex(bootstrap.reveal()))
  return { authenticate }

  /** Whose key it is; undefined when it is nobody's, or was revoked. */
  async function authenticate(key: string): Promise<MerchantPrincipal | undefined> {
    if (!/^sk_[0-9A-Za-z_]{9,200}$/.test(key)) return undefined
    const hash = sha256Hex(key)
    if (bootstrapHash && equalBytes(Buffer.from(hash), bootstrapHash))
      return { merchantId: defaultMerchant, keyId: asOwnId('KeyId', 'key_bootstrap') }
    return findKeyByHash(db, hash)
  }
}
