import type { ErrorCode, Words } from '../../../../shared/kernel/codes.ts'
import { parseJson } from '../../../lib/json.ts'
import type { IncomingAnswer } from '../../../lib/runtime.ts'
import type { ChannelFailure, Refusal } from '../../failure.ts'
import { readError } from './wire.ts'

type Rejection = { readonly refusal: Refusal; readonly code: ErrorCode; readonly hint: Words }

const retryAfterMs = 2000

const staleCode: Rejection = {
  refusal: 'invalid',
  code: 'CHANNEL_ERROR',
  hint: {
    zh: '付款码无效或已过期，请顾客刷新付款码后重试',
    en: 'The payment code is not valid any more; ask the payer for a fresh one and try again',
  },
}

/** Upstream code → ours, with what to do in words (fact sheet §10). Codes are looked up without underscores: old spellings lack them. */
const rejections: Readonly<Record<string, Rejection>> = {
  PARAMERROR: {
    refusal: 'invalid',
    code: 'PARAM_ERROR',
    hint: {
      zh: '请求参数有误，渠道返回的信息（channelMessage）指明了是哪一个',
      en: 'A parameter is wrong; the channel’s message (channelMessage) names it',
    },
  },
  INVALIDREQUEST: {
    refusal: 'invalid',
    code: 'INVALID_REQUEST',
    hint: {
      zh: '请求不符合业务规则，或同一单号换了参数',
      en: 'A business rule refused it, or the number was sent with other parameters before',
    },
  },
  AUTHCODEEXPIRE: staleCode,
  AUTHCODEERROR: staleCode,
  AUTHCODEINVALID: staleCode,
  APPIDMCHIDNOTMATCH: {
    refusal: 'configuration',
    code: 'CHANNEL_ERROR',
    hint: {
      zh: 'AppID 与商户号未绑定，请在商户平台绑定',
      en: 'The AppID is not bound to the merchant number; bind it in the merchant platform',
    },
  },
  MCHNOTEXISTS: {
    refusal: 'configuration',
    code: 'CHANNEL_ERROR',
    hint: { zh: '商户号不存在，请检查 WECHAT_MCH_ID', en: 'There is no such merchant; check WECHAT_MCH_ID' },
  },
  SIGNERROR: {
    refusal: 'caller',
    code: 'CHANNEL_ERROR',
    hint: {
      zh: '签名错误：请检查私钥、证书序列号与服务器时间',
      en: 'The signature was refused: check the private key, its certificate serial number and the clock',
    },
  },
  NOAUTH: {
    refusal: 'configuration',
    code: 'CHANNEL_ERROR',
    hint: { zh: '商户没有此产品或接口的权限', en: 'The merchant has no permission for this product' },
  },
  REQUESTBLOCKED: {
    refusal: 'caller',
    code: 'CHANNEL_ERROR',
    hint: { zh: '请求被拦截，请联系微信支付', en: 'WeChat Pay blocked the request; ask its support' },
  },
  OPENIDMISMATCH: {
    refusal: 'invalid',
    code: 'PARAM_ERROR',
    hint: { zh: 'openid 与 AppID 不匹配，请在对应应用内重新登录', en: 'The openid belongs to another app; log in again in the right one' },
  },
  INVALIDTRANSACTIONID: {
    refusal: 'invalid',
    code: 'PARAM_ERROR',
    hint: { zh: '微信支付订单号无效', en: 'The transaction number is not valid' },
  },
  ORDERPAID: { refusal: 'orderPaid', code: 'ORDERPAID', hint: { zh: '订单已支付', en: 'The order is paid' } },
  ORDERCLOSED: {
    refusal: 'orderClosed',
    code: 'ORDERCLOSED',
    hint: { zh: '订单已关闭，请重新下单', en: 'The order is closed; make a new one' },
  },
  OUTTRADENOUSED: {
    refusal: 'numberUsed',
    code: 'CONFLICT',
    hint: {
      zh: '商户单号已被使用：可能另一套系统使用同一商户号，请更改 ORDER_NO_PREFIX',
      en: 'The number was used before: another system may use this merchant number; change ORDER_NO_PREFIX',
    },
  },
  ORDERNOTEXIST: { refusal: 'notFound', code: 'NOT_FOUND', hint: { zh: '微信支付没有这笔订单', en: 'WeChat Pay has no such order' } },
  RESOURCENOTEXISTS: { refusal: 'notFound', code: 'NOT_FOUND', hint: { zh: '微信支付没有这笔退款', en: 'WeChat Pay has no such refund' } },
  USERPAYING: {
    refusal: 'payerIsPaying',
    code: 'CONFLICT',
    hint: { zh: '用户正在支付，请稍后查询', en: 'The payer is paying; ask again in a few seconds' },
  },
  NOTENOUGH: {
    refusal: 'notEnough',
    code: 'CHANNEL_ERROR',
    hint: {
      zh: '商户余额不足，充值后会以同一单号自动重试',
      en: 'The merchant balance is too low; it is sent again under the same number once topped up',
    },
  },
  USERACCOUNTABNORMAL: {
    refusal: 'invalid',
    code: 'INVALID_REQUEST',
    hint: { zh: '用户账户异常，此退款需人工处理', en: 'The payer’s account cannot receive it; handle this refund by hand' },
  },
  ACCOUNTERROR: {
    refusal: 'invalid',
    code: 'INVALID_REQUEST',
    hint: { zh: '用户账户异常，请换一种方式支付', en: 'The payer’s account refused; pay another way' },
  },
  TRADEERROR: {
    refusal: 'invalid',
    code: 'INVALID_REQUEST',
    hint: { zh: '交易被拒绝，请换一种方式支付', en: 'The trade was refused; pay another way' },
  },
  RULELIMIT: {
    refusal: 'rateLimited',
    code: 'RATE_LIMITED',
    hint: { zh: '业务规则限制，请稍后重试', en: 'A business limit was reached; try again later' },
  },
  FREQUENCYLIMITED: {
    refusal: 'rateLimited',
    code: 'RATE_LIMITED',
    hint: { zh: '请求过于频繁，请稍后重试', en: 'Too many requests; try again shortly' },
  },
  FREQUENCYLIMITEXCEED: {
    refusal: 'rateLimited',
    code: 'RATE_LIMITED',
    hint: { zh: '请求过于频繁，请稍后重试', en: 'Too many requests; try again shortly' },
  },
  RATELIMITEXCEEDED: {
    refusal: 'rateLimited',
    code: 'RATE_LIMITED',
    hint: { zh: '请求过于频繁，请稍后重试', en: 'Too many requests; try again shortly' },
  },
  NOSTATEMENTEXIST: { refusal: 'billEmpty', code: 'NOT_FOUND', hint: { zh: '当日没有账单', en: 'There is no bill for that day' } },
  STATEMENTCREATING: {
    refusal: 'billCreating',
    code: 'UNAVAILABLE',
    hint: { zh: '账单生成中，请十点后再试', en: 'The bill is being made; try again after ten' },
  },
}

