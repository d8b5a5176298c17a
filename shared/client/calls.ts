import { ApiError, readEnvelope } from './api-error.ts'

export type CallRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below /api/v1. */
  readonly path: string
  readonly body?: unknown
  /** In place of a body: words of another system, passed on as they came. */
  readonly raw?: { readonly contentType: string; readonly text: string } | undefined
  /** The same for all tries of one call. */
  readonly idempotencyKey?: string | undefined
  /** For the whole exchange of one try, the last byte of the answer included. */
  readonly timeoutMs: number
}

export type CallAnswer = {
  readonly status: number
  /** The JSON of the answer; undefined when it is none. */
  readonly body: unknown
  /** As it came. */
  readonly text?: string | undefined
  /** The header Retry-After as it came. */
  readonly retryAfter?: string | undefined
}

/** Carries a request and adds who asks. Rejects when no whole answer came. */
export type CallTransport = (request: CallRequest) => Promise<CallAnswer>

/** Time and chance, which a test brings along. */
export type CallRuntime = {
  /** Milliseconds since 1970. */
  now(): number
  sleep(ms: number): Promise<void>
  /** From 0 up to, not including, 1. */
  random(): number
  /** A name that nobody else gives to anything. */
  newKey(): string
}

export type RetryPolicy = {
  readonly maxTries: number
  /** From the first try's start to the last try's end. */
  readonly deadlineMs: number
  readonly tryTimeoutMs: number
  /** Waits double from the first to the longest. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
}

export const usualPolicy: RetryPolicy = {
  maxTries: 6,
  deadlineMs: 60_000,
  tryTimeoutMs: 20_000,
  firstWaitMs: 400,
  longestWaitMs: 8000,
}

export type CallOptions = {
  /** A name of the caller's for this one wish; one is made when it is absent. Only for what a POST does. */
  readonly idempotencyKey?: string | undefined
}

export type Call = <Data>(request: Omit<CallRequest, 'timeoutMs'>) => Promise<Data>

type Failed = { readonly error: ApiError; readonly retryAfterMs: number | undefined }

/**
 * Calls that are tried again where that may help and can do no harm: no answer, RATE_LIMITED, a 5xx, and CONFLICT while the first
 * request of the same key still runs. Every POST carries an idempotency key, one for all its tries; what PATCH and DELETE of this
 * interface do twice is what they do once.
 *
 * @throws ApiError of the last try, when tries or time are used up or trying again is of no use.
 */
export function makeCall({ transport, runtime, policy }: { transport: CallTransport; runtime: CallRuntime; policy: RetryPolicy }): Call {
  return async function call<Data>(asked: Omit<CallRequest, 'timeoutMs'>): Promise<Data> {
    const endAt = runtime.now() + policy.deadlineMs
    const request = asked.method === 'POST' ? { ...asked, idempotencyKey: asked.idempotencyKey ?? runtime.newKey() } : asked
    for (let nth = 1; ; nth++) {
      const timeoutMs = Math.min(policy.tryTimeoutMs, endAt - runtime.now())
      const outcome = await once<Data>({ ...request, timeoutMs })
      if ('data' in outcome) return outcome.data
      const waitMs = nth < policy.maxTries && mayHelp(outcome.error) ? waitAfter(nth, outcome.retryAfterMs) : undefined
      if (waitMs === undefined || runtime.now() + waitMs >= endAt) throw outcome.error
      await runtime.sleep(waitMs)
    }
  }

  async function once<Data>(request: CallRequest): Promise<{ readonly data: Data } | Failed> {
    let answer: CallAnswer
    try {
      answer = await transport(request)
    } catch (cause) {
      return { error: noAnswer('no answer came', { cause }), retryAfterMs: undefined }
    }
    try {
      return { data: readEnvelope<Data>(answer) }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      // A page of somebody on the way, such as a hotel's login, says nothing about the request.
      const isForeign = answer.status < 300
      return {
        error: isForeign ? noAnswer(`an answer of ${answer.status} came that is not this server's`, { cause: error }) : error,
        retryAfterMs: readRetryAfter(answer.retryAfter, runtime.now()),
      }
    }
  }

  /** Half of the wait is chance, so that those who failed together do not come back together. */
  function waitAfter(nth: number, retryAfterMs: number | undefined): number {
    const fullMs = Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** (nth - 1))
    const waitMs = Math.round(fullMs / 2 + (runtime.random() * fullMs) / 2)
    return retryAfterMs === undefined ? waitMs : Math.max(waitMs, retryAfterMs + Math.round(runtime.random() * policy.firstWaitMs))
  }
}

function noAnswer(message: string, more: { readonly cause: unknown }): ApiError {
  return new ApiError('NETWORK', message, more)
}

function mayHelp({ code, status, details }: ApiError): boolean {
  if (code === 'CONFLICT') return details.isRunning === true
  return code === 'NETWORK' || status === 429 || status >= 500
}

/** Seconds, or a date as proxies send it. */
function readRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
