import { type IncomingAnswer, NetworkFailure } from '../../../lib/runtime.ts'
import { clean, readFlatXml, writeFlatXml } from '../../../lib/xml.ts'
import type { AccountTools } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { canShowCertificate, providerApp, type SignType, type WechatV2Credentials } from '../account.ts'
import { rejectionOf } from './rejections.ts'
import { isSigned, type Members, sign } from './sign.ts'

/** For the whole answer; a longer one counts as unknown. */
const timeoutMs = 10_000
/** The channel answers a payment by code when the payer's bank has: it may take longer. */
const codeTimeoutMs = 20_000
const maxBytes = 1024 * 1024
const userAgent = 'Shouyin/0.1'

type Signed = Record<string, string> & { appid: string }
export type V2Answer = ReadonlyMap<string, string>
export type V2Call = ReturnType<typeof makeV2Call>

/**
 * One signed exchange. Judged in this order: HTTP, `return_code`, the answer's signature, `result_code` (fact sheet §1).
 *
 * @returns the members of a verified answer whose `result_code` is SUCCESS.
 * @throws ChannelError
 */
export function makeV2Call(credentials: WechatV2Credentials, { runtime, clockSeen }: AccountTools) {
  const { mchid, sub, apiKey, gateway, backupGateway, clientCertificate, officialAppId, miniprogramAppId } = credentials
  return { call, signed }

  /** Members with what every request carries; the very texts that are signed are sent. */
  function signed(appId: string, members: Members, signType: SignType = credentials.signType): Signed {
    const all: Signed = {
      appid: providerApp(credentials, appId),
      mch_id: mchid,
      nonce_str: Buffer.from(runtime.randomBytes(16)).toString('hex'),
      sign_type: signType,
    }
    if (sub) all.sub_mch_id = sub.mchid
    if (sub?.appId !== undefined) all.sub_appid = sub.appId
    for (const [name, value] of Object.entries(members)) if (value !== undefined && value !== '') all[name] = clean(value)
    return { ...all, sign: sign(all, apiKey, signType) }
  }

  async function call(path: string, appId: string, members: Members, withCertificate = false): Promise<V2Answer> {
    if (withCertificate && !canShowCertificate(credentials)) throw noCertificate()
    const request = signed(appId, members)
    const answer = await send(path, Buffer.from(writeFlatXml(request)), withCertificate)
    return readAnswer(path, answer, request.appid)
  }

  /** The backup host is for a gateway that cannot be reached at all; the host is not signed, so the same bytes may go there. */
  async function send(path: string, body: Uint8Array, withCertificate: boolean): Promise<IncomingAnswer> {
    const request = (host: string) => ({
      method: 'POST' as const,
      url: host + path,
      headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': `${userAgent} ${mchid}`, accept: '*/*' },
      body,
      timeoutMs: path.endsWith('/micropay') ? codeTimeoutMs : timeoutMs,
      maxBytes,
      ...(withCertificate && clientCertificate ? { clientCertificate } : {}),
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

  function readAnswer(path: string, answer: IncomingAnswer, askedApp: string): V2Answer {
    const date = Date.parse(answer.headers.date ?? '')
    if (!Number.isNaN(date)) clockSeen(runtime.now() - date)
    if (answer.status !== 200) throw unclear(`answered ${answer.status}`)
    const read = readFlatXml(answer.body, { maxBytes })
    if ('problem' in read) throw unclear(`sent an answer that ${read.problem}`)
    const { members } = read
    if (members.get('return_code') !== 'SUCCESS') throw notLookedAt(members.get('return_msg') ?? '')
    if (!isSigned(Object.fromEntries(members), apiKey)) throw untrusted('its signature is wrong')
    if (members.get('mch_id') !== mchid) throw otherQuestion('the answer is another merchant’s')
    if (sub && members.get('sub_mch_id') !== sub.mchid) throw otherQuestion('the answer is about another sub merchant')
    if (![askedApp, officialAppId, miniprogramAppId].includes(members.get('appid') ?? askedApp))
      throw otherQuestion('the answer is about an app that is none of the account’s')
    if (members.get('result_code') === 'SUCCESS') return members
    throw new ChannelError(rejectionOf(path, members.get('err_code') ?? '', (members.get('err_code_des') ?? '').slice(0, 200)))
  }
}

/** Unsigned and in free words: nothing of it is proof, not even that nothing was done. */
function notLookedAt(words: string): ChannelError {
  const said = words.slice(0, 200)
  const isSignature = /sign|签名/i.test(said)
  return new ChannelError({
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    channelCode: 'FAIL',
    channelMessage: said,
    message: `WeChat Pay answered FAIL without a signature: ${said}`,
    hint: isSignature
      ? {
          zh: '签名被拒绝：请检查 WECHAT_API_KEY 与 WECHAT_SIGN_TYPE',
          en: 'The signature was refused: check WECHAT_API_KEY and WECHAT_SIGN_TYPE',
        }
      : { zh: '微信支付未受理，结果未知，正在查询', en: 'WeChat Pay did not take it; the outcome is not known and is being asked about' },
  })
}

function noCertificate(): ChannelError {
  return new ChannelError({
    kind: 'refused',
    refusal: 'configuration',
    code: 'CHANNEL_ERROR',
    message: 'refunds and reversals of API v2 need the merchant’s certificate: WECHAT_MCH_CERT and WECHAT_MCH_KEY are not set',
    hint: {
      zh: 'v2 退款与撤销需要商户证书，请设置 WECHAT_MCH_CERT 与 WECHAT_MCH_KEY',
      en: 'Set WECHAT_MCH_CERT and WECHAT_MCH_KEY to the merchant’s certificate and key',
    },
  })
}

function unreachable(error: NetworkFailure): ChannelError {
  const { isTimeout, isTls } = error
  return new ChannelError(
    {
      kind: error.kind === 'notSent' ? 'notSent' : 'unknown',
      code: isTimeout ? 'CHANNEL_TIMEOUT' : 'CHANNEL_ERROR',
      isTimeout,
      isTls,
      message: `WeChat Pay: ${error.message}`,
    },
    { cause: error },
  )
}

/** An answer that says nothing that could be acted on. */
export function unclear(what: string): ChannelError {
  return new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: `WeChat Pay ${what}` })
}

export function untrusted(why: string): ChannelError {
  return new ChannelError({
    kind: 'untrusted',
    code: 'SIGN_ERROR',
    message: `WeChat Pay's answer does not verify: ${why}`,
    hint: { zh: '应答验签失败，未采信；请检查 WECHAT_API_KEY', en: 'The answer did not verify and was not believed; check WECHAT_API_KEY' },
  })
}

/** A signed answer to another question than was asked: as if none had come. */
export function otherQuestion(difference: string): ChannelError {
  return untrusted(difference)
}
