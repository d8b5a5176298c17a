import type Router from '@koa/router'
import type { Context } from 'koa'
import { troubleOf } from '../../../shared/kernel/pay-page.ts'
import { AppError } from '../../core/error.ts'
import type { OAuthFlow, PayPage } from '../../core/pay-page.ts'
import type { OAuthFlows } from '../../identity/oauth-flows.ts'
import type { Metrics } from '../../lib/metrics.ts'
import { type Cookies, flowCookie, sessionCookie } from '../cookies.ts'
import type { Guesses } from '../guesses.ts'
import type { LinkAddresses } from '../link-addresses.ts'
import type { Notices } from './notices.ts'
import { goTo } from './page-headers.ts'
import { isAhead } from './prefetch.ts'

export const callbackPaths = [
  { method: 'get', path: '/oauth/wechat/callback' },
  { method: 'get', path: '/oauth/qfpay/callback' },
] as const

const statePattern = /^[0-9a-f]{32}$/
const codePattern = /^[\w.-]{1,512}$/

type Parts = {
  readonly payPage: PayPage
  readonly flows: OAuthFlows
  readonly cookies: Cookies
  readonly notices: Notices
  readonly guesses: Guesses
  readonly linkAddresses: LinkAddresses
  readonly metrics: Pick<Metrics, 'authFailures'>
}

/** Where a payer comes back to from the channel's login. Only the browser that went there, only once, and only to the order's page. */
export function mountCallbacks(router: Router, parts: Parts): void {
  const { payPage, flows, cookies, notices, guesses, linkAddresses, metrics } = parts
  for (const { path } of callbackPaths)
    router.get(path, notices.guard(`GET ${path}`), async (ctx: Context) => {
      // A code is for one use, and that use is the payer's.
      if (isAhead(ctx)) ctx.status = 204
      else await back(ctx, path.split('/')[2] ?? '')
    })

  async function back(ctx: Context, channel: string): Promise<void> {
    const flow = flowOf(ctx)
    if (!flow || flow.channel !== channel) return refuse(ctx)
    cookies.clear(ctx, flowCookie(flow.state))
    const { code } = ctx.query
    if (typeof code !== 'string' || !codePattern.test(code)) return goTo(ctx, linkAddresses.page(flow.link, '&trouble=login'))
    try {
      await finish(ctx, flow, code)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      ctx.state.code = error.code
      if (error.code === 'INVALID_REQUEST') return refuse(ctx)
      goTo(ctx, linkAddresses.page(flow.link, `&trouble=${troubleOf(error.code)}`))
    }
  }

  async function finish(ctx: Context, flow: OAuthFlow, code: string): Promise<void> {
    const done = await payPage.finishLogin(flow, { code, clientIp: ctx.state.clientIp })
    if (done.is === 'leave') return goTo(ctx, done.url)
    cookies.write(ctx, sessionCookie, { value: done.token, maxAgeSeconds: done.expiresInSeconds })
    goTo(ctx, linkAddresses.page(flow.link, '&login=1'))
  }

  /** The login this browser began. */
  function flowOf(ctx: Context): OAuthFlow | undefined {
    const { state } = ctx.query
    if (typeof state !== 'string' || !statePattern.test(state)) return undefined
    const token = cookies.read(ctx, flowCookie(state))
    return token === undefined ? undefined : flows.read(token, state)
  }

  async function refuse(ctx: Context): Promise<void> {
    metrics.authFailures.count({ audience: 'link' })
    guesses.assertMayTry(ctx.state.clientIp)
    await guesses.failed(ctx.state.clientIp)
    notices.tell(ctx, 400, 'loginFailed')
  }
}
