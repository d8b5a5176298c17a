import Router from '@koa/router'
import Koa from 'koa'
import { AppError } from '../core/error.ts'
import type { Live } from '../core/live.ts'
import type { Notifications } from '../core/notifications.ts'
import type { Once } from '../core/once.ts'
import type { ApiKeys } from '../identity/api-keys.ts'
import type { Sessions } from '../identity/sessions.ts'
import type { Log } from '../lib/log.ts'
import type { PromMetrics } from '../lib/prom-metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'
import { makeAuth } from './auth.ts'
import { makeClientIp } from './client-ip.ts'
import { makeGuesses } from './guesses.ts'
import { makeIdempotent } from './idempotency.ts'
import { openApiDocument } from './openapi.ts'
import { requestContext } from './request-context.ts'
import type { Route } from './route.ts'
import { makeRouter } from './router.ts'
import { cashierRoutes } from './routes/cashier.ts'
import { makeEventStreams } from './routes/events.ts'
import { mountNotifications } from './routes/notifications.ts'
import { orderRoutes } from './routes/orders.ts'
import { productRoutes } from './routes/products.ts'

type UseCases = Parameters<typeof orderRoutes>[0] &
  Parameters<typeof cashierRoutes>[0] & { readonly notifications: Notifications; readonly once: Once; readonly live: Live }
type Parts = UseCases & {
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: PromMetrics
  readonly sessions: Sessions
  readonly apiKeys: ApiKeys
  readonly trustedProxies: TrustedProxies
  /** Resolves when the store can be read and holds this program's schema. */
  readonly assertReady: () => Promise<void>
}

/** Every route there is, as data. */
export function allRoutes(parts: UseCases): Route[] {
  return [...cashierRoutes(parts), ...orderRoutes(parts), ...productRoutes(parts)]
}

/** The web application. */
export function makeHttp(parts: Parts) {
  const { runtime, log, metrics, apiKeys, sessions, trustedProxies } = parts
  const routes = allRoutes(parts)
  const authenticate = makeAuth({ apiKeys, sessions, guesses: makeGuesses(runtime.now), metrics })
  const streams = makeEventStreams({ ...parts, authenticate })
  const api = makeRouter(routes, { authenticate, idempotent: makeIdempotent(parts.once) })
  streams.mount(api)
  mountNotifications(api, parts.notifications)
  const app = new Koa()
  // Every error is answered by our own outermost middleware; what gets past it is a connection that went away.
  app.silent = true
  app.use(requestContext({ runtime, log, metrics, clientIp: makeClientIp(trustedProxies) }))
  app.use(operations(parts, routes).routes())
  app.use(api.routes())
  app.use(nowhere([...routes, { method: 'post', path: '/payments/:channel/notify' }]))
  return { callback: () => app.callback(), drain: async () => streams.drain() }
}

function operations({ metrics, assertReady }: Parts, routes: readonly Route[]): Router {
  const router = new Router()
  let document: unknown
  router.get('/healthz', (ctx) => {
    ctx.state.route = 'GET /healthz'
    ctx.body = { status: 'ok' }
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
    ctx.type = 'text/plain; version=0.0.4; charset=utf-8'
    ctx.body = await metrics.text()
  })
  router.get('/openapi.json', (ctx) => {
    ctx.state.route = 'GET /openapi.json'
    document ??= openApiDocument(routes)
    ctx.body = document
  })
  return router
}

/** What no route took: another method of an address we have, or no address of ours. */
function nowhere(routes: ReadonlyArray<Pick<Route, 'path'> & { readonly method: string }>): Koa.Middleware {
  const patterns = routes.map(({ path }) => new RegExp(`^/api/v1${path.replace(/:\w+/g, '[^/]+')}$`))
  return async (ctx) => {
    if (ctx.method !== 'HEAD' && patterns.some((pattern) => pattern.test(ctx.path)))
      throw new AppError('INVALID_REQUEST', `${ctx.method} is not taken here`, { status: 405 })
    throw new AppError('NOT_FOUND', 'no such address')
  }
}
