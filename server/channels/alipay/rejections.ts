import type { ErrorCode, Words } from '../../../shared/kernel/codes.ts'
import type { ChannelFailure, Refusal } from '../failure.ts'

type Said = { readonly refusal: Refusal; readonly code: ErrorCode; readonly hint: Words }
type Row = readonly [codes: string, refusal: Refusal, code: ErrorCode, zh: string, en: string]

/** Business refusals (40004) by sub_code, without their `ACQ.` (fact sheet §12); a `*` at the end stands for anything. */
const rows: readonly Row[] = [
  [
    'INVALID_PARAMETER EXIST_FORBIDDEN_WORD TOTAL_FEE_EXCEED NOW_TIME_AFTER_EXPIRE_TIME_ERROR RISK_MERCHANT_IP_NOT_EXIST',
    'invalid',
    'PARAM_ERROR',
    '请求参数有误，渠道返回的信息（channelMessage）指明了是哪一个',
    'A parameter is wrong; the channel’s message (channelMessage) names it',
  ],
  [
    'ACCESS_FORBIDDEN PARTNER_ERROR BEYOND_PAY_RESTRICTION BEYOND_PER_RECEIPT_* MERCHANT_PERM_RECEIPT_* PRODUCT_AMOUNT_LIMIT_ERROR SELLER_BEEN_BLOCKED SELLER_NOT_EXIST MERCHANT_STATUS_NOT_NORMAL MERCHANT_AGREEMENT_* INVALID_RECEIVE_ACCOUNT INVALID_STORE_ID SUB_MERCHANT_* SECONDARY_MERCHANT_* PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID',
    'configuration',
    'CHANNEL_ERROR',
    '商户没有此产品权限或已受限，请检查签约与配置',
    'The merchant has no permission for this product, or is limited; check the contract and the configuration',
  ],
  [
    'PAYMENT_AUTH_CODE_INVALID',
    'invalid',
    'CHANNEL_ERROR',
    '付款码无效或已过期，请顾客刷新付款码后重试',
    'The payment code is not valid any more; ask the payer for a fresh one and try again',
  ],
  [
    'CONTEXT_INCONSISTENT TRADE_BUYER_NOT_MATCH PAYER_UNMATCHED DISCORDANT_REPEAT_REQUEST',
    'numberUsed',
    'CHANNEL_ERROR',
    '商户单号重复：另一个数据库使用了同一应用，请调高编号或更换前缀',
    'The number was used before with other content: another database uses these credentials; raise the next number or change the prefix',
  ],
  ['TRADE_HAS_SUCCESS', 'orderPaid', 'ORDERPAID', '订单已支付', 'The order is paid already'],
  ['TRADE_HAS_CLOSE', 'orderClosed', 'ORDERCLOSED', '订单已关闭，请重新下单', 'The order is closed; make a new one'],
  ['TRADE_NOT_EXIST', 'notFound', 'NOT_FOUND', '支付宝没有此交易', 'Alipay does not know this trade'],
  [
    'BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH ERROR_BALANCE_PAYMENT_DISABLE NO_PAYMENT_INSTRUMENTS_AVAILABLE BUYER_SELLER_EQUAL BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST NOT_CERTIFIED_USER ERROR_BUYER_CERTIFY_LEVEL_LIMIT BUYER_PAYMENT_AMOUNT_* PULL_MOBILE_CASHIER_FAIL PAYMENT_FAIL MOBILE_PAYMENT_SWITCH_OFF USER_FACE_PAYMENT_SWITCH_OFF',
    'invalid',
    'CHANNEL_ERROR',
    '支付未成功，请更换支付方式后重试',
    'The payment did not succeed; try again with other means',
  ],
  [
    'PAYMENT_REQUEST_HAS_RISK',
    'invalid',
    'CHANNEL_ERROR',
    '交易有风险，请更换支付方式',
    'The payment was refused as risky; use other means',
  ],
  [
    'SELLER_BALANCE_NOT_ENOUGH',
    'notEnough',
    'CHANNEL_ERROR',
    '商户余额不足，充值后会用同一单号重试',
    'The merchant’s balance is too low; it is tried again under the same number',
  ],
  [
    'TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID',
    'orderPaid',
    'CHANNEL_ERROR',
    '交易状态不允许此操作，请查询',
    'The trade’s state does not allow it; it is being asked about',
  ],
  [
    'TRADE_HAS_FINISHED',
    'orderPaid',
    'CHANNEL_ERROR',
    '交易已完结，不能退款或关闭',
    'The trade is finished; it can neither be refunded nor closed',
  ],
  [
    'CANCEL_NOT_ALLOWED TRADE_CANCEL_TIME_OUT REASON_TRADE_BEEN_FREEZEN REASON_TRADE_REFUND_FEE_ERR REFUND_FEE_ERROR REFUND_AMT_NOT_EQUAL_TOTAL NOT_ALLOW_PARTIAL_REFUND TRADE_NOT_ALLOW_REFUND ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND BUYER_ERROR CUSTOMER_VALIDATE_ERROR REFUND_ACCOUNT_NOT_EXIST',
    'invalid',
    'INVALID_REQUEST',
    '支付宝拒绝了此操作，请按提示处理',
    'Alipay refused it; the message says why',
  ],
]

