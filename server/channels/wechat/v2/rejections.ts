import type { ErrorCode, Words } from '../../../../shared/kernel/codes.ts'
import type { ChannelFailure, Refusal } from '../../failure.ts'

type Rejection = { readonly refusal: Refusal; readonly code: ErrorCode; readonly hint: Words }
type Row = readonly [codes: readonly string[], refusal: Refusal, code: ErrorCode, zh: string, en: string]

const retryAfterMs = 2000
/** One refund a minute of an order. */
const refundAgainMs = 60_000

/** Upstream code → ours, with what to do (fact sheet §5). Codes are looked up without underscores, since both spellings occur. */
const rows: readonly Row[] = [
  [
    ['PARAM_ERROR', 'LACK_PARAMS', 'XML_FORMAT_ERROR', 'POST_DATA_EMPTY', 'NOT_UTF8', 'REQUIRE_POST_METHOD'],
    'invalid',
    'PARAM_ERROR',
    '请求参数有误，渠道返回的信息（channelMessage）指明了是哪一个',
    'A parameter is wrong; the channel’s message (channelMessage) names it',
  ],
  [
    ['INVALID_REQUEST'],
    'invalid',
    'INVALID_REQUEST',
    '请求不符合业务规则，或同一单号换了参数',
    'A business rule refused it, or the number was sent with other parameters before',
  ],
  [
    ['SIGNERROR'],
    'caller',
    'CHANNEL_ERROR',
    '签名错误：请检查 WECHAT_API_KEY 与 WECHAT_SIGN_TYPE',
    'The signature was refused: check WECHAT_API_KEY and WECHAT_SIGN_TYPE',
  ],
  [['NOAUTH'], 'configuration', 'CHANNEL_ERROR', '商户没有此产品的权限', 'The merchant has no permission for this product'],
  [
    ['APPID_NOT_EXIST', 'MCHID_NOT_EXIST', 'MCH_NOT_EXISTS', 'APPID_MCHID_NOT_MATCH'],
    'configuration',
    'CHANNEL_ERROR',
    'AppID 与商户号未绑定或不存在，请检查配置',
    'The AppID and the merchant number do not belong together, or one does not exist; check the configuration',
  ],
  [['ORDERPAID'], 'orderPaid', 'ORDERPAID', '订单已支付', 'The order is paid already'],
  [['ORDERCLOSED'], 'orderClosed', 'ORDERCLOSED', '订单已关闭，请重新下单', 'The order is closed; make a new one'],
  [
    ['OUT_TRADE_NO_USED'],
    'numberUsed',
    'CHANNEL_ERROR',
    '商户订单号重复：另一个数据库使用了同一商户号，请调高编号或更换前缀',
    'The number was used before: another database uses these credentials; raise the next number or change the prefix',
  ],
  [['ORDERNOTEXIST', 'REFUNDNOTEXIST'], 'notFound', 'NOT_FOUND', '微信支付没有此单号', 'WeChat Pay does not know this number'],
  [['USERPAYING'], 'payerIsPaying', 'CONFLICT', '用户正在输入密码', 'The payer is typing the password'],
  [
    ['AUTHCODEEXPIRE', 'AUTH_CODE_ERROR', 'AUTH_CODE_INVALID'],
    'invalid',
    'CHANNEL_ERROR',
    '付款码无效或已过期，请顾客刷新付款码后重试',
    'The payment code is not valid any more; ask the payer for a fresh one and try again',
  ],
  [
    ['TRADE_ERROR', 'BUYER_MISMATCH', 'NOTSUPORTCARD', 'ORDERREVERSED'],
    'invalid',
    'CHANNEL_ERROR',
    '支付失败，请更换支付方式后重试',
    'The payment failed; try again with other means',
  ],
  [['TRADE_OVERDUE'], 'invalid', 'INVALID_REQUEST', '订单太久，已不能退款', 'The order is too old to be refunded'],
  [['USER_ACCOUNT_ABNORMAL', 'ERROR'], 'invalid', 'CHANNEL_ERROR', '退款失败，请按提示人工处理', 'The refund failed; the message says why'],
  [
    ['INVALID_TRANSACTIONID', 'REVERSE_EXPIRE', 'INVALID_TRANSACTION', 'TRADE_STATE_ERROR'],
    'invalid',
    'CHANNEL_ERROR',
    '此单不能这样操作，请查询后再处理',
    'This cannot be done with the order; ask about it first',
  ],
]

const rejections: ReadonlyMap<string, Rejection> = new Map(
  rows.flatMap(([codes, refusal, code, zh, en]) => codes.map((name) => [plain(name), { refusal, code, hint: { zh, en } }] as const)),
)
const unclear = new Set(['SYSTEMERROR', 'BANKERROR', 'BIZERRNEEDRETRY'])

/**
 * A signed refusal in our words. `call` decides what a low balance means: the payer's for a payment, the merchant's for a refund.
 *
 * @returns unknown for what WeChat itself does not know, and for codes nobody has listed.
 */
export function rejectionOf(call: string, channelCode: string, channelMessage: string): ChannelFailure {
  const common = { channelCode, channelMessage, message: `WeChat Pay refused: ${channelCode} ${channelMessage}` }
  const name = plain(channelCode)
  if (name === 'NOTENOUGH') return { ...common, kind: 'refused', ...balance(call) }
  if (name === 'FREQUENCYLIMITED' || name === 'RATELIMITEXCEEDED' || name === 'INVALIDREQTOOMUCH')
    return {
      ...common,
      kind: 'refused',
      refusal: 'rateLimited',
      code: 'RATE_LIMITED',
      retryAfterMs: call.includes('refund') ? refundAgainMs : retryAfterMs,
    }
  const known = rejections.get(name)
  if (known && !unclear.has(name)) return { ...common, kind: 'refused', ...known }
  return {
    ...common,
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    hint: { zh: '结果未知，正在查询', en: 'The outcome is not known; it is being asked about' },
  }
}

function balance(call: string): Rejection {
  if (call.includes('refund'))
    return {
      refusal: 'notEnough',
      code: 'CHANNEL_ERROR',
      hint: {
        zh: '商户余额不足，充值后会用同一单号重试',
        en: 'The merchant’s balance is too low; it is tried again under the same number',
      },
    }
  return {
    refusal: 'invalid',
    code: 'CHANNEL_ERROR',
    hint: { zh: '顾客余额不足，请更换支付方式', en: 'The payer’s balance is too low; use other means' },
  }
}

function plain(code: string): string {
  return code.toUpperCase().replaceAll('_', '')
}
