import type { AppPaymentParams, PayAction, PayType, RequestPaymentParams } from '../../../../shared/kernel/pay.ts'
import { asInstant, chinaStamp, later } from '../../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../../core/rules/attempt.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { Prepared } from '../../channel.ts'
import { payerOf, type WechatPayer } from '../payer.ts'
import { unclear, type V2Answer } from './call.ts'
import type { V2Parts } from './parts.ts'
import { type Members, sign } from './sign.ts'

/** What is ordered first and paid then; payment by code is a call of its own. */
export const payTypes = ['MINIPROGRAM', 'JSAPI', 'NATIVE', 'MWEB', 'APP'] as const satisfies PayType[]
type V2PayType = (typeof payTypes)[number]

/** How long what a call gives can be used (fact sheet §3.1). */
const prepayLifeMs = 2 * 60 * 60 * 1000
const h5LifeMs = 5 * 60 * 1000
/** Less is refused. */
const shortestLifeMs = 5 * 60 * 1000 + 10_000
const bodyMaxBytes = 127
const noAddress = '127.0.0.1'

const tradeTypes: Record<V2PayType, string> = {
  MINIPROGRAM: 'JSAPI',
  JSAPI: 'JSAPI',
  NATIVE: 'NATIVE',
  MWEB: 'MWEB',
  APP: 'APP',
}

/** Asks for a payment. Only the first asking sets the end; the same parameters under the same number give a fresh credential. */
export function makePrepare({ credentials, tools, call }: V2Parts) {
  const { runtime } = tools
  return async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const payType = payTypes.find((one) => one === ask.payType)
    if (!payType) throw unclear(`has no such way to pay: ${ask.payType}`)
    const answer = await call('/pay/unifiedorder', ask.appId, { ...goodsMembers(ask), ...orderMembers(payType, ask) })
    const lifeMs = payType === 'MWEB' ? h5LifeMs : prepayLifeMs
    return { action: actionOf(payType, ask, answer), actionExpiresAt: later(runtime.now(), lifeMs) }
  }

  function orderMembers(payType: V2PayType, ask: PrepareAsk): Members {
    const end = later(ask.startedAt, shortestLifeMs)
    const payer = payType === 'JSAPI' || payType === 'MINIPROGRAM' ? payerOf(credentials, ask) : undefined
    return {
      notify_url: ask.notifyUrl,
      trade_type: tradeTypes[payType],
      time_expire: chinaStamp(asInstant(Math.max(ask.expiresAt, end))),
      ...(payType === 'NATIVE' ? { product_id: ask.outTradeNo } : {}),
      ...(payer === undefined ? {} : payerMember(payer)),
      ...(payType === 'MWEB' ? { scene_info: sceneOf(ask) } : {}),
    }
  }

  function actionOf(payType: V2PayType, ask: PrepareAsk, answer: V2Answer): PayAction {
    switch (payType) {
      case 'MINIPROGRAM':
      case 'JSAPI':
        return { type: 'wx.requestPayment', params: requestPaymentParams(ask, member(answer, 'prepay_id')) }
      case 'APP':
        return { type: 'wx.app', params: appParams(ask, member(answer, 'prepay_id')) }
      case 'NATIVE':
        return { type: 'qr', codeUrl: member(answer, 'code_url') }
      case 'MWEB':
        return { type: 'redirect', url: withReturn(member(answer, 'mweb_url'), ask.returnUrl) }
    }
  }

  /** Signed by the names of the call, which differ in case from those of the order (fact sheet §2.1). */
  function requestPaymentParams(ask: PrepareAsk, prepayId: string): RequestPaymentParams {
    const given = {
      appId: ask.appId,
      timeStamp: seconds(),
      nonceStr: nonce(),
      package: `prepay_id=${prepayId}`,
      signType: credentials.signType,
    }
    return { ...given, paySign: sign(given, credentials.apiKey, credentials.signType) }
  }

  /** An app is signed in small letters, without naming how. */
  function appParams(ask: PrepareAsk, prepayId: string): AppPaymentParams {
    const partnerid = credentials.sub?.mchid ?? credentials.mchid
    const given = { appid: ask.appId, partnerid, prepayid: prepayId, package: 'Sign=WXPay', noncestr: nonce(), timestamp: seconds() }
    return {
      appId: given.appid,
      partnerId: given.partnerid,
      prepayId: given.prepayid,
      packageValue: given.package,
      nonceStr: given.noncestr,
      timeStamp: given.timestamp,
      sign: sign(given, credentials.apiKey, credentials.signType),
    }
  }

  function seconds(): string {
    return String(Math.floor(runtime.now() / 1000))
  }

  function nonce(): string {
    return Buffer.from(runtime.randomBytes(16)).toString('hex')
  }
}

/** What is paid for, and how much of it. */
export function goodsMembers(ask: PrepareAsk): Members {
  return {
    body: cutToBytes(ask.description, bodyMaxBytes),
    out_trade_no: ask.outTradeNo,
    total_fee: String(ask.amount.minor),
    fee_type: ask.amount.currency,
    spbill_create_ip: ask.clientIp ?? noAddress,
  }
}

/** In v2 a provider's payer goes by the plain name. */
function payerMember(payer: WechatPayer): Members {
  switch (payer.mode) {
    case 'direct':
      return { openid: payer.openId }
    case 'provider':
      return { openid: payer.spOpenId }
    case 'subMerchant':
      return { sub_openid: payer.subOpenId }
  }
}

/** JSON inside one member; it is signed as it stands. */
function sceneOf({ notifyUrl, returnUrl, description }: PrepareAsk): string {
  return JSON.stringify({
    h5_info: { type: 'Wap', wap_url: new URL(returnUrl ?? notifyUrl).origin, wap_name: cutToBytes(description, 60) },
  })
}

function withReturn(url: string, returnUrl: string | undefined): string {
  return returnUrl === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(returnUrl)}`
}

function member(answer: V2Answer, name: string): string {
  const value = answer.get(name)
  if (!value) throw unclear(`answered without ${name}`)
  return value
}
