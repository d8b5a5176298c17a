import { type ErrorCode, errorCodes, type Words } from '../../shared/kernel/codes.ts'
import type { ChannelFailure } from '../channels/failure.ts'

type More = { details?: Readonly<Record<string, unknown>>; hint?: Words; retryAfterSeconds?: number; status?: number; cause?: unknown }

/** A refusal that a caller is told of, with a code of the contract's table. Never carries a secret, a query or a body. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly hint: Words | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, more: More = {}) {
    super(message, { cause: more.cause })
    this.name = 'AppError'
    this.code = code
    this.status = more.status ?? errorCodes[code]
    this.details = more.details
    this.hint = more.hint
    this.retryAfterSeconds = more.retryAfterSeconds
  }
}

const defaultRetrySeconds = 2
/** A caller who takes a timeout for a failure pays twice, or tells the payer something wrong. */
const unknownYet: Words = {
  zh: '支付渠道没有给出可用的应答，结果尚不确定；请稍后重试，会沿用同一个单号',
  en: 'The payment channel gave no answer to go by, so nobody knows yet; ask again, it goes on under the same number',
}

/** What a caller is told when a channel's call failed: our code, and the channel's own in the details. */
export function channelRefusal(failure: ChannelFailure): AppError {
  const { kind, code, message, channelCode, channelMessage, retryAfterMs } = failure
  const hint = failure.hint ?? (kind === 'unknown' ? unknownYet : undefined)
  const details = { ...(channelCode === undefined ? {} : { channelCode }), ...(channelMessage === undefined ? {} : { channelMessage }) }
  const retries = code === 'RATE_LIMITED' || code === 'UNAVAILABLE'
  return new AppError(code, message, {
    details,
    ...(hint === undefined ? {} : { hint }),
    ...(retries ? { retryAfterSeconds: Math.max(1, Math.ceil((retryAfterMs ?? defaultRetrySeconds * 1000) / 1000)) } : {}),
    ...(code === 'SIGN_ERROR' ? { status: 502 } : {}),
  })
}

/** Something only a mistake of our own can break. Logged with its stack, shown as SYSTEMERROR. */
export function assert(condition: unknown, words: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${words}`)
}
