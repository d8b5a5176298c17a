import type { AppPaymentParams, PayAction, PayType, RequestPaymentParams } from '../../../shared/kernel/pay.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../core/rules/attempt.ts'
import { walletOf } from '../../core/rules/payment-code.ts'
import { vouchForTrade } from '../../core/rules/report.ts'
import type { Prepared } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { otherQuestion, unclear, wordsOf } from './call.ts'
import { directUrl } from './direct.ts'
import type { QfpayParts } from './parts.ts'
import { paid } from './query.ts'
import { rejectionOf, respClass } from './rejections.ts'
import type { Members } from './signature.ts'
import { writeTime } from './times.ts'
import { asPlain, type Plain, text } from './wire.ts'

const minute = 60_000
/** What QFPay takes as an order's life, in minutes (fact sheet §4). */
const life = { least: 5, most: 120 }
const codeLifeMs = minute
const goodsName = /^[\p{L}\p{N} ]{1,20}$/u

/** Asks for a payment: 0000 means that the order was made, or, where the payer showed a code, that it is paid (fact sheet §4). */
export function makePrepare({ credentials, tools, post, accepted }: QfpayParts) {
  return async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const code = codeFor(ask)
    const answer = await post('/trade/v1/payment', { ...common(ask, code), ...special(ask) })
    if (ask.payType === 'MICROPAY') return byCode(ask, answer)
    accepted(answer)
    assertAnswers(ask, answer)
    const expiresAt = later(ask.startedAt, minutesOf(ask) * minute)
    return { action: actionOf(ask, answer), actionExpiresAt: expiresAt, ...stateOf(answer) }
  }

  function codeFor({ payType, authCode }: PrepareAsk): string {
    const wallet = payType === 'MICROPAY' && authCode !== undefined ? walletOf(authCode) : undefined
    const code = credentials.codes[payType] ?? (wallet === 'alipay' ? '800108' : wallet === 'wechat' ? '800208' : undefined)
    if (code === undefined) throw unclear(`has no such way to pay: ${payType}`)
    return code
  }

  /** The caller's time is the attempt's, so that every try sends the same bytes. */
  function common(ask: PrepareAsk, code: string): Members {
    return {
      txamt: String(ask.amount.minor),
      txcurrcd: ask.amount.currency,
      pay_type: code,
      out_trade_no: ask.outTradeNo,
      txdtm: writeTime(ask.startedAt, credentials.zoneMinutes),
      goods_name: goodsName.test(ask.description) ? ask.description : undefined,
      notify_url: ask.payType === 'MICROPAY' ? undefined : ask.notifyUrl,
    }
  }

  function special(ask: PrepareAsk): Members {
    const expired = { expired_time: String(minutesOf(ask)) }
    switch (ask.payType) {
      case 'MICROPAY':
        return { auth_code: ask.authCode }
      case 'JSAPI':
      case 'MINIPROGRAM':
        return { ...expired, sub_openid: ask.openId, return_url: ask.openId === undefined ? ask.returnUrl : undefined }
      case 'MWEB':
        return { ...expired, extend_info: sceneOf(ask), return_url: ask.returnUrl }
      case 'PAGE':
        return { ...expired, return_url: ask.returnUrl }
      default:
        return expired
    }
  }

  function byCode(ask: PrepareAsk, answer: Plain): Prepared {
    const respcd = text(answer, 'respcd') ?? ''
    const open = { action: { type: 'none' }, actionExpiresAt: later(tools.runtime.now(), codeLifeMs), ...stateOf(answer) } as const
    if (respClass(respcd) === 'pending') return open
    if (respcd !== '0000') throw new ChannelError(rejectionOf(respcd, wordsOf(answer)))
    assertAnswers(ask, answer)
    const origin = { source: 'answer', channel: 'qfpay', account: tools.account, outTradeNo: ask.outTradeNo } as const
    // The answer of a payment that is made this moment may carry no time of its own.
    const whole = {
      ...answer,
      paydtm: text(answer, 'paydtm') ?? text(answer, 'sysdtm') ?? writeTime(tools.runtime.now(), credentials.zoneMinutes),
    }
    return { ...open, report: vouchForTrade({ ...origin, outcome: paid(whole, credentials) }) }
  }

  function actionOf(ask: PrepareAsk, answer: Plain): PayAction {
    const params = asPlain(answer.pay_params)
    // Merchants in Canada get an address where others get parameters.
    const url = text(answer, 'pay_url')
    if (url !== undefined && URL.canParse(url))
      return { type: 'redirect', url: ask.payType === 'MWEB' ? withReturn(url, ask.returnUrl) : url }
    switch (ask.payType) {
      case 'NATIVE':
        return { type: 'qr', codeUrl: needed(answer, 'qrcode') }
      case 'JSAPI':
      case 'MINIPROGRAM':
        return bridge(ask, requestPaymentParams(params))
      case 'APP':
        return { type: 'wx.app', params: appParams(params) }
      default:
        throw unclear('answered without pay_url')
    }
  }

  function bridge(ask: PrepareAsk, params: RequestPaymentParams): PayAction {
    const cashierUrl =
      ask.payType === 'JSAPI' && ask.returnUrl !== undefined
        ? directUrl(credentials, { ask, params, redirectUrl: ask.returnUrl })
        : undefined
    return { type: 'wx.requestPayment', params, ...(cashierUrl === undefined ? {} : { cashierUrl }) }
  }
}

