import { refusalWords } from '../../shared/api/refusals.ts'
import { type ErrorCode, errorCodes } from '../../shared/kernel/codes.ts'
import type { Door, Route } from './route.ts'

/** What the failure of a channel's call may be told as. */
const channelCodes: readonly ErrorCode[] = [
  'PARAM_ERROR',
  'INVALID_REQUEST',
  'UNAUTHORIZED',
  'NOT_FOUND',
  'CONFLICT',
  'ORDERPAID',
  'ORDERCLOSED',
  'RATE_LIMITED',
  'SIGN_ERROR',
  'CHANNEL_ERROR',
  'CHANNEL_TIMEOUT',
  'UNAVAILABLE',
]
/** Statuses, besides its own, under which INVALID_REQUEST comes: headers too large for all, the others where there is a body. */
const headersTooLarge = 431
const bodyStatuses = [413, 415]
/** An answer from upstream that does not verify. */
const upstreamSignStatus = 502

/** The codes that each status of a route may carry, beside what succeeds. */
export function refusalsOf(route: Route): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([
    'PARAM_ERROR',
    'INVALID_REQUEST',
    'SYSTEMERROR',
    // A key, a payer or an address that asks for too much, or guesses.
    'RATE_LIMITED',
    // A link without its key is an order that is not there.
    ...(route.audience === 'public' || route.audience === 'link' ? [] : (['UNAUTHORIZED'] as const)),
    ...(route.audience === 'merchant' ? (['NOAUTH'] as const) : []),
    ...(route.params === undefined ? [] : (['NOT_FOUND'] as const)),
    ...(takesKey(route) ? (['CONFLICT', 'IDEMPOTENCY_MISMATCH'] as const) : []),
    ...(route.asksChannel ? channelCodes : []),
    ...(route.refusals ?? []),
  ])
  const hasBody = route.method !== 'get'
  return byStatus(codes, [headersTooLarge, ...(hasBody ? bodyStatuses : [])])
}

/** As {@link refusalsOf}, of an address that answers in the envelope only when it refuses. */
export function refusalsOfDoor({ refusals = [] }: Door): Map<number, ErrorCode[]> {
  return byStatus(new Set<ErrorCode>(['INVALID_REQUEST', 'SYSTEMERROR', ...refusals]), [headersTooLarge])
}

/** Whether a POST's first answer is kept: keys belong to somebody. */
export function takesKey({ method, audience }: Route): boolean {
  return method === 'post' && audience !== 'public'
}

function byStatus(codes: ReadonlySet<ErrorCode>, invalidStatuses: readonly number[]): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>(invalidStatuses.map((status) => [status, ['INVALID_REQUEST']]))
  for (const code of codes) {
    const status = code === 'SIGN_ERROR' ? upstreamSignStatus : errorCodes[code]
    found.set(status, [...(found.get(status) ?? []), code].sort())
  }
  return new Map([...found].sort(([one], [other]) => one - other))
}

/** The name of the component that describes a refusal. */
export function refusalName(status: number, codes: readonly ErrorCode[]): string {
  return `Refused${status}_${codes.join('_')}`
}

/** A refusal as a response: the failure's schema with the codes it may carry, each with an example. */
export function refusalResponse(status: number, codes: readonly ErrorCode[]) {
  const waits = status === 409 || status === 429 || status >= 500
  // Refusals that are final are kept under a key, too.
  const isKept = status === 400 || status === 403 || status === 404
  return {
    description: codes.map((code) => `\`${code}\`: ${refusalWords[code].meaning}.`).join('\n\n'),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
      ...(isKept ? { 'Idempotent-Replayed': { $ref: '#/components/headers/Idempotent-Replayed' } } : {}),
      ...(waits ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
    },
    content: {
      'application/json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Failure' }, { properties: { code: { enum: [...codes] } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { value: refusalExample(code) }])),
      },
    },
  }
}

function refusalExample(code: ErrorCode) {
  return { success: false, ...refusalWords[code].example, code, requestId: 'req_019b7f5e8a7c7d1f' }
}
