import type { Context } from 'koa'
import { defaultMerchant } from '../../shared/kernel/ids.ts'
import { AppError } from '../core/error.ts'
import { orderNotFound } from '../core/load.ts'
import type { LinkHolder } from '../core/pay-page.ts'
import { deviceOf } from '../core/rules/device.ts'
import type { OrderLinks } from '../identity/order-links.ts'
import type { Sessions } from '../identity/sessions.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Cookies, sessionCookie } from './cookies.ts'
import type { Guesses } from './guesses.ts'
import { assertOwnOrigin } from './own-origin.ts'

export type LinkHolders = ReturnType<typeof makeLinkHolders>

/** Who holds the link that a request carries in its address. */
export function makeLinkHolders({
  links,
  sessions,
  cookies,
  guesses,
  metrics,
  publicUrl,
}: {
  readonly links: OrderLinks
  readonly sessions: Sessions
  readonly cookies: Cookies
  readonly guesses: Guesses
  readonly metrics: Pick<Metrics, 'authFailures'>
  readonly publicUrl: string
}) {
  return { read }

  /**
   * A wrong key is answered as an order that is not there, before anything is looked up.
   *
   * @throws AppError NOT_FOUND; RATE_LIMITED after too many wrong keys from the address; NOAUTH for a POST from another site.
   */
  async function read(ctx: Context): Promise<LinkHolder> {
    const orderId = String(ctx.params.orderId)
    const [k, via] = [one(ctx.query.k), one(ctx.query.via)]
    const link = links.read(defaultMerchant, { orderId, k, via })
    if (!link) {
      metrics.authFailures.count({ audience: 'link' })
      // A link that lost its key on the way is no guess.
      if (k !== '') {
        guesses.assertMayTry(ctx.state.clientIp)
        await guesses.failed(ctx.state.clientIp)
      }
      throw orderNotFound(orderId.slice(0, 64))
    }
    const token = cookies.read(ctx, sessionCookie)
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') assertOwnOrigin(ctx, { publicUrl, hasCookie: token !== undefined })
    return { ...link, device: deviceOf(ctx.get('user-agent')), payer: token === undefined ? undefined : sessions.read(token) }
  }
}

/** A member of the query that has to be there once. */
function one(value: string | string[] | undefined): string {
  if (Array.isArray(value)) throw new AppError('NOT_FOUND', 'no such order')
  return value ?? ''
}