/** These say that nobody knows: the call may have worked. */
const unknownCodes = new Set(['SYSTEMERROR', 'BANKERROR', 'ERROR'])
/** The two refusals that come with 500 (fact sheet §10). */
const refusalsWith500 = new Set(['INVALIDTRANSACTIONID', 'OPENIDMISMATCH'])

/** Whether a known code with that status is a no. */
function canRefuse(status: number, code: string): boolean {
  return status === 202 || (status >= 400 && status < 500) || (status === 500 && refusalsWith500.has(plain(code)))
}

/** Under which key a code is looked up: upper case, without underscores. */
function plain(code: string): string {
  return code.toUpperCase().replaceAll('_', '')
}

/**
 * What an answer that is no success means. A 5xx, but for two codes, and a page of HTML are unknown, never a refusal; a 3xx is not
 * followed and unknown too.
 */
export function rejectionOf(answer: Pick<IncomingAnswer, 'status' | 'body'>): ChannelFailure {
  const parsed = parseJson(answer.body)
  const error = 'value' in parsed ? readError(parsed.value) : undefined
  const said = error === undefined ? {} : { channelCode: error.code, channelMessage: error.message }
  const known = error && rejections[plain(error.code)]
  if (error && known && canRefuse(answer.status, error.code)) {
    const message = `WeChat Pay refused: ${error.code} ${error.message}`
    return {
      kind: 'refused',
      refusal: known.refusal,
      code: known.code,
      message,
      hint: known.hint,
      ...said,
      ...(known.refusal === 'rateLimited' ? { retryAfterMs } : {}),
    }
  }
  if (answer.status === 429)
    return {
      kind: 'refused',
      refusal: 'rateLimited',
      code: 'RATE_LIMITED',
      message: 'WeChat Pay: too many requests',
      retryAfterMs,
      ...said,
    }
  if (answer.status === 202)
    return { kind: 'refused', refusal: 'payerIsPaying', code: 'CONFLICT', message: 'WeChat Pay: the payer is paying', ...said }
  if (error && answer.status >= 400 && answer.status < 500 && !unknownCodes.has(plain(error.code))) {
    return {
      kind: 'refused',
      refusal: 'invalid',
      code: 'CHANNEL_ERROR',
      message: `WeChat Pay refused: ${error.code} ${error.message}`,
      ...said,
    }
  }
  return {
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    message: `WeChat Pay answered ${answer.status}${error ? ` ${error.code}` : ' without a readable reason'}`,
    ...said,
  }
}
