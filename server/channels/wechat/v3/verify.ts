import type { Instant } from '../../../../shared/kernel/time.ts'
import { decodeBase64 } from '../../../lib/base64.ts'
import { type KeyObject, verifyRsaSha256 } from '../../../lib/rsa.ts'
import { answerMessage } from './signature.ts'

/** Official SDKs of Go and Java refuse a difference of 300 s or more, either way (fact sheet §4). */
const toleranceMs = 300_000
/** Probes carry this before a value that must fail; it is never taken off. */
const probePrefix = 'WECHATPAY/SIGNTEST/'

export type SignatureHeaders = { readonly timestamp: string; readonly nonce: string; readonly signature: string; readonly serial: string }
export type Verdict = 'good' | 'missing' | 'stale' | 'unknown_key' | 'probe' | 'bad_signature'

/** The four headers of a signed answer or notification; undefined when one is missing, empty or came twice. */
export function readSignatureHeaders(headers: Readonly<Record<string, string | undefined>>): SignatureHeaders | undefined {
  const [timestamp, nonce, signature, serial] = ['timestamp', 'nonce', 'signature', 'serial'].map((name) => headers[`wechatpay-${name}`])
  if (!timestamp || !nonce || !signature || !serial) return undefined
  const isWhole = [timestamp, nonce, signature, serial].every((value) => !value.includes(',') && value === value.trim())
  return isWhole && /^\d{1,12}$/.test(timestamp) ? { timestamp, nonce, signature, serial } : undefined
}

/** Whether any of the headers is there: an answer that carries some has to carry all, and right ones. */
export function hasSignatureHeaders(headers: Readonly<Record<string, string | undefined>>): boolean {
  return headers['wechatpay-signature'] !== undefined || headers['wechatpay-serial'] !== undefined
}

/**
 * Checks bytes in the order of the fact sheet (§4): headers there → fresh → the key that the serial names, and no other → signature.
 *
 * @param keyOf the key of exactly that serial.
 */
export function verdictOf({
  headers,
  body,
  now,
  keyOf,
}: {
  headers: SignatureHeaders | undefined
  body: Uint8Array
  now: Instant
  keyOf: (serial: string) => KeyObject | undefined
}): Verdict {
  if (!headers) return 'missing'
  if (isStale(headers, now)) return 'stale'
  if (headers.signature.startsWith(probePrefix)) return 'probe'
  const key = keyOf(headers.serial)
  if (!key) return 'unknown_key'
  const signature = decodeBase64(headers.signature)
  return signature && verifyRsaSha256(key, answerMessage({ ...headers, body }), signature) ? 'good' : 'bad_signature'
}

function isStale({ timestamp }: SignatureHeaders, now: Instant): boolean {
  return Math.abs(now - Number(timestamp) * 1000) >= toleranceMs
}
