import Router from '@koa/router'
import Koa from 'koa'
import type { Audit } from '../core/audit.ts'
import type { Budgets } from '../core/budgets.ts'
import { AppError } from '../core/error.ts'
import type { Live } from '../core/live.ts'
import type { Login } from '../core/login.ts'
import type { Notifications } from '../core/notifications.ts'
import type { Once } from '../core/once.ts'
import type { ApiKeys } from '../identity/api-keys.ts'
import type { OAuthFlows } from '../identity/oauth-flows.ts'
import type { OrderLinks } from '../identity/order-links.ts'
import type { Sessions } from '../identity/sessions.ts'
import type { BuiltPages } from '../lib/built-pages.ts'
import type { Log } from '../lib/log.ts'
import type { LogScope } from '../lib/log-scope.ts'
import type { PromMetrics } from '../lib/prom-metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Secret } from '../lib/secret.ts'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'
import { makeAuth } from './auth.ts'
import { makeClientIp } from './client-ip.ts'
import { makeCookies } from './cookies.ts'
import { docsPaths, mountDocs } from './docs.ts'
import { guessBudget, makeGuesses } from './guesses.ts'
import { makeIdempotent } from './idempotency.ts'
import { type LimitSettings, makeLimits } from './limits.ts'
import { makeLinkAddresses } from './link-addresses.ts'
import { makeLinkHolders } from './link-holders.ts'
import type { Answering } from './listen.ts'
import { makeGuardedLogin } from './login-guard.ts'
import { assertMayRead } from './metrics-door.ts'
import { nowhere } from './nowhere.ts'
import { mountPages, pagePaths } from './pages/pages.ts'
import { requestContext, unreadRequests } from './request-context.ts'
import type { Route } from './route.ts'
import { apiPrefix, makeRouter } from './router.ts'
import { allRoutes, doors, type RouteParts } from './routes/all.ts'
import { makeEventStreams } from './routes/events.ts'
import { formerDoors, mountFormerAddresses, mountNotifications } from './routes/notifications.ts'

type UseCases = Omit<RouteParts, 'login' | 'cashierUrl' | 'linkAddresses'> & {
  readonly login: Login
  readonly notifications: Notifications
  readonly once: Once
  readonly live: Live
}
type Parts = UseCases & {
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  readonly sessions: Sessions
  readonly apiKeys: ApiKeys
  readonly audit: Audit
  /** Names this server among those on one store: whoever asks at the public address learns which one answers. */
  readonly instanceId: string
  readonly trustedProxies: TrustedProxies
  readonly publicUrl: string | undefined
  readonly links: OrderLinks
  readonly flows: OAuthFlows
  /** Undefined where nobody built them. */
  readonly pages: BuiltPages | undefined
  readonly budgets: Budgets
  readonly limits: LimitSettings
  readonly metricsToken: Secret | undefined
  readonly scope: LogScope
  /** Resolves when the store can be read and holds this program's schema. */
  readonly assertReady: () => Promise<void>
}

const operationPaths = ['/healthz', '/readyz', '/metrics', '/openapi.json', ...docsPaths]

/** The web application. Its callback answers requests; `drain` ends the streams that are open. */
export function makeHttp(parts: Parts) {
  const { runtime, log, metrics, apiKeys, sessions, trustedProxies, budgets, limits, scope, links, publicUrl = '' } = parts
  const guessesOf = (what: string) => makeGuesses({ budget: guessBudget(what, limits.guesses), budgets, metrics })
  const cookies = makeCookies(publicUrl)
  const linked = { cashierUrl: links.url, linkAddresses: makeLinkAddresses({ links, publicUrl }) }
  const holders = makeLinkHolders({ links, sessions, cookies, guesses: guessesOf('wrong_links'), metrics, publicUrl })
  const login = makeGuardedLogin({ login: parts.login, guesses: guessesOf('login_codes'), metrics })
  const routes = allRoutes({ ...parts, ...linked, login })
  const authenticate = makeAuth({ apiKeys, sessions, guesses: guessesOf('wrong_keys'), metrics, holders, cookies, publicUrl })
  const admit = makeLimits({ settings: limits, budgets, metrics })
  const streams = makeEventStreams({ ...parts, ...linked, admit, authenticate })
  const api = makeRouter(routes, { authenticate, admit, idempotent: makeIdempotent(parts.once), audit: parts.audit })
  streams.mount(api)
  mountNotifications(api, parts.notifications)
  const former = new Router()
  mountFormerAddresses(former, parts.notifications)
  const pages = mountPages(new Router(), { ...parts, ...linked, publicUrl, holders, cookies, guesses: guessesOf('login_returns') })
  const app = new Koa()
  // Every error is answered by our own outermost middleware; what gets past it is a connection that went away.
  app.silent = true
  app.use(requestContext({ runtime, log, metrics, scope, routes: addressesOf(routes), clientIp: makeClientIp(trustedProxies) }))
  app.use(api.routes())
  app.use(operations(parts, routes).routes())
  app.use(former.routes())
  app.use(pages.routes())
  app.use(nowhere(addressesOf(routes)))
  const more = { endStreams: streams.drain, nameUnread: unreadRequests({ runtime, log, metrics }) }
  return { callback: (): Answering => Object.assign(app.callback(), more), drain: async () => streams.drain() }
}

function operations({ metrics, metricsToken, assertReady, publicUrl, instanceId }: Parts, routes: readonly Route[]): Router {
  const router = new Router()
  let document: unknown
  router.get('/healthz', (ctx) => {
    ctx.state.route = 'GET /healthz'
    ctx.body = { status: 'ok', instance: instanceId }
  })
  router.get('/readyz', async (ctx) => {
    ctx.state.route = 'GET /readyz'
    await assertReady().catch((cause: unknown) => {
      throw new AppError('UNAVAILABLE', 'the database cannot be used at the moment', { retryAfterSeconds: 2, cause })
    })
    ctx.body = { status: 'ready' }
  })
  router.get('/metrics', async (ctx) => {
    ctx.state.route = 'GET /metrics'
    assertMayRead(ctx, metricsToken)
    ctx.type = 'text/plain; version=0.0.4; charset=utf-8'
    ctx.body = await metrics.text()
  })
  router.get('/openapi.json', async (ctx) => {
    ctx.state.route = 'GET /openapi.json'
    // Made when somebody asks: its generator weighs more than the document.
    document ??= (await import('./openapi.ts')).openApiDocument({ routes, doors, publicUrl })
    ctx.body = document
  })
  mountDocs(router)
  return router
}

/** Everything that is answered, by method. */
function addressesOf(routes: readonly Route[]): Array<{ method: string; path: string }> {
  return [
    ...[...routes, ...doors].map(({ method, path }) => ({ method, path: apiPrefix + path })),
    ...formerDoors.map(({ path }) => ({ method: 'post', path })),
    ...pagePaths,
    ...operationPaths.map((path) => ({ method: 'get', path })),
  ]
}