const table: ReadonlyArray<readonly [string, Said]> = rows.flatMap(([codes, refusal, code, zh, en]) =>
  codes.split(' ').map((name) => [name, { refusal, code, hint: { zh, en } }] as const),
)

export type Refused = { readonly code: string; readonly subCode: string; readonly words: string }

/** A signed answer that is no success, in our words. What Alipay itself does not know, or nobody has listed, is unknown. */
export function rejectionOf({ code, subCode, words }: Refused): ChannelFailure {
  const common = { channelCode: subCode || code, channelMessage: words, message: `Alipay answered ${code} ${subCode} ${words}` }
  if (code === '40005') return { ...common, kind: 'refused', refusal: 'rateLimited', code: 'RATE_LIMITED', retryAfterMs: 2000 }
  if (code === '40004') {
    const known = saidOf(subCode)
    if (known) return { ...common, kind: 'refused', ...known }
  }
  if (code === '40006' || code === '40003' || code === '20001')
    return {
      ...common,
      kind: 'refused',
      refusal: 'configuration',
      code: 'CHANNEL_ERROR',
      hint: {
        zh: '应用权限、状态或授权有误，请检查开放平台配置',
        en: 'The app lacks a permission, is in the wrong state, or its authorisation ended; check it on the open platform',
      },
    }
  if (code === '40001' || code === '40002') return { ...common, kind: 'refused', ...badCall(subCode) }
  return {
    ...common,
    kind: 'unknown',
    code: 'CHANNEL_ERROR',
    hint: { zh: '结果未知，正在查询', en: 'The outcome is not known; it is being asked about' },
  }
}

function saidOf(subCode: string): Said | undefined {
  const name = subCode.replace(/^A[CQ]{2}\./, '')
  return table.find(([known]) => known === name || (known.endsWith('*') && name.startsWith(known.slice(0, -1))))?.[1]
}

/** The caller was not accepted, or a member is wrong. */
function badCall(subCode: string): Said {
  if (/signature|app-id|timestamp|app-cert|signature-config/.test(subCode))
    return {
      refusal: 'caller',
      code: 'CHANNEL_ERROR',
      hint: {
        zh: '签名或应用被拒绝：请检查 ALIPAY_APP_ID、ALIPAY_PRIVATE_KEY 与服务器时间',
        en: 'The signature or the app was refused: check ALIPAY_APP_ID, ALIPAY_PRIVATE_KEY and the clock',
      },
    }
  if (/code-invalid/.test(subCode))
    return {
      refusal: 'invalid',
      code: 'UNAUTHORIZED',
      hint: { zh: '授权码无效或已使用，请重新登录', en: 'The login code is not valid or was used; log in again' },
    }
  return {
    refusal: 'invalid',
    code: 'PARAM_ERROR',
    hint: {
      zh: '请求参数有误，渠道返回的信息（channelMessage）指明了是哪一个',
      en: 'A parameter is wrong; the channel’s message (channelMessage) names it',
    },
  }
}
