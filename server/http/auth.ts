import type { Context } from 'koa'
import { AppError } from '../core/error.ts'
import type { ApiKeys } from '../identity/api-keys.ts'
import type { Sessions } from '../identity/sessions.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Guesses } from './guesses.ts'
import type { Audience, Principal } from './route.ts'

/** Finds out who calls, for the audience a route names. A key of one audience is nothing to another. */
export function makeAuth({
  apiKeys,
  sessions,
  guesses,
  metrics,
}: {
  apiKeys: ApiKeys
  sessions: Sessions
  guesses: Guesses
  metrics: Pick<Metrics, 'authFailures'>
}) {
  /** @throws AppError UNAUTHORIZED, or RATE_LIMITED after too many wrong keys from the address. */
  return async function authenticate(ctx: Context, audience: Audience, clientIp: string): Promise<Principal[Audience]> {
    if (audience === 'public') return undefined
    const bearer = /^Bearer ([\w\-.~+/=]{1,2000})$/i.exec(ctx.get('authorization'))?.[1]
    const principal =
      bearer === undefined ? undefined : audience === 'merchant' ? await apiKeys.authenticate(bearer) : sessions.read(bearer)
    if (principal) return principal
    metrics.authFailures.count({ audience })
    // A right key passes whatever its neighbours at one address did; leaving the key out, or an old session, is no guess.
    if (bearer !== undefined && audience === 'merchant') await guesses.failed(clientIp)
    throw new AppError(
      'UNAUTHORIZED',
      audience === 'merchant'
        ? 'this needs a merchant key: Authorization: Bearer sk_…'
        : 'this needs a session: log in and send Authorization: Bearer <token>',
    )
  }
}
