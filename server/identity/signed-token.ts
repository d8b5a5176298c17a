import { equalBytes, hmacKey, hmacSha256 } from '../lib/hmac.ts'
import { parseJson } from '../lib/json.ts'
import type { Secret } from '../lib/secret.ts'

/**
 * Texts that carry what we once said, so that it need not be kept: anybody can read them, nobody can make or change one. A token made for
 * one purpose is nothing for another.
 */
export function makeSignedTokens(secret: Secret, purpose: string) {
  const key = hmacKey(hmacSha256(Buffer.from(secret.reveal()), purpose))
  return { write, read }

  function write(value: Readonly<Record<string, unknown>>): string {
    const body = Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${body}.${sign(body)}`
  }

  /** What was written; undefined when it was not written here, or was changed. */
  function read(token: string): Readonly<Record<string, unknown>> | undefined {
    const [body = '', signature = '', ...rest] = token.split('.')
    if (rest.length > 0 || !equalBytes(Buffer.from(signature), Buffer.from(sign(body)))) return undefined
    const parsed = parseJson(Buffer.from(body, 'base64url'))
    if (!('value' in parsed) || typeof parsed.value !== 'object' || parsed.value === null) return undefined
    return parsed.value as Readonly<Record<string, unknown>>
  }

  function sign(body: string): string {
    return Buffer.from(hmacSha256(key, body)).toString('base64url')
  }
}
