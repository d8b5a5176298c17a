import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { billTime } from '../clock.ts'
import type { EmulatorCredentials } from '../credentials.ts'
import type { Faults, NotifyFault } from '../faults.ts'
import { notifyLadder } from '../notifier.ts'
import type { EmulatorRuntime } from '../runtime.ts'
import type { Notification, Payment, Refund, State } from '../state.ts'
import { type Letter, makeTeller } from '../teller.ts'
import { sealReqInfo, signV2 } from './signing.ts'
import { writeXml } from './xml.ts'

export type V2Notifier = ReturnType<typeof makeV2Notifier>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly faults: Faults
}
type Resource = Readonly<Record<string, string | undefined>>

/** How v2 tells: XML, a payment's signed with the order's own way of signing, a refund's sealed and not signed (v2 fact sheet §4). */
export function makeV2Notifier({ state, clock, runtime, credentials, faults }: Parts) {
  const teller = makeTeller(
    { state, clock, runtime, faults },
    {
      channel: 'wechat-v2',
      ladder: notifyLadder,
      newId: () => `v2-${hex(16)}`,
      isTaken: (status, body) => status === 200 && /<return_code>\s*(<!\[CDATA\[)?SUCCESS/.test(body),
      letter,
      spoil: spoiled,
    },
  )
  return { ...teller, paid, refunded }

  function paid(payment: Payment): Promise<void> {
    const { outTradeNo, notifyUrl, signType = 'MD5' } = payment
    return teller.send({
      event: 'PAY',
      url: notifyUrl,
      outTradeNo,
      resource: { ...tradeMembers(payment, credentials()), sign_type: signType },
    })
  }

  function refunded(refund: Refund, payment: Payment): Promise<void> {
    const { outTradeNo, outRefundNo, transactionId, refundId, total, refund: amount, state: status, endedAt, notifyUrl } = refund
    const resource = {
      transaction_id: transactionId,
      out_trade_no: outTradeNo,
      refund_id: refundId,
      out_refund_no: outRefundNo,
      total_fee: String(total),
      refund_fee: String(amount),
      settlement_refund_fee: String(amount),
      refund_status: statusOf(status),
      success_time: status === 'SUCCESS' && endedAt !== undefined ? billTime(endedAt) : undefined,
      refund_recv_accout: '支付用户零钱',
      refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
      refund_request_source: 'API',
      appid: payment.appid,
      sub_mch_id: payment.subMchid,
    }
    return teller.send({ event: 'REFUND', url: notifyUrl, outTradeNo, outRefundNo, resource })
  }

  function letter({ event, resource }: Notification, fault: NotifyFault | undefined): Letter {
    const said: Resource = JSON.parse(resource)
    const members = event === 'REFUND' ? refundEnvelope(said, fault) : paymentMembers(said, fault)
    const body = Buffer.from(writeXml(members))
    return {
      headers: { 'Content-Type': 'text/xml', 'User-Agent': 'Mozilla/4.0' },
      body: fault === 'truncate_notify' ? body.subarray(0, body.length - 20) : body,
    }
  }

  function paymentMembers(said: Resource, fault: NotifyFault | undefined): Resource {
    const { sign_type: signType = 'MD5', ...rest } = said
    // Real notifications say nothing of how they are signed.
    const members = { return_code: 'SUCCESS', result_code: 'SUCCESS', ...rest, nonce_str: hex(16) }
    const sign = signV2(members, credentials().apiKey, signType)
    const isForged = fault === 'forge_notify' || fault === 'probe_notify' || fault === 'undecryptable_notify'
    return { ...members, sign: isForged ? [...sign].reverse().join('') : sign }
  }

  function refundEnvelope({ appid, sub_mch_id: subMchid, ...said }: Resource, fault: NotifyFault | undefined): Resource {
    const isForged = fault === 'forge_notify' || fault === 'undecryptable_notify'
    const key = isForged ? createHash('md5').update('another').digest('hex') : credentials().apiKey
    return {
      return_code: 'SUCCESS',
      appid,
      mch_id: credentials().mchid,
      sub_mch_id: subMchid,
      nonce_str: hex(16),
      req_info: sealReqInfo(writeXml(said, 'root'), key),
    }
  }

  function spoiled(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown> {
    if (fault === 'wrong_amount') return { ...resource, total_fee: String(Number(resource.total_fee ?? 0) - 1 || 1_000_001) }
    if (fault === 'wrong_currency') return { ...resource, fee_type: 'HKD' }
    if (fault === 'wrong_app') return { ...resource, appid: 'wx00000000000000ff' }
    if (fault === 'wrong_merchant') return { ...resource, mch_id: '1600000000' }
    if (fault === 'unknown_order') return { ...resource, out_trade_no: `U${hex(8)}` }
    return resource
  }

  function hex(bytes: number): string {
    return Buffer.from(runtime.randomBytes(bytes)).toString('hex')
  }
}

export function statusOf(state: Refund['state']): string {
  if (state === 'ABNORMAL') return 'CHANGE'
  return state === 'CLOSED' ? 'REFUNDCLOSE' : state
}

/** A payment as query answers and notifications show it. */
export function tradeMembers(payment: Payment, { mchid }: EmulatorCredentials): Record<string, string | undefined> {
  const { appid, subMchid, subAppid, isSubOpenid, paidBy, tradeType, total, transactionId, outTradeNo, attach, paidAt, currency } = payment
  return {
    appid,
    mch_id: mchid,
    sub_mch_id: subMchid,
    sub_appid: subAppid,
    openid: isSubOpenid ? undefined : paidBy,
    sub_openid: isSubOpenid ? paidBy : undefined,
    is_subscribe: 'N',
    trade_type: tradeType,
    bank_type: 'OTHERS',
    total_fee: String(total),
    fee_type: currency,
    cash_fee: String(total),
    transaction_id: transactionId,
    out_trade_no: outTradeNo,
    attach,
    time_end: paidAt === undefined ? undefined : billTime(paidAt).replace(/\D/g, ''),
  }
}
