import { equalBytes, hmacSha256, md5Hex } from '../../../lib/hmac.ts'
import type { Secret } from '../../../lib/secret.ts'
import type { SignType } from '../account.ts'

/** Members as they are sent or were received: text, by upstream names. */
export type Members = Readonly<Record<string, string | undefined>>

/**
 * What is signed: every member but `sign` that has a value, by name in ASCII order, as `name=value` joined with `&`, values raw, and the
 * key at the end (fact sheet §2).
 */
export function stringToSign(members: Readonly<Record<string, string | null | undefined>>, key: Secret): string {
  const pairs = Object.entries(members)
    .filter(([name, value]) => name !== 'sign' && (value ?? '') !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
  return [...pairs, `key=${key.reveal()}`].join('&')
}

/** Upper-case hex: 32 characters of MD5 or 64 of HMAC-SHA256. */
export function sign(members: Members, key: Secret, type: SignType): string {
  const text = stringToSign(members, key)
  return type === 'MD5'
    ? md5Hex(text).toUpperCase()
    : Buffer.from(hmacSha256(Buffer.from(key.reveal()), text))
        .toString('hex')
        .toUpperCase()
}

/**
 * Whether `sign` fits the rest. Which way it was made is said by `sign_type`, or else by its length: notifications of orders signed with
 * HMAC have come signed with MD5 and said nothing of it.
 */
export function isSigned(members: Members, key: Secret): boolean {
  const given = members.sign?.toUpperCase() ?? ''
  const type = typeOf(members.sign_type, given)
  return type !== undefined && equalBytes(Buffer.from(given), Buffer.from(sign(members, key, type)))
}

function typeOf(said: string | undefined, given: string): SignType | undefined {
  if (said === 'MD5' || said === 'HMAC-SHA256') return said
  if (said !== undefined && said !== '') return undefined
  return given.length === 32 ? 'MD5' : given.length === 64 ? 'HMAC-SHA256' : undefined
}
