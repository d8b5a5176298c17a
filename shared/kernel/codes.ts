/** Every code an answer of ours may carry, with its HTTP status. SIGN_ERROR is 502 when an answer from upstream does not verify. */
export const errorCodes = {
  PARAM_ERROR: 400,
  INVALID_REQUEST: 400,
  UNAUTHORIZED: 401,
  SIGN_ERROR: 401,
  NOAUTH: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  ORDERPAID: 409,
  ORDERCLOSED: 409,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  SYSTEMERROR: 500,
  CHANNEL_ERROR: 502,
  UNAVAILABLE: 503,
  CHANNEL_TIMEOUT: 504,
} as const

export type ErrorCode = keyof typeof errorCodes
export const errorCodeNames = Object.keys(errorCodes) as ErrorCode[]

/** A sentence in both languages of the product; which one is shown is decided last, by the reader's language. */
export type Words = { readonly zh: string; readonly en: string }
