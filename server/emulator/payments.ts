import type { Clock } from './clock.ts'
import { rfc3339 } from './clock.ts'
import { allApps, digits, type EmulatorCredentials, openidOf, people } from './credentials.ts'
import { ControlError, paramError, WechatError } from './errors.ts'
import { assertOnly, type Body, canonical, fen, notifyAddress, object, optionalText, text } from './field-rules.ts'
import type { Notifier } from './notifier.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { Payment, State, TradeType } from './state.ts'
import type { V2Notifier } from './v2/notifier.ts'

const minute = 60_000
const prepayLifeMs = 120 * minute
const h5LifeMs = 5 * minute
const orderLifeMs = 7 * 24 * 60 * minute

/** v3's paths and the trade types they make. */
export const prepayPaths: Readonly<Record<string, TradeType>> = {
  '/v3/pay/transactions/jsapi': 'JSAPI',
  '/v3/pay/transactions/native': 'NATIVE',
  '/v3/pay/transactions/h5': 'MWEB',
  '/v3/pay/transactions/app': 'APP',
}

const members = [
  'appid',
  'mchid',
  'description',
  'out_trade_no',
  'time_expire',
  'attach',
  'notify_url',
  'goods_tag',
  'support_fapiao',
  'limit_pay',
  'amount',
  'payer',
  'detail',
  'scene_info',
  'settle_info',
]

const partnerMembers = ['sp_appid', 'sp_mchid', 'sub_appid', 'sub_mchid']

/** Whether the merchant asks for himself, or a provider for one of his. */
type Whose = { readonly isPartner: boolean }
const direct: Whose = { isPartner: false }

export type Payments = ReturnType<typeof makePayments>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly origin: () => string
  readonly notifier: Notifier
  readonly v2Notifier: V2Notifier
}

