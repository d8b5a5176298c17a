import type { z } from 'zod'
import type { ErrorCode, Words } from '../../shared/kernel/codes.ts'
import type { Scope } from '../../shared/kernel/scopes.ts'
import type { Language } from '../../shared/kernel/words.ts'
import type { OnceRecord } from '../core/once.ts'
import type { LinkHolder } from '../core/pay-page.ts'
import type { MerchantPrincipal } from '../identity/api-keys.ts'
import type { Payer } from '../identity/payer.ts'

/** `link`: whoever holds the link to an order, which stands in the address. */
export type Audience = 'public' | 'merchant' | 'payer' | 'link'
export type Principal = {
  readonly public: undefined
  readonly merchant: MerchantPrincipal
  readonly payer: Payer
  readonly link: LinkHolder
}

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

/** How the reference describes a route, beside its schemas. */
type Described = {
  /** What generated clients call it; unique. */
  readonly operationId: string
  /** One line; what the list of operations shows. */
  readonly summary: Words
  /** What the schemas do not say, in Markdown. */
  readonly description?: string | undefined
  /** The answer may be what the channel says, so that it carries the channel's refusals as well. */
  readonly asksChannel?: boolean | undefined
  /** Codes that are this route's own; those that follow from its audience, method and schemas come by themselves. */
  readonly refusals?: readonly ErrorCode[] | undefined
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined

/** A merchant's key has to carry a scope; nobody else has any. */
type Scoped<Who extends Audience> = Who extends 'merchant' ? { readonly scope: Scope } : { readonly scope?: undefined }

type Definition<Who extends Audience, Params, Query, Body, Answer extends z.ZodType> = Described &
  Scoped<Who> & {
    readonly method: Method
    /** Below /api/v1. */
    readonly path: string
    /** Who may call. There is no default: a route without it does not compile. */
    readonly audience: Who
    readonly params?: Params
    readonly query?: Query
    readonly body?: Body
    /** The body may be left out altogether. */
    readonly bodyIsOptional?: boolean
    /** A body as a caller would send it, where the examples of its members do not make a good one. */
    readonly example?: Body extends z.ZodType ? z.input<Body> : never
    readonly status?: number
    readonly answer: Answer
    /** The answer carries a secret that is shown this once: what is kept for a repeated request is sealed. */
    readonly isAnswerSecret?: boolean
    readonly handle: (input: Input<Output<Params>, Output<Query>, Output<Body>>, asked: Asked<Who>) => Promise<z.input<Answer>>
  }

/** An address that speaks something else than JSON in the envelope; it is described and closed like any other. */
export type Door = Described & {
  readonly method: Method
  /** Below /api/v1. */
  readonly path: string
  readonly audience: Audience | 'channel'
  /** The content types of its body, where it takes one. */
  readonly takes?: readonly string[]
  /** The content types of each status; none where there is no body. */
  readonly answers: Readonly<Record<string, readonly string[]>>
}

/** A route as the router, the OpenAPI document and the test that knocks on every door read it. */
export type Route = Described & {
  readonly method: Method
  readonly path: string
  readonly audience: Audience
  readonly scope: Scope | undefined
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly bodyIsOptional: boolean
  readonly example?: unknown
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
