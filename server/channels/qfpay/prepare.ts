import type { AppPaymentParams, PayAction, RequestPaymentParams } from '../../../shared/kernel/pay.ts'
import { asInstant, type Instant, later } from '../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../core/rules/attempt.ts'
import { vouchForTrade } from '../../core/rules/report.ts'
import { cutToBytes } from '../../lib/text.ts'
import type { Prepared } from '../channel.ts'
import { ChannelError, type ChannelFailure } from '../failure.ts'
import { otherQuestion, unclear, wordsOf } from './call.ts'
import { payCodeOf } from './codes.ts'
import { directUrl } from './direct.ts'
import { goodsNameOf } from './goods-name.ts'
import type { QfpayParts } from './parts.ts'
import { paid } from './query.ts'
import { rejectionOf, rejectionOfMoney, respClass } from './rejections.ts'
import type { Members } from './signature.ts'
import { writeTime } from './times.ts'
import { asPlain, type Plain, text } from './wire.ts'

const minute = 60_000
/** What QFPay takes as an order's life, in minutes (fact sheet §4). */
const life = { least: 5, most: 120 }
const codeLifeMs = minute
const siteNameMaxBytes = 60
/** The currency of merchants in Canada, whose 800207 takes and gives what the Alipay page does (fact sheet §6). */
const canadian = 'CAD'

/** Asks for a payment: 0000 means that the order was made, or, where the payer showed a code, that it is paid (fact sheet §4). */
export function makePrepare({ credentials, tools, post }: QfpayParts) {
  return async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const code = codeFor(ask)
    const answer = await post('/trade/v1/payment', { ...common(ask, code), ...special(ask) })
    if (ask.payType === 'MICROPAY') return byCode(ask, answer)
    if (text(answer, 'respcd') !== '0000') throw new ChannelError(refusalOf(answer, rejectionOf))
    assertAnswers(ask, answer)
    return { action: actionOf(ask, answer), actionExpiresAt: endOf(ask), ...stateOf(answer) }
  }

  function codeFor(ask: PrepareAsk): string {
    const code = payCodeOf(credentials, ask)
    if (code === undefined)
      throw new ChannelError({
        kind: 'refused',
        refusal: 'invalid',
        code: 'PARAM_ERROR',
        message: `QFPay has no pay type for this: ${ask.payType}; see QFPAY_PAY_TYPES`,
      })
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
      goods_name: goodsNameOf(ask),
      notify_url: ask.notifyUrl,
    }
  }

  function special(ask: PrepareAsk): Members {
    const expired = { expired_time: String(minutesOf(ask)) }
    switch (ask.payType) {
      case 'MICROPAY':
        return { auth_code: ask.authCode }
      case 'JSAPI':
      case 'MINIPROGRAM':
        return { ...expired, ...payerOf(ask) }
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
    if (respcd !== '0000') throw new ChannelError(refusalOf(answer, rejectionOfMoney))
    assertAnswers(ask, answer)
    const origin = { source: 'answer', channel: 'qfpay', account: tools.account, outTradeNo: ask.outTradeNo } as const
    const outcome = paid(answer, { credentials, heardAt: tools.runtime.now() })
    return { ...open, report: vouchForTrade({ ...origin, outcome }) }
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

/** A number that does not fit what QFPay knows of it was used before: what became of it is asked, never assumed. */
function refusalOf(answer: Plain, rejection: typeof rejectionOf): ChannelFailure {
  const respcd = text(answer, 'respcd') ?? ''
  const failure = rejection(respcd, wordsOf(answer))
  const isKnownThere = respClass(respcd) === 'conflict' && failure.refusal === 'invalid'
  return isKnownThere ? { ...failure, refusal: 'numberUsed' } : failure
}

function assertAnswers({ outTradeNo, amount }: PrepareAsk, answer: Plain): void {
  const [number, total, currency] = [text(answer, 'out_trade_no'), text(answer, 'txamt'), text(answer, 'txcurrcd')]
  if (number !== undefined && number !== outTradeNo) throw otherQuestion('the number of another order')
  if (total !== undefined && total !== String(amount.minor)) throw otherQuestion('another amount')
  if (currency !== undefined && currency !== amount.currency) throw otherQuestion('another currency')
}

/** QFPay's own number is kept: closing and refunding may want it. */
function stateOf(answer: Plain): Pick<Prepared, 'channelState'> {
  const syssn = text(answer, 'syssn')
  return syssn === undefined ? {} : { channelState: JSON.stringify({ syssn }) }
}

/** The order's end, or QFPay's where that comes first. */
function endOf(ask: PrepareAsk): Instant {
  return asInstant(Math.min(ask.expiresAt, later(ask.startedAt, minutesOf(ask) * minute)))
}

function minutesOf({ startedAt, expiresAt }: { readonly startedAt: Instant; readonly expiresAt: Instant }): number {
  return Math.min(life.most, Math.max(life.least, Math.ceil((expiresAt - startedAt) / minute)))
}

function payerOf({ openId, returnUrl, amount, payType }: PrepareAsk): Members {
  const isLedAway = openId === undefined || (payType === 'JSAPI' && amount.currency === canadian)
  return isLedAway ? { return_url: returnUrl } : { sub_openid: openId }
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
    scene_info: { h5_info: { type: 'Wap', wap_url: site, wap_name: cutToBytes(description, siteNameMaxBytes) } },
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