function assertAnswers({ outTradeNo, amount }: PrepareAsk, answer: Plain): void {
  const [number, total] = [text(answer, 'out_trade_no'), text(answer, 'txamt')]
  if (number !== undefined && number !== outTradeNo) throw otherQuestion('the number of another order')
  if (total !== undefined && total !== String(amount.minor)) throw otherQuestion('another amount')
}

/** QFPay's own number is kept: closing and refunding may want it. */
function stateOf(answer: Plain): Pick<Prepared, 'channelState'> {
  const syssn = text(answer, 'syssn')
  return syssn === undefined ? {} : { channelState: JSON.stringify({ syssn }) }
}

function minutesOf({ startedAt, expiresAt }: { readonly startedAt: Instant; readonly expiresAt: Instant }): number {
  return Math.min(life.most, Math.max(life.least, Math.ceil((expiresAt - startedAt) / minute)))
}

/** Handed on as they came: the way of signing may change. */
function requestPaymentParams(params: Plain | undefined): RequestPaymentParams {
  const signType = text(params, 'signType') ?? 'MD5'
  if (signType !== 'MD5' && signType !== 'RSA' && signType !== 'HMAC-SHA256') throw unclear('signed the parameters in a way nobody knows')
  return {
    appId: needed(params, 'appId'),
    timeStamp: needed(params, 'timeStamp'),
    nonceStr: needed(params, 'nonceStr'),
    package: needed(params, 'package'),
    signType,
    paySign: needed(params, 'paySign'),
  }
}

function appParams(params: Plain | undefined): AppPaymentParams {
  return {
    appId: needed(params, 'appid'),
    partnerId: needed(params, 'partnerid'),
    prepayId: needed(params, 'prepayid'),
    packageValue: needed(params, 'package'),
    nonceStr: needed(params, 'noncestr'),
    timeStamp: needed(params, 'timestamp'),
    sign: needed(params, 'sign'),
  }
}

/** One JSON text; it is signed as it stands (fact sheet §8.3). */
function sceneOf({ clientIp, notifyUrl, returnUrl, description }: PrepareAsk): string {
  const site = new URL(returnUrl ?? notifyUrl).origin
  return JSON.stringify({
    scene_info: { h5_info: { type: 'Wap', wap_url: site, wap_name: description.slice(0, 60) } },
    spbill_create_ip: clientIp,
  })
}

function withReturn(url: string, returnUrl: string | undefined): string {
  return returnUrl === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(returnUrl)}`
}

function needed(object: Plain | undefined, name: string): string {
  const value = text(object, name)
  if (value === undefined) throw unclear(`answered without ${name}`)
  return value
}

/** The ways to pay that the codes stand for. */
export function payTypesOf(codes: Readonly<Partial<Record<PayType, string>>>): PayType[] {
  const all: readonly PayType[] = ['NATIVE', 'JSAPI', 'MINIPROGRAM', 'MWEB', 'APP', 'PAGE']
  return [...all.filter((one) => codes[one] !== undefined), 'MICROPAY']
}
