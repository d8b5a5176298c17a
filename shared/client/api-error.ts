import type { ErrorCode, Words } from '../kernel/codes.ts'

type More = {
  readonly status?: number
  readonly details?: Readonly<Record<string, unknown>>
  readonly requestId?: string
  readonly cause?: unknown
}

/** The server's refusal, with its code and a sentence for people. `NETWORK`: no answer of the server's came. */
export class ApiError extends Error {
  readonly code: ErrorCode | 'NETWORK'
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>
  /** What to do about it, where the server knows. */
  readonly hint: Words | undefined
  /** What finds the request in the server's log. */
  readonly requestId: string

  constructor(code: ErrorCode | 'NETWORK', message: string, { status = 0, details = {}, requestId = '', cause }: More = {}) {
    super(message)
    this.name = 'ApiError'
    // As an option of Error it is unknown to WeChat's older phones.
    if (cause !== undefined) this.cause = cause
    this.code = code
    this.status = status
    this.details = details
    this.hint = isWords(details.hint) ? details.hint : undefined
    this.requestId = requestId
  }
}

/**
 * What an answer in the envelope holds.
 *
 * @throws ApiError with the server's refusal, or SYSTEMERROR for an answer that is in no envelope.
 */
export function readEnvelope<Data>({ status, body }: { readonly status: number; readonly body: unknown }): Data {
  const answer = (typeof body === 'object' && body !== null ? body : {}) as {
    success?: boolean
    data?: Data
    error?: string
    code?: ErrorCode
    details?: Record<string, unknown>
    requestId?: string
  }
  if (answer.success === true && answer.data !== undefined) return answer.data
  const { code = 'SYSTEMERROR', error = '', details = {}, requestId = '' } = answer
  throw new ApiError(code, error, { status, details, requestId })
}

function isWords(hint: unknown): hint is Words {
  return typeof hint === 'object' && hint !== null && 'zh' in hint && 'en' in hint
}
