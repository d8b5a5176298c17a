import { type Clock, rfc3339 } from './clock.ts'
import { digits, type EmulatorCredentials } from './credentials.ts'
import { ControlError, paramError, WechatError } from './errors.ts'
import { assertOnly, type Body, canonical, fen, notifyAddress, object, optionalText, text } from './field-rules.ts'
import type { Notifier } from './notifier.ts'
import { isPaid } from './payments.ts'
import type { EmulatorRuntime } from './runtime.ts'
import { openSensitive } from './signatures.ts'
import type { Payment, Refund, RefundState, State } from './state.ts'
import type { V2Notifier } from './v2/notifier.ts'

const maxRefunds = 50
const refundableMs = 365 * 24 * 60 * 60 * 1000
/** Real refunds take seconds to days; a newcomer should see one end. */
const processingMs = 1000
const members = [
  'transaction_id',
  'out_trade_no',
  'out_refund_no',
  'reason',
  'notify_url',
  'funds_account',
  'amount',
  'goods_detail',
  'sub_mchid',
]

export type Refunds = ReturnType<typeof makeRefunds>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly notifier: Notifier
  readonly v2Notifier: V2Notifier
}

/** Refunds as WeChat Pay keeps them (fact sheet §8). */
export function makeRefunds({ state, clock, runtime, credentials, notifier, v2Notifier }: Parts) {
  const { refund: table } = state.tables
  return { request, query, outside, repair, resume }

  function request(body: Body, becomes: Refund['becomes'] = 'SUCCESS', version?: 'v2'): Record<string, unknown> {
    assertOnly(body, members)
    const outRefundNo = text(body, 'out_refund_no', { max: 64, pattern: /^[0-9A-Za-z_\-|*@]+$/ })
    const known = table.get(outRefundNo)
    if (known && known.parameters === canonical(body)) return wire(known)
    if (known) throw new WechatError(400, 'INVALID_REQUEST', '商户退款单号重复，且请求参数与首次不一致')
    const payment = paymentOf(body)
    const amount = object(body, 'amount')
    assertOnly(amount, ['refund', 'total', 'currency', 'from'], 'amount/')
    if (text(amount, 'currency', { max: 16 }, 'amount/') !== payment.currency) throw paramError('amount/currency', '退款币种与原订单不一致')
    const total = fen(amount, 'total', 'amount/')
    const refund = fen(amount, 'refund', 'amount/')
    if (total !== payment.total) throw new WechatError(400, 'INVALID_REQUEST', '订单金额与原订单不一致')
    assertRefundable(payment, refund)
    const asked = {
      reason: optionalText(body, 'reason', { max: 80 }),
      notifyUrl: notifyAddress(body, 'notify_url', false) ?? payment.notifyUrl,
      parameters: canonical(body),
      version,
    }
    return wire(make(payment, { outRefundNo, refund, becomes, ...asked }))
  }

  function assertRefundable(payment: Payment, amount: number): void {
    const others = refundsOf(payment).filter((one) => one.state !== 'CLOSED')
    const taken = others.reduce((sum, one) => sum + one.refund, 0)
    if (others.length >= maxRefunds) throw new WechatError(400, 'INVALID_REQUEST', '退款次数超过50次')
    if (taken + amount > payment.total) throw new WechatError(400, 'INVALID_REQUEST', '退款金额大于可退金额')
    if (clock.now() > (payment.paidAt ?? 0) + refundableMs) throw new WechatError(400, 'INVALID_REQUEST', '订单已超过可退款的最大期限')
  }

  function paymentOf(body: Body): Payment {
    const outTradeNo = optionalText(body, 'out_trade_no', { min: 6, max: 32 })
    const transactionId = optionalText(body, 'transaction_id', { max: 32 })
    if (outTradeNo === undefined && transactionId === undefined) throw paramError('out_trade_no', '与transaction_id二选一必填')
    const found = [...state.tables.payment.values()].find((one) =>
      transactionId === undefined ? one.outTradeNo === outTradeNo : one.transactionId === transactionId,
    )
    if (!found || !isPaid(found)) throw new WechatError(404, 'RESOURCE_NOT_EXISTS', '订单不存在或未支付')
    return found
  }

  type New = Pick<Refund, 'outRefundNo' | 'refund' | 'reason' | 'notifyUrl' | 'parameters' | 'becomes' | 'version'>

  function make(payment: Payment, given: New): Refund {
    const { outTradeNo, transactionId = '', total } = payment
    const refund: Refund = {
      ...given,
      refundId: `503${digits(runtime, 25)}`,
      outTradeNo,
      transactionId,
      total,
      state: 'PROCESSING',
      createdAt: clock.now(),
    }
    state.put('refund', refund.outRefundNo, refund)
    state.put('payment', outTradeNo, { ...payment, state: 'REFUND' })
    clock.after(processingMs, () => end(refund.outRefundNo))
    return refund
  }

  async function end(outRefundNo: string): Promise<void> {
    const refund = table.get(outRefundNo)
    if (refund?.state !== 'PROCESSING') return
    await finish(refund, refund.becomes)
  }

  async function finish(refund: Refund, to: Exclude<RefundState, 'PROCESSING'>): Promise<void> {
    const ended: Refund = { ...refund, state: to, endedAt: clock.now() }
    state.put('refund', refund.outRefundNo, ended)
    const { outTradeNo, outRefundNo, refundId, transactionId, total, refund: amount } = ended
    const resource = {
      ...(state.tables.payment.get(outTradeNo)?.subMchid === undefined
        ? { mchid: credentials().mchid }
        : { sp_mchid: credentials().mchid, sub_mchid: state.tables.payment.get(outTradeNo)?.subMchid }),
      out_trade_no: outTradeNo,
      transaction_id: transactionId,
      out_refund_no: outRefundNo,
      refund_id: refundId,
      refund_status: to,
      ...(to === 'SUCCESS' ? { success_time: rfc3339(clock.now()) } : {}),
      user_received_account: '支付用户零钱',
      amount: { total, refund: amount, payer_total: total, payer_refund: amount },
    }
    const payment = state.tables.payment.get(outTradeNo)
    if (payment?.state === 'REVOKED') return
    if (payment && (ended.version ?? payment.version) === 'v2') return v2Notifier.refunded(ended, payment)
    await notifier.send({ event: `REFUND.${to}`, url: ended.notifyUrl, outTradeNo, outRefundNo, resource })
  }

  function query(outRefundNo: string): Record<string, unknown> {
    const refund = table.get(outRefundNo)
    if (!refund) throw new WechatError(404, 'RESOURCE_NOT_EXISTS', '退款单不存在')
    return wire(refund)
  }

  /** Somebody refunds in the merchant platform's own console. */
  function outside(payment: Payment, amount = payment.total): Refund {
    if (!isPaid(payment)) throw new ControlError(409, `${payment.outTradeNo} is not paid`)
    assertRefundable(payment, amount)
    return make(payment, {
      outRefundNo: `console${digits(runtime, 20)}`,
      refund: amount,
      reason: '商户平台退款',
      notifyUrl: payment.notifyUrl,
      parameters: '',
      becomes: 'SUCCESS',
    })
  }

  /** An abnormal refund goes to another card (apply-abnormal-refund). */
  function repair(refundId: string, body: Body): Record<string, unknown> {
    assertOnly(body, ['out_refund_no', 'type', 'bank_type', 'bank_account', 'real_name', 'sub_mchid'])
    const refund = table.get(text(body, 'out_refund_no', { max: 64 }))
    if (refund?.refundId !== refundId) throw new WechatError(404, 'RESOURCE_NOT_EXISTS', '退款单不存在')
    if (refund.state !== 'ABNORMAL') throw new WechatError(400, 'INVALID_REQUEST', '退款单状态不是退款异常')
    const type = text(body, 'type', { max: 32, pattern: /^(USER|MERCHANT)_BANK_CARD$/ })
    if (type === 'USER_BANK_CARD') assertSealed(body)
    const again: Refund = { ...refund, state: 'PROCESSING', becomes: 'SUCCESS' }
    state.put('refund', refund.outRefundNo, again)
    clock.after(processingMs, () => end(refund.outRefundNo))
    return wire(again)
  }

  function assertSealed(body: Body): void {
    const keys = [credentials().publicKey.privateKey, ...credentials().certificates.map((one) => one.privateKey)]
    for (const name of ['bank_account', 'real_name']) {
      const sealed = text(body, name, { max: 1024 })
      if (!keys.some((key) => openSensitive(key, sealed) !== undefined)) throw paramError(name, '敏感信息解密失败')
    }
  }

  /** Refunds that were on their way when the process ended go on. */
  function resume(): void {
    for (const refund of table.values()) if (refund.state === 'PROCESSING') clock.after(processingMs, () => end(refund.outRefundNo))
  }

  function refundsOf(payment: Payment): Refund[] {
    return [...table.values()].filter((one) => one.outTradeNo === payment.outTradeNo)
  }

  function wire(refund: Refund): Record<string, unknown> {
    const { refundId, outRefundNo, transactionId, outTradeNo, state: status, createdAt, endedAt, total, refund: amount } = refund
    return {
      refund_id: refundId,
      out_refund_no: outRefundNo,
      transaction_id: transactionId,
      out_trade_no: outTradeNo,
      channel: 'ORIGINAL',
      user_received_account: '支付用户零钱',
      ...(status === 'SUCCESS' && endedAt !== undefined ? { success_time: rfc3339(endedAt) } : {}),
      create_time: rfc3339(createdAt),
      status,
      funds_account: 'UNSETTLED',
      amount: {
        total,
        refund: amount,
        payer_total: total,
        payer_refund: amount,
        settlement_refund: amount,
        settlement_total: total,
        discount_refund: 0,
        currency: 'CNY',
      },
    }
  }
}
