import type { Context } from 'koa'
import { AppError } from '../core/error.ts'
import type { ApiKeys } from '../identity/api-keys.ts'
import type { Sessions } from '../identity/sessions.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Cookies, sessionCookie } from './cookies.ts'
import type { Guesses } from './guesses.ts'
import type { LinkHolders } from './link-holders.ts'
import { assertOwnOrigin } from './own-origin.ts'
import type { Audience, Principal } from './route.ts'

/** Finds out who calls, for the audience a route names. A key of one audience is nothing to another. */
export function makeAuth({
  apiKeys,
  sessions,
  guesses,
  metrics,
  holders,
  cookies,
  publicUrl,
}: {
  apiKeys: ApiKeys
  sessions: Sessions
  guesses: Guesses
  metrics: Pick<Metrics, 'authFailures'>
  holders: LinkHolders
  cookies: Cookies
  publicUrl: string
}) {
  return authenticate

  /** @throws AppError UNAUTHORIZED, for a link NOT_FOUND; RATE_LIMITED after too many wrong keys from the address. */
  async function authenticate(ctx: Context, audience: Audience, clientIp: string): Promise<Principal[Audience]> {
    if (audience === 'public') return undefined
    if (audience === 'link') return holders.read(ctx)
    const bearer = /^Bearer ([\w\-.~+/=]{1,2000})$/i.exec(ctx.get('authorization'))?.[1]
    const principal = audience === 'payer' ? payerOf(ctx, bearer) : bearer === undefined ? undefined : await apiKeys.authenticate(bearer)
    if (principal) return principal
    metrics.authFailures.count({ audience })
    // A right key passes whatever its neighbours at one address did; leaving the key out, or an old session, is no guess.
    if (bearer !== undefined && audience === 'merchant') await guesses.failed(clientIp)
    ctx.set('www-authenticate', 'Bearer')
    throw new AppError('UNAUTHORIZED', whatIsWrong(audience, bearer !== undefined))
  }
  /** The mini-program's session, or the browser's, which sends its cookie with whatever a page makes it send. */
  function payerOf(ctx: Context, bearer: string | undefined): Principal['payer'] | undefined {
    if (bearer !== undefined) return sessions.read(bearer)
    const payer = sessions.read(cookies.read(ctx, sessionCookie) ?? '')
    if (payer && ctx.method !== 'GET' && ctx.method !== 'HEAD') assertOwnOrigin(ctx, { publicUrl, hasCookie: true })
    return payer
  }
}

/** @param isGiven there was something in the place of the key; what was wrong with it is nobody's business. */
function whatIsWrong(audience: 'merchant' | 'payer', isGiven: boolean): string {
  if (audience === 'merchant')
    return isGiven
      ? 'this merchant key opens nothing: it is wrong, or was revoked, or has ended'
      : 'this needs a merchant key: Authorization: Bearer sk_…'
  return isGiven
    ? 'this session has ended, or never was: log in again'
    : 'this needs a session: log in and send Authorization: Bearer <token>'
}
