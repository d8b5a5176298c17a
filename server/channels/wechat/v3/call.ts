import type { Words } from '../../../../shared/kernel/codes.ts'
import { parseJson } from '../../../lib/json.ts'
import { type IncomingAnswer, NetworkFailure, type OutgoingRequest } from '../../../lib/runtime.ts'
import type { AccountTools } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import type { WechatV3Credentials } from '../account.ts'
import { type Keys, userAgent } from './keys.ts'
import { rejectionOf } from './rejections.ts'
import type { Signer } from './signature.ts'
import { hasSignatureHeaders, readSignatureHeaders, type Verdict, verdictOf } from './verify.ts'

/** For the whole answer; a longer one counts as unknown. */
const timeoutMs = 10_000
const maxBytes = 1024 * 1024

export type V3Request = {
  readonly method: 'GET' | 'POST'
  readonly pathAndQuery: string
  readonly body?: unknown
  /** Which of WeChat's keys the body was sealed for; without it, the one in use. */
  readonly serial?: string | undefined
}

export type Call = ReturnType<typeof makeCall>

/**
 * One signed exchange: the bytes signed are the bytes sent, the bytes that arrived are the bytes verified.
 *
 * @returns the parsed body of a verified 2xx answer; undefined when it is empty.
 * @throws ChannelError
 */
export function makeCall(
  { gateway, backupGateway }: WechatV3Credentials,
  { runtime, clockSeen }: AccountTools,
  { signer, keys }: { signer: Signer; keys: Keys },
) {
  return async function call({ method, pathAndQuery, body, serial: sealedFor }: V3Request): Promise<unknown> {
    await keys.ready()
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body))
    const serial = sealedFor ?? keys.requestSerial()
    const headers = {
      authorization: await signer.authorization({ method, pathAndQuery, body: bytes }),
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': userAgent,
      ...(serial === undefined ? {} : { 'wechatpay-serial': serial }),
    }
    const answer = await send({ method, pathAndQuery, headers, body: bytes })
    const date = Date.parse(answer.headers.date ?? '')
    if (!Number.isNaN(date)) clockSeen(runtime.now() - date)
    await assertTrusted(answer)
    if (answer.status < 200 || answer.status > 299 || answer.status === 202) throw new ChannelError(rejectionOf(answer))
    return bodyOf(answer)
  }

  /** The backup host is for a gateway that cannot be reached at all; the host is not signed, so the same bytes may go there. */
  async function send({
    pathAndQuery,
    body,
    ...rest
  }: {
    method: 'GET' | 'POST'
    pathAndQuery: string
    headers: Record<string, string>
    body: Uint8Array
  }): Promise<IncomingAnswer> {
    const request = (host: string): OutgoingRequest => ({
      ...rest,
      url: host + pathAndQuery,
      body: body.length === 0 ? undefined : body,
      timeoutMs,
      maxBytes,
    })
    try {
      return await runtime.fetch(request(gateway))
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      if (error.kind !== 'notSent' || backupGateway === undefined || error.isTls) throw unreachable(error)
    }
    try {
      return await runtime.fetch(request(backupGateway))
    } catch (error) {
      throw error instanceof NetworkFailure ? unreachable(error) : error
    }
  }

  /** Every 2xx is verified, an empty one too; an error that claims to be signed must be. */
  async function assertTrusted(answer: IncomingAnswer): Promise<void> {
    const isSuccess = answer.status >= 200 && answer.status < 300
    if (!isSuccess && !hasSignatureHeaders(answer.headers)) return
    const headers = readSignatureHeaders(answer.headers)
    const check = () => verdictOf({ headers, body: answer.body, now: runtime.now(), keyOf: keys.keyOf })
    let verdict = check()
    if (verdict === 'unknown_key' && headers && (await keys.learn(headers.serial))) verdict = check()
    if (verdict !== 'good') throw untrusted(verdict, answer.status)
  }
}

function bodyOf(answer: IncomingAnswer): unknown {
  if (answer.body.length === 0) return undefined
  const parsed = parseJson(answer.body)
  if ('problem' in parsed) throw new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `the answer ${parsed.problem}` })
  return parsed.value
}

function unreachable(error: NetworkFailure): ChannelError {
  const kind = error.kind === 'notSent' ? 'notSent' : 'unknown'
  return new ChannelError(
    {
      kind,
      code: error.isTimeout ? 'CHANNEL_TIMEOUT' : 'CHANNEL_ERROR',
      isTimeout: error.isTimeout,
      isTls: error.isTls,
      message: `WeChat Pay: ${error.message}`,
    },
    { cause: error },
  )
}

const clockHint: Words = {
  zh: '服务器时钟与微信支付相差超过五分钟，请校时（NTP）',
  en: 'This server’s clock and WeChat Pay’s differ by more than five minutes; set the clock (NTP)',
}
const keyHint: Words = {
  zh: '微信支付的应答验签失败，未采信；请检查平台证书或微信支付公钥配置',
  en: 'The answer of WeChat Pay did not verify and was not believed; check WECHAT_PUBLIC_KEY_ID and WECHAT_PUBLIC_KEY, or the platform certificates',
}

function untrusted(verdict: Verdict, status: number): ChannelError {
  return new ChannelError({
    kind: 'untrusted',
    code: 'SIGN_ERROR',
    message: `WeChat Pay's answer (${status}) does not verify: ${verdict}`,
    hint: verdict === 'stale' ? clockHint : keyHint,
  })
}

/** A body that is signed but is not what it should be. */
export function unreadable(what: string): ChannelError {
  return new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `WeChat Pay's answer cannot be read as ${what}` })
}

/** A signed answer to another question than was asked: as if none had come. */
export function otherQuestion(difference: string): ChannelError {
  return new ChannelError({ kind: 'untrusted', code: 'SIGN_ERROR', message: `WeChat Pay answered another question: ${difference}` })
}
