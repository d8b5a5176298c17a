import type { AppId } from '../../../../shared/kernel/ids.ts'
import type { AppPaymentParams, PayAction, PayType, RequestPaymentParams } from '../../../../shared/kernel/pay.ts'
import { formatInstant, later } from '../../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../../core/rules/attempt.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { Prepared } from '../../channel.ts'
import { merchantRefOf, providerApp, type WechatApps, type WechatMerchant } from '../account.ts'
import { payerOf, type WechatPayer } from '../payer.ts'
import { unreadable } from './call.ts'
import type { V3Parts } from './parts.ts'
import { merchantBody, transactionsPath } from './paths.ts'
import { payMessage, type Signer } from './signature.ts'
import { textMember } from './wire.ts'

export const payTypes = ['MINIPROGRAM', 'JSAPI', 'NATIVE', 'MWEB', 'APP'] as const satisfies PayType[]

/** How long what a call gives can be used (fact sheet §6). */
const prepayLifeMs = 2 * 60 * 60 * 1000
const h5LifeMs = 5 * 60 * 1000
const descriptionMaxBytes = 127

const paths: Record<(typeof payTypes)[number], string> = {
  MINIPROGRAM: '/jsapi',
  JSAPI: '/jsapi',
  NATIVE: '/native',
  MWEB: '/h5',
  APP: '/app',
}

/** Asks for a payment. The same parameters under the same number give a fresh credential for the same order (fact sheet §2.2). */
export function makePrepare({ credentials, tools, call }: V3Parts, signer: Signer) {
  return async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const payType = payTypes.find((one) => one === ask.payType)
    if (!payType) throw unreadable(`a way to pay that v3 has: ${ask.payType}`)
    const answer = await call({
      method: 'POST',
      pathAndQuery: transactionsPath(credentials) + paths[payType],
      body: prepareBody(ask, credentials),
    })
    const lifeMs = payType === 'MWEB' ? h5LifeMs : prepayLifeMs
    return { action: await actionOf(payType, ask, answer), actionExpiresAt: later(tools.runtime.now(), lifeMs) }
  }

  async function actionOf(payType: (typeof payTypes)[number], ask: PrepareAsk, answer: unknown): Promise<PayAction> {
    switch (payType) {
      case 'MINIPROGRAM':
      case 'JSAPI':
        return { type: 'wx.requestPayment', params: await requestPaymentParams(ask, member(answer, 'prepay_id')) }
      case 'APP':
        return { type: 'wx.app', params: await appParams(ask, member(answer, 'prepay_id')) }
      case 'NATIVE':
        return { type: 'qr', codeUrl: member(answer, 'code_url') }
      case 'MWEB':
        return { type: 'redirect', url: withReturn(member(answer, 'h5_url'), ask.returnUrl) }
    }
  }

  async function requestPaymentParams(ask: PrepareAsk, prepayId: string): Promise<RequestPaymentParams> {
    const given = { appId: ask.appId, timeStamp: signer.timestamp(), nonceStr: signer.newNonce() }
    const prepay = `prepay_id=${prepayId}`
    return { ...given, package: prepay, signType: 'RSA', paySign: await signer.sign(payMessage({ ...given, last: prepay })) }
  }

  async function appParams(ask: PrepareAsk, prepayId: string): Promise<AppPaymentParams> {
    const given = { appId: ask.appId, timeStamp: signer.timestamp(), nonceStr: signer.newNonce() }
    return {
      ...given,
      partnerId: merchantRefOf(credentials),
      prepayId,
      packageValue: 'Sign=WXPay',
      sign: await signer.sign(payMessage({ ...given, last: prepayId })),
    }
  }
}

/** The body by upstream names; members that are not needed are left out, since unknown or null ones make the call fail. */
export function prepareBody(ask: PrepareAsk, merchant: WechatApps & WechatMerchant): unknown {
  const payer = ask.payType === 'MINIPROGRAM' || ask.payType === 'JSAPI' ? payerOf(merchant, ask) : undefined
  const scene = sceneOf(ask)
  return {
    ...appBody(merchant, ask.appId),
    description: cutToBytes(ask.description, descriptionMaxBytes),
    out_trade_no: ask.outTradeNo,
    time_expire: formatInstant(ask.expiresAt),
    notify_url: ask.notifyUrl,
    amount: { total: ask.amount.minor, currency: ask.amount.currency },
    ...(payer === undefined ? {} : { payer: payerBody(payer) }),
    ...(scene === undefined ? {} : { scene_info: scene }),
  }
}

/** The merchant and the app; in service-provider mode the provider's app stands outside, whoever's app the payer is in. */
export function appBody(merchant: WechatApps & WechatMerchant, appId: AppId): Readonly<Record<string, string | undefined>> {
  const { sub } = merchant
  if (sub === undefined) return { appid: appId, ...merchantBody(merchant) }
  return { sp_appid: providerApp(merchant, appId), ...merchantBody(merchant), ...(sub.appId === undefined ? {} : { sub_appid: sub.appId }) }
}

function payerBody(payer: WechatPayer): Readonly<Record<string, string>> {
  switch (payer.mode) {
    case 'direct':
      return { openid: payer.openId }
    case 'provider':
      return { sp_openid: payer.spOpenId }
    case 'subMerchant':
      return { sub_openid: payer.subOpenId }
  }
}

function sceneOf({ payType, clientIp }: PrepareAsk): unknown {
  if (payType === 'MWEB') return { payer_client_ip: clientIp, h5_info: { type: 'Wap' } }
  return clientIp === undefined ? undefined : { payer_client_ip: clientIp }
}

function withReturn(url: string, returnUrl: string | undefined): string {
  return returnUrl === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(returnUrl)}`
}

function member(answer: unknown, name: string): string {
  const value = textMember(answer, name)
  if (value === undefined) throw unreadable(`a payment: ${name} is missing`)
  return value
}
