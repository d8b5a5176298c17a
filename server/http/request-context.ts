import type { Middleware } from 'koa'
import { errorCodeNames, errorCodes } from '../../shared/kernel/codes.ts'
import { languageOf } from '../../shared/kernel/words.ts'
import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { LogScope } from '../lib/log-scope.ts'
import type { Metrics } from '../lib/metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import { failureAnswer, refusalOf } from './failures.ts'

const unknown = 'unknown'
const unknownRoute = { method: '', path: '' }
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

type Outside = {
  readonly runtime: Runtime
  readonly log: Log
  readonly metrics: Pick<Metrics, 'httpRequests' | 'httpSeconds'>
  readonly scope: LogScope
  /** What is answered: the figures of each are there before the first request. */
  readonly routes: ReadonlyArray<{ readonly method: string; readonly path: string }>
  readonly clientIp: (socket: string | undefined, forwarded: string | undefined) => string
}

/** The outermost middleware: names the request, makes an answer of every error, and writes one line about it. */
export function requestContext({ runtime, log, metrics, scope, routes, clientIp }: Outside): Middleware {
  declareAll(routes, metrics)
  return async (ctx, next) => {
    const startedAt = runtime.now()
    const given = ctx.get('x-request-id')
    const requestId = requestIdPattern.test(given) ? given : newId(runtime, 'req')
    ctx.state.requestId = requestId
    ctx.state.clientIp = clientIp(ctx.req.socket.remoteAddress, ctx.get('x-forwarded-for') || undefined)
    ctx.state.language = languageOf(ctx.get('accept-language'))
    ctx.set({
      'x-request-id': requestId,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      // Answers are data; a page that is served later says what it may load.
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    try {
      await scope.run({ requestId }, next)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.code === 'SYSTEMERROR') log.error({ event: 'request.failed', requestId, method: ctx.method, path: ctx.path, error })
      const answer = failureAnswer(refusal, { language: ctx.state.language, requestId })
      ctx.state.code = refusal.code
      ctx.status = answer.status
      ctx.body = answer.body
      if (answer.retryAfterSeconds !== undefined) ctx.set('retry-after', String(answer.retryAfterSeconds))
      // What was not read of a refused body must not be taken for the next request.
      if (!ctx.req.complete) ctx.set('connection', 'close')
    }
    const route: string = ctx.state.route ?? unknown
    const code: string = ctx.state.code ?? ''
    const ms = runtime.now() - startedAt
    metrics.httpRequests.count({ route, status: String(ctx.status), code })
    metrics.httpSeconds.observe({ route }, Math.max(0, ms) / 1000)
    log.info({
      event: 'request',
      requestId,
      method: ctx.method,
      route,
      status: ctx.status,
      code: code || undefined,
      ms,
      ...ctx.state.facts,
    })
  }
}

/** Names what cannot even be read as a request, so that whoever sent it and the log speak of the same. */
export function unreadRequests({ runtime, log, metrics }: Pick<Outside, 'runtime' | 'log' | 'metrics'>): (status: number) => string {
  return (status) => {
    const requestId = newId(runtime, 'req')
    const code = 'INVALID_REQUEST'
    metrics.httpRequests.count({ route: unknown, status: String(status), code })
    log.info({ event: 'request', requestId, route: unknown, status, code })
    return requestId
  }
}

/** Every code an answer may carry stands there as 0 for every route; successes come with the first of them. */
function declareAll(routes: Outside['routes'], { httpRequests, httpSeconds }: Outside['metrics']): void {
  for (const { method, path } of [...routes, unknownRoute]) {
    const route = path === '' ? unknown : `${method.toUpperCase()} ${path}`
    httpSeconds.declare({ route })
    for (const code of errorCodeNames) httpRequests.count({ route, status: String(errorCodes[code]), code }, 0)
  }
}
