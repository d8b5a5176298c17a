import type { ErrorCode, Words } from '../../shared/kernel/codes.ts'
import type { Finding, Severity } from '../core/rules/finding.ts'

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

const networkRemedy: Words = {
  zh: '请检查本机的 DNS、防火墙与出网权限',
  en: 'Check this machine’s DNS, its firewall and whether it may call out',
}
const laterRemedy: Words = { zh: '请稍后再运行 doctor', en: 'Run doctor again in a while' }

/** A failed call as `doctor` tells it: what the channel said, and the hint that goes with its code. */
export function findingOf(failure: ChannelFailure, id: string, severity: Severity = 'error'): Finding {
  const { kind, message, channelCode, channelMessage, hint } = failure
  const said = channelCode === undefined ? message : `${channelCode} ${channelMessage ?? ''}`.trim()
  const zh = { notSent: '无法连接渠道', refused: '渠道拒绝', unknown: '渠道没有给出结果', untrusted: '渠道的应答验签失败' }[kind]
  return { id, severity, words: { zh: `${zh}：${said}`, en: message }, remedy: hint ?? (kind === 'notSent' ? networkRemedy : laterRemedy) }
}

/** Runs a call for its failure alone; undefined when it succeeded. */
export async function failureIn(call: () => Promise<unknown>): Promise<ChannelFailure | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    if (error instanceof ChannelError) return error.failure
    throw error
  }
}