/** Orders as WeChat Pay keeps them (fact sheet §2.2, §6, §7, §9). */
export function makePayments({ state, clock, runtime, credentials, origin, notifier, v2Notifier }: Parts) {
  const table = state.tables.payment
  const appOfOpenid = new Map<string, string>()
  return {
    prepay,
    place,
    read: readPrepay,
    query,
    queryById,
    close,
    pay,
    fail,
    typing,
    find,
    findByCode,
    wire,
    put: save,
    stateOf,
    assertOpenid,
    openidFor,
  }

  function prepay(tradeType: TradeType, body: Body, whose: Whose = direct): Record<string, string> {
    return place(readPrepay(tradeType, body, whose))
  }

  /** Takes an order, or takes it again, and gives a fresh credential for it. */
  function place(asked: Payment): Record<string, string> {
    const known = table.get(asked.outTradeNo)
    if (known) assertSameOrder(known, asked)
    const payment: Payment = {
      ...(known ?? asked),
      credential: {
        prepayId: `wx${rfc3339(clock.now()).replace(/\D/g, '').slice(0, 14)}${Buffer.from(runtime.randomBytes(10)).toString('hex')}`,
        madeAt: clock.now(),
      },
    }
    save(payment)
    return credentialOf(payment)
  }

  function assertSameOrder(known: Payment, asked: Payment): void {
    if (isPaid(known)) throw new WechatError(400, 'ORDERPAID', '该订单已支付')
    if (isClosed(known)) throw new WechatError(400, 'ORDER_CLOSED', '该订单已关闭')
    if (known.parameters === asked.parameters && known.tradeType === asked.tradeType) return
    if (known.tradeType !== asked.tradeType) throw new WechatError(403, 'OUT_TRADE_NO_USED', '商户订单号重复')
    throw new WechatError(400, 'INVALID_REQUEST', '请求重入时，参数与首次请求时不一致')
  }

  function credentialOf({ tradeType, credential: { prepayId } }: Payment): Record<string, string> {
    if (tradeType === 'NATIVE') return { code_url: `weixin://wxpay/bizpayurl?pr=${prepayId.slice(-12)}zz` }
    if (tradeType === 'MWEB') return { h5_url: `${origin()}/h5pay?prepay_id=${prepayId}` }
    return { prepay_id: prepayId }
  }

  function readPrepay(tradeType: TradeType, body: Body, whose: Whose): Payment {
    assertOnly(body, whose.isPartner ? [...members, ...partnerMembers] : members)
    const appid = text(body, whose.isPartner ? 'sp_appid' : 'appid', { max: 32 })
    assertMerchant(text(body, whose.isPartner ? 'sp_mchid' : 'mchid', { max: 32 }), appid)
    const partner = whose.isPartner ? partnerOf(body) : {}
    const amount = object(body, 'amount')
    assertOnly(amount, ['total', 'currency'], 'amount/')
    const currency = optionalText(amount, 'currency', { max: 16 }, 'amount/') ?? 'CNY'
    if (currency !== 'CNY') throw paramError('amount/currency', '货币类型不支持')
    return {
      ...partner,
      outTradeNo: text(body, 'out_trade_no', { min: 6, max: 32, pattern: /^[0-9A-Za-z_\-|*]+$/ }),
      tradeType,
      appid,
      description: text(body, 'description', { max: 127 }),
      attach: optionalText(body, 'attach', { max: 128 }),
      total: fen(amount, 'total', 'amount/'),
      currency,
      openid: tradeType === 'JSAPI' ? payerOf(body, appid, partner) : undefined,
      notifyUrl: notifyAddress(body, 'notify_url', true) ?? '',
      parameters: canonical({ ...body, ...checkedScene(tradeType, body) }),
      createdAt: clock.now(),
      expiresAt: expiryOf(body),
      credential: { prepayId: '', madeAt: 0 },
      state: 'NOTPAY',
    }
  }

  function assertMerchant(mchid: string, appid: string): void {
    const { mchid: ours, apps } = credentials()
    if (mchid !== ours) throw new WechatError(400, 'MCH_NOT_EXISTS', '商户号不存在')
    if (!apps.some((app) => app.appid === appid)) throw new WechatError(400, 'APPID_MCHID_NOT_MATCH', 'appid与mchid不匹配')
  }

  function partnerOf(body: Body): Pick<Payment, 'subMchid' | 'subAppid' | 'isSubOpenid'> {
    const { sub } = credentials()
    const subMchid = text(body, 'sub_mchid', { max: 32 })
    const subAppid = optionalText(body, 'sub_appid', { max: 32 })
    if (subMchid !== sub.mchid) throw new WechatError(400, 'MCH_NOT_EXISTS', '特约商户号与服务商无受理关系')
    if (subAppid !== undefined && !sub.apps.some((app) => app.appid === subAppid))
      throw new WechatError(400, 'APPID_MCHID_NOT_MATCH', 'sub_appid与sub_mchid不匹配')
    const payer = body.payer
    return { subMchid, subAppid, isSubOpenid: typeof payer === 'object' && payer !== null && 'sub_openid' in payer }
  }

  /** Named by the app it belongs to: the merchant's own, the provider's, or the provider's merchant's. */
  function payerOf(
    body: Body,
    appid: string,
    { subMchid, subAppid, isSubOpenid }: Pick<Payment, 'subMchid' | 'subAppid' | 'isSubOpenid'>,
  ): string {
    const name = subMchid === undefined ? 'openid' : isSubOpenid ? 'sub_openid' : 'sp_openid'
    const openid = text(object(body, 'payer'), name, { max: 128 }, 'payer/')
    return assertOpenid(openid, isSubOpenid ? (subAppid ?? '') : appid)
  }

  /** @throws WechatError for the openid of another app, or of nobody. */
  function assertOpenid(openid: string | undefined, appid: string): string {
    const owner = openid === undefined ? undefined : appOf(openid)
    if (openid !== undefined && owner === appid) return openid
    if (owner !== undefined) throw new WechatError(500, 'OPENID_MISMATCH', 'openid和appid不匹配')
    throw paramError('payer/openid', '无效的openid')
  }

  /** The app in which somebody has that openid. */
  function appOf(openid: string): string | undefined {
    const known = appOfOpenid.get(openid)
    if (known !== undefined) return known
    const everybody = new Set([...people, ...[...state.tables.code.values()].map((code) => code.person)])
    for (const { appid } of allApps(credentials()))
      for (const person of everybody) appOfOpenid.set(openidOf(credentials(), appid, person), appid)
    return appOfOpenid.get(openid)
  }

  function checkedScene(tradeType: TradeType, body: Body): object {
    if (tradeType !== 'MWEB') return {}
    const scene = object(body, 'scene_info')
    text(scene, 'payer_client_ip', { max: 45 }, 'scene_info/')
    const h5 = object(scene, 'h5_info')
    text(h5, 'type', { max: 32 }, 'scene_info/h5_info/')
    return {}
  }

  /** Earlier than a minute from now is raised to it; nothing given is seven days. */
  function expiryOf(body: Body): number {
    const given = optionalText(body, 'time_expire', { max: 64, pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ })
    if (given === undefined) return clock.now() + orderLifeMs
    return Math.max(Date.parse(given), clock.now() + minute)
  }

  function query(outTradeNo: string, mchid: string | undefined, subMchid?: string): Record<string, unknown> {
    if (mchid !== credentials().mchid) throw paramError('mchid', '商户号与签名不一致')
    const payment = table.get(outTradeNo)
    if (!payment || payment.subMchid !== subMchid) throw new WechatError(404, 'ORDER_NOT_EXIST', '订单不存在')
    return wire(payment)
  }

  function queryById(transactionId: string, mchid: string | undefined, subMchid?: string): Record<string, unknown> {
    const payment = [...table.values()].find((one) => one.transactionId === transactionId)
    if (!payment) throw new WechatError(404, 'ORDER_NOT_EXIST', '订单不存在')
    return query(payment.outTradeNo, mchid, subMchid)
  }

  function close(outTradeNo: string, body: Body): void {
    assertOnly(body, ['mchid', 'sp_mchid', 'sub_mchid'])
    if (text(body, 'sp_mchid' in body ? 'sp_mchid' : 'mchid', { max: 32 }) !== credentials().mchid)
      throw paramError('mchid', '商户号与签名不一致')
    const payment = table.get(outTradeNo)
    if (!payment) throw new WechatError(404, 'ORDER_NOT_EXIST', '订单不存在')
    if (isPaid(payment)) throw new WechatError(400, 'ORDERPAID', '该订单已支付')
    if (payment.state === 'USERPAYING') throw new WechatError(202, 'USER_PAYING', '用户支付中，需要输入密码')
    save({ ...payment, state: 'CLOSED' })
  }

  /** The payer pays. `force` pays what can no longer be paid, as happens when a close and a payment cross. */
  async function pay(
    outTradeNo: string,
    { openid, force = false, notify = true }: { openid?: string | undefined; force?: boolean; notify?: boolean } = {},
  ): Promise<Payment> {
    const payment = find(outTradeNo)
    if (isPaid(payment)) throw new ControlError(409, `${outTradeNo} is paid already`)
    if (!force) assertPayable(payment)
    const paidBy = openid ?? payment.openid ?? openidFor(payment.appid)
    const paid: Payment = { ...payment, state: 'SUCCESS', transactionId: `42000${digits(runtime, 23)}`, paidBy, paidAt: clock.now() }
    save(paid)
    if (notify) await tell(paid)
    return paid
  }

  /** Payments by code are told to nobody. */
  async function tell(paid: Payment): Promise<void> {
    const { outTradeNo, notifyUrl, version, tradeType } = paid
    if (tradeType === 'MICROPAY') return
    if (version === 'v2') await v2Notifier.paid(paid)
    else await notifier.send({ event: 'TRANSACTION.SUCCESS', url: notifyUrl, outTradeNo, resource: wire(paid) })
  }

  function openidFor(appid: string, person: string = people[0]): string {
    return openidOf(credentials(), appid, person)
  }

  function assertPayable(payment: Payment): void {
    const { outTradeNo, credential, tradeType } = payment
    if (isClosed(payment)) throw new ControlError(409, `${outTradeNo} is closed`)
    if (clock.now() > payment.expiresAt) throw new ControlError(409, `${outTradeNo} expired at ${rfc3339(payment.expiresAt)}`)
    const lifeMs = tradeType === 'MWEB' ? h5LifeMs : prepayLifeMs
    if (tradeType !== 'MICROPAY' && clock.now() > credential.madeAt + lifeMs)
      throw new ControlError(409, `the code of ${outTradeNo} has expired; the merchant has to ask for a new one`)
  }

  /** The payer gives up with an error on the screen: the order can still be paid. */
  function fail(outTradeNo: string): Payment {
    return unpaid(outTradeNo, 'NOTPAY')
  }

  function typing(outTradeNo: string): Payment {
    return unpaid(outTradeNo, 'USERPAYING')
  }

  function unpaid(outTradeNo: string, to: 'NOTPAY' | 'USERPAYING'): Payment {
    const payment = find(outTradeNo)
    if (isPaid(payment) || isClosed(payment)) throw new ControlError(409, `${outTradeNo} is ${payment.state}`)
    const changed: Payment = { ...payment, state: to }
    save(changed)
    return changed
  }

  function find(outTradeNo: string): Payment {
    const payment = table.get(outTradeNo)
    if (!payment) throw new ControlError(404, `no merchant asked for ${outTradeNo}`)
    return payment
  }

  /** The payment behind whatever a phone was shown: a QR code's text, an H5 address, a prepay id, an order number. */
  function findByCode(code: string): Payment {
    const trimmed = code.trim()
    const [, native] = /bizpayurl\?pr=([\w]+)zz$/.exec(trimmed) ?? []
    const [, prepay = trimmed] = /prepay_id=(\w+)/.exec(trimmed) ?? []
    const found = [...table.values()].find(
      (one) =>
        one.outTradeNo === trimmed ||
        one.credential.prepayId === prepay ||
        (native !== undefined && one.credential.prepayId.endsWith(native)),
    )
    if (!found) throw new ControlError(404, 'this code is not known, or a newer one took its place')
    return found
  }

  /** An order as answers and notifications show it. */
  function wire(payment: Payment): Record<string, unknown> {
    const { mchid } = credentials()
    const { outTradeNo, appid, tradeType, attach, total, currency, transactionId, paidBy, paidAt, subMchid, subAppid, isSubOpenid } =
      payment
    const current = stateOf(payment)
    const whose =
      subMchid === undefined
        ? { mchid, appid }
        : { sp_mchid: mchid, sub_mchid: subMchid, sp_appid: appid, ...(subAppid === undefined ? {} : { sub_appid: subAppid }) }
    const openid = subMchid === undefined ? 'openid' : isSubOpenid ? 'sub_openid' : 'sp_openid'
    const base = {
      ...whose,
      out_trade_no: outTradeNo,
      trade_state: current,
      trade_state_desc: tradeWords[current],
      amount: { total, currency },
    }
    if (transactionId === undefined || paidAt === undefined) return base
    return {
      ...base,
      transaction_id: transactionId,
      trade_type: tradeType,
      bank_type: 'OTHERS',
      ...(attach === undefined ? {} : { attach }),
      success_time: rfc3339(paidAt),
      payer: { [openid]: paidBy },
      amount: { total, payer_total: total, currency, payer_currency: currency },
    }
  }

  function stateOf(payment: Payment): Payment['state'] {
    return isClosed(payment) && payment.state !== 'REVOKED' ? 'CLOSED' : payment.state
  }

  function isClosed(payment: Payment): boolean {
    return payment.state === 'CLOSED' || payment.state === 'REVOKED' || (!isPaid(payment) && clock.now() > payment.createdAt + orderLifeMs)
  }

  function save(payment: Payment): void {
    state.put('payment', payment.outTradeNo, payment)
  }
}

export function isPaid({ state }: Payment): boolean {
  return state === 'SUCCESS' || state === 'REFUND'
}

export const tradeWords: Record<Payment['state'], string> = {
  NOTPAY: '订单未支付',
  USERPAYING: '需要用户输入支付密码',
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  CLOSED: '订单已关闭',
  REVOKED: '订单已撤销',
  PAYERROR: '支付失败',
}
