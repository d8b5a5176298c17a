import Router from '@koa/router'
import type { Context } from 'koa'
import type { z } from 'zod'
import type { Audit } from '../core/audit.ts'
import { AppError } from '../core/error.ts'
import type { OnceRecord } from '../core/once.ts'
import { factsOf, factsOfCaller } from './access-facts.ts'
import { jsonBody } from './body.ts'
import { failureAnswer, fieldProblem, inputProblem } from './failures.ts'
import { type Answered, isAnswer, type makeIdempotent } from './idempotency.ts'
import type { Limits } from './limits.ts'
import type { Asked, Audience, Principal, Route } from './route.ts'

type Parts = {
  readonly authenticate: (ctx: Context, audience: Audience, clientIp: string) => Promise<Principal[Audience]>
  readonly admit: Limits
  readonly idempotent: ReturnType<typeof makeIdempotent>
  readonly audit: Audit
}

export const apiPrefix = '/api/v1'

/** Puts routes behind authentication, validation, idempotency and the envelope. */
export function makeRouter(routes: readonly Route[], parts: Parts): Router {
  const router = new Router({ prefix: apiPrefix })
  for (const one of routes) {
    router[one.method](one.path, async (ctx: Context) => {
      ctx.state.route = `${one.method.toUpperCase()} ${apiPrefix}${one.path}`
      const who = await parts.authenticate(ctx, one.audience, ctx.state.clientIp)
      ctx.state.facts = factsOfCaller(who)
      await parts.admit(ctx.method, one.audience, who, ctx.state.clientIp)
      assertScope(one, who)
      await jsonBody(ctx, async () => serve(ctx, one, who, parts))
    })
  }
  return router
}

/** @throws AppError NOAUTH when the key may do other things. */
function assertScope({ scope }: Route, who: Principal[Audience]): void {
  if (scope === undefined || (who !== undefined && 'scopes' in who && who.scopes.includes(scope))) return
  throw new AppError('NOAUTH', `this key may not do that: it needs the scope ${scope}`, { details: { scope } })
}

async function serve(ctx: Context, route: Route, who: Principal[Audience], { idempotent, audit }: Parts): Promise<void> {
  const body: unknown = ctx.state.json
  // Keys belong to somebody: what is answered to anybody, such as a session, is not kept.
  const key = route.method === 'post' && who !== undefined ? ctx.get('idempotency-key') : ''
  const isSecret = route.isAnswerSecret
  const answered = await idempotent({ key, scope: scopeOf(who), route: `${ctx.method} ${ctx.path}`, body, isSecret }, (once) =>
    answer(ctx, route, who, { body, once, mustAnswer: key !== '' }),
  )
  if (!answered.replayed) await audited(ctx, route, who, { status: answered.status, audit })
  ctx.status = answered.status
  ctx.type = 'application/json; charset=utf-8'
  ctx.body = answered.body
  if (answered.replayed) ctx.set('idempotent-replayed', 'true')
}

/** Whatever a key did, not what it looked at or was refused. */
async function audited(
  ctx: Context,
  route: Route,
  who: Principal[Audience],
  { status, audit }: { readonly status: number; readonly audit: Audit },
): Promise<void> {
  if (who === undefined || !('keyId' in who) || route.method === 'get' || status >= 400) return
  const { merchantId, keyId } = who
  const { clientIp, requestId, facts = {} } = ctx.state
  const subject = facts.refundId ?? facts.orderId ?? facts.productId ?? Object.values<string>(ctx.params)[0] ?? ''
  await audit.record({ merchantId, actor: keyId, action: `${ctx.method} ${ctx.path}`, subject: String(subject), clientIp, requestId })
}

/** Whose idempotency keys these are. */
function scopeOf(who: Principal[Audience]): string {
  if (who === undefined) return 'public'
  if ('device' in who) return `link ${who.merchantId} ${who.orderId}`
  return 'payerId' in who ? `payer ${who.merchantId} ${who.payerId}` : `merchant ${who.merchantId}`
}

/** The final bytes; under a key a refusal is an answer to be kept, too. */
async function answer(
  ctx: Context,
  route: Route,
  who: Principal[Audience],
  { body, once, mustAnswer }: { body: unknown; once: OnceRecord | undefined; mustAnswer: boolean },
): Promise<Answered> {
  const { requestId, clientIp, language } = ctx.state
  try {
    const input = { params: read(route.params, ctx.params, 'params'), query: readQuery(route.query, ctx), body: readBody(route, body) }
    ctx.state.facts = { ...ctx.state.facts, ...factsOf(input.params) }
    const data = await route.handle(input, { who, clientIp, language, requestId, once } satisfies Asked<Audience>)
    ctx.state.facts = { ...ctx.state.facts, ...factsOf(data) }
    return { status: route.status, body: JSON.stringify({ success: true, data }) }
  } catch (error) {
    if (!mustAnswer || !isAnswer(error) || error.status === 409 || error.status === 429 || error.status >= 500) throw error
    ctx.state.code = error.code
    const failed = failureAnswer(error, { language, requestId })
    return { status: failed.status, body: JSON.stringify(failed.body) }
  }
}

function readBody(route: Route, body: unknown): unknown {
  if (route.body === undefined) {
    const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
    if (!isEmpty) throw fieldProblem('body', 'is not taken here')
    return undefined
  }
  return read(route.body, body === undefined && route.bodyIsOptional ? {} : body, 'body')
}

function readQuery(schema: z.ZodType | undefined, ctx: Context): unknown {
  return schema === undefined ? undefined : read(schema, { ...ctx.query }, 'query')
}

function read(schema: z.ZodType | undefined, value: unknown, what: 'params' | 'query' | 'body'): unknown {
  if (schema === undefined) return undefined
  if (what === 'body' && value === undefined) throw fieldProblem('body', 'is missing; send JSON')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  // An address that names nothing we could have is not there, whatever is wrong with it.
  throw what === 'params' ? notThere(parsed.error.issues) : inputProblem(parsed.error.issues, value)
}

function notThere([issue]: readonly z.core.$ZodIssue[]): AppError {
  return new AppError('NOT_FOUND', `no such ${String(issue?.path[0] ?? 'thing')}`)
}
