import { parseJson } from '../../lib/json.ts'
import { type IncomingAnswer, NetworkFailure } from '../../lib/runtime.ts'
import type { AccountTools } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import type { AlipayApp, AlipayCredentials } from './account.ts'
import { readAnswer, type SignedAnswer } from './answer.ts'
import type { AlipayKeys } from './keys.ts'
import { rejectionOf } from './rejections.ts'
import { isSigned, type Members, sign, stringToSign } from './signature.ts'
import { writeTime } from './times.ts'
import { asPlain, type Plain, text } from './wire.ts'

/** For the whole answer; a longer one counts as unknown. */
const timeoutMs = 10_000
const codeTimeoutMs = 20_000
const maxBytes = 1024 * 1024
const certificateMethod = 'alipay.open.app.alipaycert.download'

export type AlipayRequest = {
  readonly method: string
  readonly app: AlipayApp
  /** Becomes `biz_content`, byte for byte as it is signed. */
  readonly content?: Readonly<Record<string, unknown>> | undefined
  /** Members beside it: `notify_url`, `return_url`, or what a method wants without `biz_content`. */
  readonly members?: Members | undefined
}

export type AlipayCall = ReturnType<typeof makeCall>

/** One signed exchange (fact sheet §1 to §4). */
export function makeCall(credentials: AlipayCredentials, { runtime, clockSeen }: AccountTools, keys: AlipayKeys) {
  const { gateway, appAuthToken } = credentials
  return { call, outcome, signedUrl }

  /**
   * @returns the members of a verified answer that says 10000.
   * @throws ChannelError
   */
  async function call(request: AlipayRequest): Promise<Plain> {
    const answer = await outcome(request)
    if (text(answer, 'code') === '10000') return answer
    throw new ChannelError(rejectionOf(refusedIn(answer)))
  }

  /** The members of a verified answer, whatever it says; an error is never a success. @throws ChannelError when there is no such answer. */
  async function outcome(request: AlipayRequest): Promise<Plain> {
    const answer = await send(request)
    const date = Date.parse(answer.headers.date ?? '')
    if (!Number.isNaN(date)) clockSeen(runtime.now() - date)
    if (answer.status !== 200) throw unclear(`answered ${answer.status}`)
    const source = decode(answer.body)
    const taken = source === undefined ? undefined : readAnswer(source, request.method)
    if (!taken) throw unclear('sent what is no answer to this call')
    // The call that fetches a certificate is answered under it: not the answer is checked then, but what it hands out.
    if (request.method !== certificateMethod) await assertSigned(taken, request.app)
    const members = membersOf(taken.content)
    if (taken.isError && (text(members, 'code') ?? '10000') === '10000') throw unclear('sent an error that names none')
    return members
  }

  async function send(request: AlipayRequest): Promise<IncomingAnswer> {
    const { biz_content: content, ...query } = await signed(request)
    const url = `${gateway}?${new URLSearchParams(query).toString()}`
    const body = Buffer.from(content === undefined ? '' : new URLSearchParams({ biz_content: content }).toString())
    try {
      return await runtime.fetch({
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=utf-8',
          accept: 'application/json',
          'user-agent': 'Shouyin/0.1',
        },
        body,
        timeoutMs: request.method === 'alipay.trade.pay' ? codeTimeoutMs : timeoutMs,
        maxBytes,
      })
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      const { isTimeout, isTls } = error
      const kind = error.kind === 'notSent' ? 'notSent' : 'unknown'
      throw new ChannelError(
        { kind, code: isTimeout ? 'CHANNEL_TIMEOUT' : 'CHANNEL_ERROR', isTimeout, isTls, message: `Alipay: ${error.message}` },
        { cause: error },
      )
    }
  }

  /** An address that carries a whole signed request: what web payments hand to the payer's browser. */
  async function signedUrl(request: AlipayRequest): Promise<string> {
    return `${gateway}?${new URLSearchParams(await signed(request)).toString()}`
  }

  async function signed({ method, app, content, members }: AlipayRequest): Promise<Record<string, string>> {
    const all: Members = {
      app_id: app.appId,
      method,
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: writeTime(runtime.now()),
      version: '1.0',
      app_auth_token: appAuthToken,
      ...keys.requestMembers(),
      ...members,
      ...(content === undefined ? {} : { biz_content: JSON.stringify(content) }),
    }
    const sent = Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => (pair[1] ?? '') !== ''))
    return { ...sent, sign: await sign(stringToSign(sent), app.privateKey, runtime) }
  }

  async function assertSigned(taken: SignedAnswer, app: AlipayApp): Promise<void> {
    const { content, sign: given, certificateSerial } = taken
    if (given === undefined) throw unsigned(taken)
    let key = keys.keyFor(certificateSerial)
    if (!key && certificateSerial !== undefined && (await keys.learn(certificateSerial, () => certificate(certificateSerial, app))))
      key = keys.keyFor(certificateSerial)
    if (!key || !isSigned(content, given, key)) throw untrusted(key ? 'its signature is wrong' : 'its certificate is not known')
  }

  /** What fails here says nothing about the call whose answer waits to be verified: that one may have worked. */
  async function certificate(serial: string, app: AlipayApp): Promise<string | undefined> {
    try {
      const answer = await call({ method: certificateMethod, app, content: { alipay_cert_sn: serial } })
      const content = text(answer, 'alipay_cert_content')
      return content === undefined ? undefined : Buffer.from(content, 'base64').toString('utf8')
    } catch (error) {
      if (error instanceof ChannelError) throw untrusted(`its certificate could not be fetched: ${error.message}`, error)
      throw error
    }
  }
}

function membersOf(content: string): Plain {
  const parsed = parseJson(content)
  const members = 'value' in parsed ? asPlain(parsed.value) : undefined
  if (!members) throw unclear('sent an answer that is no object')
  return members
}

export function refusedIn(answer: Plain) {
  return {
    code: text(answer, 'code') ?? '',
    subCode: text(answer, 'sub_code') ?? '',
    words: (text(answer, 'sub_msg') ?? text(answer, 'msg') ?? '').slice(0, 200),
  }
}

/** Without a signature nothing is proof: the outcome is unknown, and what it says is passed on for whoever looks. */
function unsigned({ content }: SignedAnswer): ChannelError {
  const parsed = parseJson(content)
  const { code, subCode, words } = refusedIn(('value' in parsed ? asPlain(parsed.value) : undefined) ?? {})
  const { hint } = rejectionOf({ code, subCode, words })
  return new ChannelError({
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    channelCode: subCode || code,
    channelMessage: words,
    message: `Alipay answered ${code} ${subCode} without a signature`,
    hint,
  })
}

/** An answer that says nothing that could be acted on. */
export function unclear(what: string): ChannelError {
  return new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `Alipay ${what}` })
}

function untrusted(why: string, cause?: unknown): ChannelError {
  return new ChannelError(
    {
      kind: 'untrusted',
      code: 'SIGN_ERROR',
      message: `Alipay's answer does not verify: ${why}`,
      hint: {
        zh: '应答验签失败，未采信；请检查 ALIPAY_PUBLIC_KEY（应为支付宝公钥，不是应用公钥）',
        en: 'The answer did not verify and was not believed; check ALIPAY_PUBLIC_KEY: it is Alipay’s key for the app, not the app’s own',
      },
    },
    { cause },
  )
}

/** A signed answer to another question than was asked: as if none had come. */
export function otherQuestion(difference: string): ChannelError {
  return untrusted(difference)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
