import { type AppId, asAppId, asOpenId, asTransactionId, type OpenId, type TransactionId } from '../../../../shared/kernel/ids.ts'
import { type Instant, parseInstant } from '../../../../shared/kernel/time.ts'

/**
 * The shapes of v3 by their upstream names, read from what is `unknown` until then. A member that is missing or of another type makes
 * the whole unreadable (undefined); members nobody knows are left alone; a number may come as text.
 */
export type WireTrade = {
  readonly outTradeNo: string
  /** In service-provider mode the provider's merchant; the provider stands beside. */
  readonly mchid: string
  readonly spMchid?: string | undefined
  /** In service-provider mode the provider's; his merchant's stands beside. */
  readonly appId: AppId
  readonly subAppId?: AppId | undefined
  readonly tradeState: string
  readonly transactionId?: TransactionId | undefined
  readonly total?: number | undefined
  readonly currency?: string | undefined
  readonly openId?: OpenId | undefined
  readonly successTime?: Instant | undefined
}

export function readTrade(value: unknown): WireTrade | undefined {
  const trade = asObject(value)
  const [outTradeNo, mchid, appId, subAppId, tradeState] = [
    text(trade, 'out_trade_no'),
    text(trade, 'mchid') ?? text(trade, 'sub_mchid'),
    text(trade, 'appid') ?? text(trade, 'sp_appid'),
    text(trade, 'sub_appid'),
    text(trade, 'trade_state'),
  ]
  if (!outTradeNo || !mchid || !appId || !tradeState) return undefined
  const amount = asObject(trade?.amount)
  const transactionId = text(trade, 'transaction_id')
  const payer = asObject(trade?.payer)
  const openId = text(payer, 'openid') ?? text(payer, 'sub_openid') ?? text(payer, 'sp_openid')
  return {
    outTradeNo,
    mchid,
    spMchid: text(trade, 'sp_mchid'),
    appId: asAppId(appId),
    subAppId: subAppId === undefined ? undefined : asAppId(subAppId),
    tradeState,
    transactionId: transactionId === undefined ? undefined : asTransactionId(transactionId),
    total: fen(amount, 'total'),
    currency: text(amount, 'currency'),
    openId: openId === undefined ? undefined : asOpenId(openId),
    successTime: instant(trade, 'success_time'),
  }
}

export type WireRefund = {
  readonly outRefundNo: string
  readonly outTradeNo: string
  readonly status: string
  readonly refundId?: string | undefined
  readonly transactionId?: TransactionId | undefined
  readonly mchid?: string | undefined
  readonly spMchid?: string | undefined
  readonly refund?: number | undefined
  readonly total?: number | undefined
  readonly currency?: string | undefined
  readonly successTime?: Instant | undefined
}

/** The state member is `status` in answers and `refund_status` in notifications. */
export function readRefund(value: unknown): WireRefund | undefined {
  const refund = asObject(value)
  const [outRefundNo, outTradeNo, status] = [
    text(refund, 'out_refund_no'),
    text(refund, 'out_trade_no'),
    text(refund, 'status') ?? text(refund, 'refund_status'),
  ]
  if (!outRefundNo || !outTradeNo || !status) return undefined
  const amount = asObject(refund?.amount)
  const transactionId = text(refund, 'transaction_id')
  return {
    outRefundNo,
    outTradeNo,
    status,
    refundId: text(refund, 'refund_id'),
    transactionId: transactionId === undefined ? undefined : asTransactionId(transactionId),
    mchid: text(refund, 'mchid') ?? text(refund, 'sub_mchid'),
    spMchid: text(refund, 'sp_mchid'),
    refund: fen(amount, 'refund'),
    total: fen(amount, 'total'),
    currency: text(amount, 'currency'),
    successTime: instant(refund, 'success_time'),
  }
}

export type WireNotification = {
  readonly id: string
  readonly eventType: string
  readonly originalType: string | undefined
  readonly algorithm: string
  readonly ciphertext: string
  readonly nonce: string
  readonly associatedData: string
}

export function readNotification(value: unknown): WireNotification | undefined {
  const notification = asObject(value)
  const resource = asObject(notification?.resource)
  const [id, eventType, algorithm, ciphertext, nonce] = [
    text(notification, 'id'),
    text(notification, 'event_type'),
    text(resource, 'algorithm'),
    text(resource, 'ciphertext'),
    text(resource, 'nonce'),
  ]
  if (!id || !eventType || !algorithm || !ciphertext || nonce === undefined) return undefined
  return {
    id: id.slice(0, 64),
    eventType,
    originalType: text(resource, 'original_type'),
    algorithm,
    ciphertext,
    nonce,
    associatedData: text(resource, 'associated_data') ?? '',
  }
}

export type SealedCertificate = { readonly nonce: string; readonly associatedData: string; readonly ciphertext: string }

export function readCertificates(value: unknown): SealedCertificate[] | undefined {
  const list = asObject(value)?.data
  if (!Array.isArray(list)) return undefined
  const sealed = list
    .map((one) => asObject(asObject(one)?.encrypt_certificate))
    .map((one) => ({ nonce: text(one, 'nonce'), ciphertext: text(one, 'ciphertext'), associatedData: text(one, 'associated_data') ?? '' }))
  return sealed.flatMap(({ nonce, ciphertext, associatedData }) => (nonce && ciphertext ? [{ nonce, ciphertext, associatedData }] : []))
}

export type WireError = { readonly code: string; readonly message: string }

export function readError(value: unknown): WireError | undefined {
  const error = asObject(value)
  const code = text(error, 'code')
  return code === undefined ? undefined : { code: code.slice(0, 64), message: (text(error, 'message') ?? '').slice(0, 256) }
}

export function textMember(value: unknown, name: string): string | undefined {
  return text(asObject(value), name)
}

type Plain = { readonly [name: string]: unknown }

function asObject(value: unknown): Plain | undefined {
  return isPlain(value) ? value : undefined
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(object: Plain | undefined, name: string): string | undefined {
  const value = object?.[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A whole, non-negative figure; anything else is not there. */
function fen(object: Plain | undefined, name: string): number | undefined {
  const value = object?.[name]
  const figure = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof figure === 'number' && Number.isSafeInteger(figure) && figure >= 0 ? figure : undefined
}

function instant(object: Plain | undefined, name: string): Instant | undefined {
  const value = text(object, name)
  return value === undefined ? undefined : parseInstant(value)
}
