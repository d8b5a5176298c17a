import type { z } from 'zod'
import type { Scope } from '../../shared/kernel/scopes.ts'
import type { Language } from '../../shared/kernel/words.ts'
import type { OnceRecord } from '../core/once.ts'
import type { MerchantPrincipal } from '../identity/api-keys.ts'
import type { Payer } from '../identity/payer.ts'

export type Audience = 'public' | 'merchant' | 'payer'
export type Principal = { readonly public: undefined; readonly merchant: MerchantPrincipal; readonly payer: Payer }

export type Method = 'get' | 'post' | 'patch' | 'delete'

/** What a handler gets besides its parsed input. */
export type Asked<Who extends Audience> = {
  readonly who: Principal[Who]
  readonly clientIp: string
  readonly language: Language
  readonly requestId: string
  /** There when the request carries an idempotency key. */
  readonly once: OnceRecord | undefined
}

export type Input<Params, Query, Body> = { readonly params: Params; readonly query: Query; readonly body: Body }

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined

/** A merchant's key has to carry a scope; nobody else has any. */
type Scoped<Who extends Audience> = Who extends 'merchant' ? { readonly scope: Scope } : { readonly scope?: undefined }

type Definition<Who extends Audience, Params, Query, Body, Answer extends z.ZodType> = Scoped<Who> & {
  readonly method: Method
  /** Below /api/v1. */
  readonly path: string
  /** Who may call. There is no default: a route without it does not compile. */
  readonly audience: Who
  readonly summary: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** The body may be left out altogether. */
  readonly bodyIsOptional?: boolean
  readonly status?: number
  readonly answer: Answer
  /** The answer carries a secret that is shown this once: what is kept for a repeated request is sealed. */
  readonly isAnswerSecret?: boolean
  readonly handle: (input: Input<Output<Params>, Output<Query>, Output<Body>>, asked: Asked<Who>) => Promise<z.input<Answer>>
}

/** An address that speaks something else than JSON in the envelope; it is described and closed like any other. */
export type Door = {
  readonly method: Method
  /** Below /api/v1. */
  readonly path: string
  readonly audience: Audience | 'channel'
  readonly summary: string
  /** The content type of each status; none where there is no body. */
  readonly answers: Readonly<Record<string, string | undefined>>
}

/** A route as the router, the OpenAPI document and the test that knocks on every door read it. */
export type Route = {
  readonly method: Method
  readonly path: string
  readonly audience: Audience
  readonly scope: Scope | undefined
  readonly summary: string
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly bodyIsOptional: boolean
  readonly status: number
  readonly answer: z.ZodType
  readonly isAnswerSecret: boolean
  readonly handle: (input: Input<unknown, unknown, unknown>, asked: Asked<Audience>) => Promise<unknown>
}

/** One definition from which validation, types and documentation come. */
export function route<
  Who extends Audience,
  Answer extends z.ZodType,
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(given: Definition<Who, Params, Query, Body, Answer>): Route {
  const { params, query, body, bodyIsOptional = false, status = 200, scope, isAnswerSecret = false, handle, ...rest } = given
  // The router parses with these very schemas and lets in this audience only, so the handler gets what its types say.
  return { ...rest, scope, params, query, body, bodyIsOptional, status, isAnswerSecret, handle: handle as unknown as Route['handle'] }
}
