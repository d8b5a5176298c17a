import { type IncomingAnswer, NetworkFailure, type OutgoingRequest } from '../../lib/runtime.ts'
import type { AccountTools } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import type { QfpayCredentials } from './account.ts'
import { rejectionOf } from './rejections.ts'
import { isSignedBody, type Members, sign } from './signature.ts'
import { type Plain, readPlain, text } from './wire.ts'

/** For the whole answer; a longer one counts as unknown. */
const timeoutMs = 15_000
const maxBytes = 1024 * 1024

export type QfpayCall = ReturnType<typeof makeCall>

/**
 * One signed exchange (fact sheet §2, §3).
 *
 * @returns the members of a verified answer and its `respcd`, whatever it says.
 * @throws ChannelError when there is no such answer.
 */
export function makeCall(credentials: QfpayCredentials, { runtime, log, clockSeen, account }: AccountTools) {
  const { appCode, clientKey, mchid, signType, gateway } = credentials
  let hasToldOfUnsigned = false
  return { post, get, accepted }

  function post(path: string, members: Members): Promise<Plain> {
    const all = sent(members)
    return exchange({ method: 'POST', url: gateway + path, body: Buffer.from(new URLSearchParams(all).toString()) }, all)
  }

  function get(path: string, members: Members): Promise<Plain> {
    const all = sent(members)
    return exchange({ method: 'GET', url: `${gateway}${path}?${new URLSearchParams(all).toString()}` }, all)
  }

  /** What has a value, with the merchant where there is one. */
  function sent(members: Members): Record<string, string> {
    const all = Object.entries({ ...members, mchid }).filter((pair): pair is [string, string] => (pair[1] ?? '') !== '')
    return Object.fromEntries(all)
  }

  async function exchange(request: Pick<OutgoingRequest, 'method' | 'url' | 'body'>, members: Members): Promise<Plain> {
    const headers = {
      'x-qf-appcode': appCode,
      'x-qf-sign': sign(members, clientKey, signType),
      'x-qf-signtype': signType,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      accept: 'application/json',
      'user-agent': 'Shouyin/0.1',
    }
    return read(await send({ ...request, headers, timeoutMs, maxBytes }))
  }

  async function send(request: OutgoingRequest): Promise<IncomingAnswer> {
    try {
      return await runtime.fetch(request)
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      const { isTimeout, isTls } = error
      const code = isTimeout ? 'CHANNEL_TIMEOUT' : 'CHANNEL_ERROR'
      const kind = error.kind === 'notSent' ? 'notSent' : 'unknown'
      throw new ChannelError({ kind, code, isTimeout, isTls, message: `QFPay: ${error.message}` }, { cause: error })
    }
  }

  function read(answer: IncomingAnswer): Plain {
    const date = Date.parse(answer.headers.date ?? '')
    if (!Number.isNaN(date)) clockSeen(runtime.now() - date)
    if (answer.status === 429)
      throw new ChannelError({
        kind: 'refused',
        refusal: 'rateLimited',
        code: 'RATE_LIMITED',
        retryAfterMs: 2000,
        message: 'QFPay takes no more calls at the moment',
      })
    if (answer.status !== 200) throw unclear(`answered ${answer.status}`)
    assertSigned(answer)
    const read = readPlain(answer.body)
    if ('problem' in read) throw unclear(`sent an answer that ${read.problem}`)
    if (text(read.plain, 'respcd') === undefined) throw unclear('sent an answer without respcd')
    return read.plain
  }

  /** A signature that differs is believed no word; none at all is told once, since not every region is known to send one. */
  function assertSigned(answer: IncomingAnswer): void {
    const given = answer.headers['x-qf-sign']
    if (given === undefined) {
      if (!hasToldOfUnsigned) log.info({ event: 'qfpay.unsigned', account, said: 'answers carry no X-QF-SIGN' })
      hasToldOfUnsigned = true
    } else if (!isSignedBody(answer.body, given, clientKey))
      throw new ChannelError({
        kind: 'untrusted',
        code: 'SIGN_ERROR',
        message: 'QFPay’s answer does not verify',
        hint: {
          zh: '应答验签失败，未采信；请检查 QFPAY_CLIENT_KEY',
          en: 'The answer did not verify and was not believed; check QFPAY_CLIENT_KEY',
        },
      })
  }

  /** @throws ChannelError unless the answer says 0000. */
  function accepted(answer: Plain): Plain {
    const respcd = text(answer, 'respcd') ?? ''
    if (respcd === '0000') return answer
    throw new ChannelError(rejectionOf(respcd, wordsOf(answer)))
  }
}

export function wordsOf(answer: Plain): string {
  return (text(answer, 'resperr') ?? text(answer, 'errmsg') ?? text(answer, 'respmsg') ?? '').slice(0, 200)
}

/** An answer that says nothing that could be acted on. */
export function unclear(what: string): ChannelError {
  return new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `QFPay ${what}` })
}

/** An answer to another question than was asked: as if none had come. */
export function otherQuestion(difference: string): ChannelError {
  return new ChannelError({ kind: 'untrusted', code: 'SIGN_ERROR', message: `QFPay answered another question: ${difference}` })
}
