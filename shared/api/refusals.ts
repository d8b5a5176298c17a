import type { ErrorCode } from '../kernel/codes.ts'

type Refusal = {
  /** When an answer carries the code. */
  readonly meaning: string
  readonly example: { readonly error: string; readonly details: Readonly<Record<string, unknown>> }
}

const field = (path: string, problem: string) => ({ error: `${path} ${problem}`, details: { fields: [{ path, problem }] } })
const plain = (error: string) => ({ error, details: {} })

/** What each code means, and how an answer with it looks. */
export const refusalWords: Readonly<Record<ErrorCode, Refusal>> = {
  PARAM_ERROR: {
    meaning: 'Something in the request is wrong; `details.fields` lists all of it',
    example: field('amount', 'is "1.999"; it has 3 decimals; CNY has 2'),
  },
  INVALID_REQUEST: {
    meaning: 'The request cannot be read, or does not fit what it is about',
    example: plain('order T20260102-1 is not paid; there is nothing to refund'),
  },
  UNAUTHORIZED: {
    meaning: 'No key or session, one that is not known, or a channel that does not know ours',
    example: plain('this needs a merchant key: Authorization: Bearer sk_…'),
  },
  SIGN_ERROR: {
    meaning: 'A signature does not verify: a notification’s (401), or that of a channel’s answer (502): then nobody knows what happened',
    example: plain('the answer of WeChat Pay does not verify'),
  },
  NOAUTH: {
    meaning: 'The key is known but does not carry the scope that is needed',
    example: { error: 'this key may not do that: it needs the scope refund', details: { scope: 'refund' } },
  },
  NOT_FOUND: { meaning: 'There is no such thing, or it is somebody else’s', example: plain('order T20260102-1 does not exist') },
  CONFLICT: {
    meaning:
      'It exists with other content, or somebody is changing it at this moment. While the first request with an `Idempotency-Key` runs, `details.isRunning` is true',
    example: { error: 'the first request with this Idempotency-Key is still running', details: { isRunning: true } },
  },
  ORDERPAID: { meaning: 'The order is paid', example: plain('order T20260102-1 is paid; refund it instead') },
  ORDERCLOSED: { meaning: 'The order can be paid no more', example: plain('order T20260102-1 is closed; make a new one') },
  IDEMPOTENCY_MISMATCH: {
    meaning: 'The `Idempotency-Key` was used for another request',
    example: plain('this Idempotency-Key was used for another request'),
  },
  RATE_LIMITED: {
    meaning: 'Too many requests, here or at the channel; `Retry-After` says when',
    example: plain('too many wrong tries from this address; wait 42 s'),
  },
  SYSTEMERROR: {
    meaning: 'A mistake of this server’s; the request id finds it in the log',
    example: plain('something went wrong on this server; the request id finds it in the log'),
  },
  CHANNEL_ERROR: {
    meaning: 'The channel refused, or failed. `details` has its own code and a hint',
    example: {
      error: 'The merchant number is not bound to this app: bind it in the merchant platform',
      details: {
        channelCode: 'APPID_MCHID_NOT_MATCH',
        channelMessage: '商户号和appid不匹配',
        hint: {
          zh: '商户号与 AppID 没有绑定：请在商户平台绑定',
          en: 'The merchant number is not bound to this app: bind it in the merchant platform',
        },
      },
    },
  },
  UNAVAILABLE: { meaning: 'Not at this moment; `Retry-After` says when', example: plain('the channel cannot be reached') },
  CHANNEL_TIMEOUT: {
    meaning: 'The channel gave no answer: nobody knows yet. The same request may be sent again',
    example: plain('WeChat Pay did not answer in time'),
  },
}
