import { equalBytes, md5Hex, sha256Hex } from '../../lib/hmac.ts'
import type { Secret } from '../../lib/secret.ts'
import type { SignType } from './account.ts'

/** Members as they are sent; one without a value is neither sent nor signed, so that both readings of the documents agree. */
export type Members = Readonly<Record<string, string | undefined>>

/** What is signed: members with a value by name in ASCII order, `name=value` joined with `&`, the key right behind (fact sheet §3). */
export function stringToSign(members: Readonly<Record<string, string | null | undefined>>, key: Secret): string {
  const pairs = Object.entries(members)
    .filter(([name, value]) => name !== 'sign' && (value ?? '') !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
  return pairs.join('&') + key.reveal()
}

/** Upper-case hex over the decoded values. */
export function sign(members: Readonly<Record<string, string | null | undefined>>, key: Secret, type: SignType): string {
  const text = stringToSign(members, key)
  return (type === 'MD5' ? md5Hex(text) : sha256Hex(text)).toUpperCase()
}

/**
 * Whether answers and notifications are QFPay's: the digest of the raw bytes with the key behind them, as the printed Japanese example
 * has it. The documents know MD5 only; a SHA-256 digest with the same key, as an account on SHA256 may get, proves no less.
 */
export function isSignedBody(body: Uint8Array, given: string | undefined, key: Secret): boolean {
  const said = (given ?? '').trim().toUpperCase()
  const bytes = Buffer.concat([body, Buffer.from(key.reveal())])
  const right = said.length === 64 ? sha256Hex(bytes) : md5Hex(bytes)
  return equalBytes(Buffer.from(said), Buffer.from(right.toUpperCase()))
}
