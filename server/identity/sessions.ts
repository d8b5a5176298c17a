import { asAppId, readName } from '../../shared/kernel/ids.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Secret } from '../lib/secret.ts'
import type { Payer } from './payer.ts'
import { makeSignedTokens } from './signed-token.ts'

/** A mini-program logs in again silently, so a session need not live long. */
const lifeMs = 2 * 60 * 60 * 1000
const version = 1

export type Sessions = ReturnType<typeof makeSessions>

/** Sessions of payers: signed, with an end, and nothing in them that must not be seen. */
export function makeSessions({ secret, runtime }: { secret: Secret; runtime: Pick<Runtime, 'now' | 'randomBytes'> }) {
  const tokens = makeSignedTokens(secret, 'payer session')
  return { issue, read }

  function issue({ merchantId, payerId, appId }: Payer): { token: string; expiresInSeconds: number } {
    const token = tokens.write({ v: version, aud: 'payer', m: merchantId, p: payerId, a: appId, exp: runtime.now() + lifeMs, n: nonce() })
    return { token, expiresInSeconds: lifeMs / 1000 }
  }

  /** The payer a token was issued to; undefined when it was not issued here, was changed, or has ended. */
  function read(token: string): Payer | undefined {
    const value = tokens.read(token)
    return value && readPayer(value, runtime.now())
  }

  /** Two logins never give the same token. */
  function nonce(): string {
    return Buffer.from(runtime.randomBytes(9)).toString('base64url')
  }
}

function readPayer({ v, aud, m, p, a, exp }: Readonly<Record<string, unknown>>, now: number): Payer | undefined {
  const isOurs = v === version && aud === 'payer' && typeof exp === 'number' && exp > now
  if (!isOurs || typeof m !== 'string' || typeof p !== 'string' || typeof a !== 'string') return undefined
  const merchantId = readName('MerchantId', m)
  const payerId = readName('PayerId', p)
  return merchantId && payerId ? { merchantId, payerId, appId: asAppId(a) } : undefined
}
