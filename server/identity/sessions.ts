import { asAppId, readName } from '../../shared/kernel/ids.ts'
import { equalBytes, hmacSha256 } from '../lib/hmac.ts'
import { parseJson } from '../lib/json.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Secret } from '../lib/secret.ts'
import type { Payer } from './payer.ts'

/** A mini-program logs in again silently, so a session need not live long. */
const lifeMs = 2 * 60 * 60 * 1000
const version = 1

export type Sessions = ReturnType<typeof makeSessions>

/** Sessions of payers: signed, with an end, and nothing in them that must not be seen. */
export function makeSessions({ secret, runtime }: { secret: Secret; runtime: Pick<Runtime, 'now' | 'randomBytes'> }) {
  const key = hmacSha256(Buffer.from(secret.reveal()), 'payer session')
  return { issue, read }

  function issue({ merchantId, payerId, appId }: Payer): { token: string; expiresInSeconds: number } {
    const body = Buffer.from(
      JSON.stringify({ v: version, aud: 'payer', m: merchantId, p: payerId, a: appId, exp: runtime.now() + lifeMs, n: nonce() }),
    ).toString('base64url')
    return { token: `${body}.${sign(body)}`, expiresInSeconds: lifeMs / 1000 }
  }

  /** The payer a token was issued to; undefined when it was not issued here, was changed, or has ended. */
  function read(token: string): Payer | undefined {
    const [body = '', signature = '', ...rest] = token.split('.')
    if (rest.length > 0 || !equalBytes(Buffer.from(signature), Buffer.from(sign(body)))) return undefined
    const parsed = parseJson(Buffer.from(body, 'base64url'))
    return 'value' in parsed ? readPayer(parsed.value, runtime.now()) : undefined
  }

  /** Two logins never give the same token. */
  function nonce(): string {
    return Buffer.from(runtime.randomBytes(9)).toString('base64url')
  }

  function sign(body: string): string {
    return Buffer.from(hmacSha256(key, body)).toString('base64url')
  }
}

function readPayer(value: unknown, now: number): Payer | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { v, aud, m, p, a, exp } = value as Readonly<Record<string, unknown>>
  const isOurs = v === version && aud === 'payer' && typeof exp === 'number' && exp > now
  if (!isOurs || typeof m !== 'string' || typeof p !== 'string' || typeof a !== 'string') return undefined
  const merchantId = readName('MerchantId', m)
  const payerId = readName('PayerId', p)
  return merchantId && payerId ? { merchantId, payerId, appId: asAppId(a) } : undefined
}
