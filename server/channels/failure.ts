import type { ErrorCode, Words } from '../../shared/kernel/codes.ts'

/**
 * Why a channel's call gave no answer to act on. The kind answers the one question that counts, "may money have moved?":
 * `notSent` no, the same number may go again at once; `refused` no, the channel said so; `unknown` nobody knows, so ask before
 * anything else; `untrusted` an answer came that does not verify, as unknown and with an alarm.
 */
export type ChannelFailure = {
  readonly kind: 'notSent' | 'refused' | 'unknown' | 'untrusted'
  /** What a refusal was about; only with `refused`. */
  readonly refusal?: Refusal | undefined
  readonly code: ErrorCode
  /** For people who operate the server; no key, no body. */
  readonly message: string
  readonly isTimeout?: boolean | undefined
  /** The other side could not show who it is. */
  readonly isTls?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly channelCode?: string | undefined
  readonly channelMessage?: string | undefined
  readonly hint?: Words | undefined
}

/** What a channel's refusal is about, in our words. */
export const refusals = [
  /** A parameter or a business rule; the same request will never pass. */
  'invalid',
  /** Keys, appids, permissions: an operator has to act. */
  'configuration',
  /** Who calls was not accepted (signature, key, clock): the request itself was not looked at, another try of it may have been taken. */
  'caller',
  'orderPaid',
  'orderClosed',
  /** The number was used before, by us or by somebody else. */
  'numberUsed',
  'notFound',
  'rateLimited',
  /** The payer is typing the password. */
  'payerIsPaying',
  /** The merchant's balance is too low for the refund: the same number again later. */
  'notEnough',
  /** The day's bill is not made yet, or there was nothing that day. */
  'billCreating',
  'billEmpty',
] as const
export type Refusal = (typeof refusals)[number]

/** Thrown by a channel; the wrapper around it turns it into an answer. */
export class ChannelError extends Error {
  readonly failure: ChannelFailure

  constructor(failure: ChannelFailure, options?: { cause?: unknown }) {
    super(failure.message, options)
    this.name = 'ChannelError'
    this.failure = failure
  }
}

/** Why a notification was not taken; the outcome is the label of its metric. */
export const noticeRefusals = ['bad_signature', 'stale', 'malformed', 'undecryptable', 'unknown_key', 'probe'] as const
export type NoticeRefusal = (typeof noticeRefusals)[number]

/** Thrown by a channel that refuses a notification before it believes a word of it. */
export class NoticeError extends Error {
  readonly refusal: NoticeRefusal

  constructor(refusal: NoticeRefusal, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'NoticeError'
    this.refusal = refusal
  }
}
