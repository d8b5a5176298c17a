import type { ErrorCode, Words } from '../../../shared/kernel/codes.ts'
import type { ChannelFailure, Refusal } from '../failure.ts'

/** What a `respcd` says, in the words of the fact sheet §11. */
export type RespClass =
  | 'success'
  | 'pending'
  | 'unknown'
  | 'closed'
  | 'conflict'
  | 'not_found'
  | 'payer_retry'
  | 'risk_denied'
  | 'refused'
  | 'bad_request'
  | 'config_error'
  | 'unavailable'
  | 'failed'

const classes: ReadonlyArray<readonly [RespClass, string]> = [
  ['success', '0000'],
  ['pending', '1143 1145 1295 1298'],
  ['unknown', '1101 1154 1161 1252 1254 1296 1297 2008 2009 2010'],
  ['closed', '1142 1181 1263 1264'],
  ['conflict', '1102 1125 1126 1260 1261 1262 1266 1267 2011'],
  ['not_found', '1136 1268'],
  ['payer_retry', '1201 1202 1212 2004 2005 2006 2007'],
  ['risk_denied', '1118 1250 1294'],
  ['refused', '1114 1115 1116 1117 1119 1120 1121 1122 1123 1124 1150 1155 1265 1269 1270 1271'],
  ['bad_request', '1103 1104 1110 1272'],
  ['config_error', '1105 1106 1107 1108 1109 1113 1203 1241 1242 1243 1251 2003'],
  ['unavailable', '1100 1111 1112 1127 1128 1129 1130 1131 1132 1133 1134 1135'],
  ['failed', '1146 1147 1204 1205'],
]
const classOf = new Map(classes.flatMap(([name, codes]) => codes.split(' ').map((code) => [code, name] as const)))

/** The class of a code; one that nobody has listed says nothing certain. */
export function respClass(respcd: string): RespClass {
  return classOf.get(respcd) ?? 'unknown'
}

type Said = { readonly refusal: Refusal; readonly code: ErrorCode; readonly hint: Words }

const hourMs = 60 * 60 * 1000

/** Codes that say more than their class. */
const special: Readonly<Record<string, Said>> = {
  '1102': said(
    'numberUsed',
    'CHANNEL_ERROR',
    '单号重复：另一个数据库使用了同一账户，请调高编号或更换前缀',
    'The number was used before: another database uses these credentials; raise the next number or change the prefix',
  ),
  '2011': said(
    'numberUsed',
    'CHANNEL_ERROR',
    '单号重复：另一个数据库使用了同一账户，请调高编号或更换前缀',
    'The number was used before: another database uses these credentials; raise the next number or change the prefix',
  ),
  '1260': said('orderPaid', 'ORDERPAID', '订单已支付', 'The order is paid already'),
  '1108': said(
    'caller',
    'CHANNEL_ERROR',
    '签名错误：请检查 QFPAY_CLIENT_KEY 与 QFPAY_SIGN_TYPE',
    'The signature was refused: check QFPAY_CLIENT_KEY and QFPAY_SIGN_TYPE',
  ),
  '2003': said(
    'caller',
    'CHANNEL_ERROR',
    '签名错误：请检查 QFPAY_CLIENT_KEY 与 QFPAY_SIGN_TYPE',
    'The signature was refused: check QFPAY_CLIENT_KEY and QFPAY_SIGN_TYPE',
  ),
  '1269': said(
    'notEnough',
    'CHANNEL_ERROR',
    '当日未结算款项不足，稍后会用同一单号重试',
    'The unsettled takings of the day are too low; it is tried again under the same number',
  ),
  '1265': said(
    'rateLimited',
    'RATE_LIMITED',
    '23:30 至 00:30 不能退款，稍后重试',
    'Refunds are not taken from 23:30 to 00:30; it is tried again later',
  ),
  '1202': said(
    'invalid',
    'CHANNEL_ERROR',
    '付款码无效或已过期，请顾客刷新付款码后重试',
    'The payment code is not valid any more; ask the payer for a fresh one and try again',
  ),
  '2005': said(
    'invalid',
    'CHANNEL_ERROR',
    '付款码无效或已过期，请顾客刷新付款码后重试',
    'The payment code is not valid any more; ask the payer for a fresh one and try again',
  ),
}

const byClass: Readonly<Partial<Record<RespClass, Said>>> = {
  closed: said('orderClosed', 'ORDERCLOSED', '订单已关闭，请重新下单', 'The order is closed; make a new one'),
  conflict: said(
    'invalid',
    'CHANNEL_ERROR',
    '与已有订单不一致，请查询',
    'It does not agree with what QFPay knows of the order; ask about it',
  ),
  not_found: said('notFound', 'NOT_FOUND', 'QFPay 没有此单号', 'QFPay does not know this number'),
  payer_retry: said(
    'invalid',
    'CHANNEL_ERROR',
    '支付未成功，请更换支付方式后重试',
    'The payment did not succeed; try again with other means',
  ),
  risk_denied: said('invalid', 'CHANNEL_ERROR', '交易被风控拒绝，请联系 QFPay', 'The payment was refused as risky; ask QFPay'),
  refused: said('invalid', 'CHANNEL_ERROR', 'QFPay 拒绝了此操作', 'QFPay refused it; the message says why'),
  bad_request: said(
    'invalid',
    'PARAM_ERROR',
    '请求参数有误，渠道返回的信息（channelMessage）指明了是哪一个',
    'A parameter is wrong; the channel’s message (channelMessage) names it',
  ),
  config_error: said(
    'configuration',
    'CHANNEL_ERROR',
    '账户配置有误，请检查 QFPay 设置',
    'The account is not set up for this; check the QFPay settings',
  ),
  failed: said('invalid', 'CHANNEL_ERROR', '交易失败，请重试或更换支付方式', 'The payment failed; try again or use other means'),
}

function said(refusal: Refusal, code: ErrorCode, zh: string, en: string): Said {
  return { refusal, code, hint: { zh, en } }
}

/** An answer that is no success, in our words; what is pending, unavailable or unheard of is unknown. */
export function rejectionOf(respcd: string, words: string): ChannelFailure {
  const common = { channelCode: respcd, channelMessage: words, message: wholeOf(respcd, words) }
  const known = special[respcd] ?? byClass[respClass(respcd)]
  if (known?.refusal === 'rateLimited') return { ...common, kind: 'refused', ...known, retryAfterMs: hourMs }
  if (known) return { ...common, kind: 'refused', ...known }
  return undecided(respcd, words)
}

/**
 * As {@link rejectionOf}, for calls that may have moved money: a failure of the bank's or the wallet's comes with "query first" in the
 * fact sheet and is no verdict before that was done.
 */
export function rejectionOfMoney(respcd: string, words: string): ChannelFailure {
  return respClass(respcd) === 'failed' ? undecided(respcd, words) : rejectionOf(respcd, words)
}

function undecided(respcd: string, words: string): ChannelFailure {
  return {
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    channelCode: respcd,
    channelMessage: words,
    message: wholeOf(respcd, words),
    hint: { zh: '结果未知，正在查询', en: 'The outcome is not known; it is being asked about' },
  }
}

function wholeOf(respcd: string, words: string): string {
  return `QFPay answered ${respcd} ${words}`.trimEnd()
}
