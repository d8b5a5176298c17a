import type { Bills } from '../bills.ts'
import { billTime, type Clock } from '../clock.ts'
import type { EmulatorCredentials } from '../credentials.ts'
import { WechatError } from '../errors.ts'
import { answer, type Exchange } from '../exchange.ts'
import { type CallFault, callFaults, type Faults } from '../faults.ts'
import { type Payments, tradeWords } from '../payments.ts'
import type { Refunds } from '../refunds.ts'
import type { EmulatorRuntime } from '../runtime.ts'
import { spoil } from '../spoil.ts'
import type { Payment, State, TradeType } from '../state.ts'
import type { Codes } from './codes.ts'
import { codeOf, faultCode } from './errors.ts'
import { statusOf, tradeMembers } from './notifier.ts'
import { signV2 } from './signing.ts'
import { type Members, readXml, writeXml } from './xml.ts'

type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly faults: Faults
  readonly payments: Payments
  readonly refunds: Refunds
  readonly bills: Bills
  readonly codes: Codes
}
type Values = Record<string, string | undefined>
type Call = (asked: Members, fault: CallFault | undefined) => Promise<Values> | Values

const tradeTypes: readonly TradeType[] = ['JSAPI', 'NATIVE', 'APP', 'MWEB']
const sandboxPrefix = '/xdc/apiv2sandbox'
const sandboxKey = '/xdc/apiv2getsignkey/sign/getsignkey'

/** api.mch.weixin.qq.com, version 2: XML in and out, HTTP 200 whatever happens (v2 fact sheet). */
export function makeV2Gateway(parts: Parts) {
  const { state, clock, runtime, credentials, faults, payments, refunds, bills, codes } = parts
  const calls: Readonly<Record<string, Call>> = {
    '/pay/unifiedorder': unifiedOrder,
    '/pay/orderquery': orderQuery,
    '/pay/closeorder': closeOrder,
    '/secapi/pay/refund': refund,
    '/pay/refundquery': refundQuery,
    '/pay/micropay': micropay,
    '/secapi/pay/reverse': reverse,
    '/tools/authcodetoopenid': () => ({ openid: payments.openidFor(credentials().apps[0]?.appid ?? '') }),
  }
  return { handle }

  /** Whether it was a call of v2. */
  async function handle(exchange: Exchange): Promise<boolean> {
    const path = exchange.path.startsWith(sandboxPrefix) ? exchange.path.slice(sandboxPrefix.length) : exchange.path
    const isBill = path === '/pay/downloadbill' || path === '/pay/downloadfundflow'
    if (!(path in calls) && !isBill && path !== sandboxKey) return false
    const fault = faults.take(callFaults, { path, method: exchange.method, outTradeNo: numberIn(exchange.body) })
    if (spoil.before(exchange, fault)) return true
    if (isBill) sendBill(exchange, path, fault)
    else await sendAnswer(exchange, path, fault)
    return true
  }

  async function sendAnswer(exchange: Exchange, path: string, fault: CallFault | undefined): Promise<void> {
    const xml = await answered(exchange, path, fault)
    if (spoil.after(exchange, fault)) return
    const bytes = Buffer.from(xml)
    if (spoil.body(exchange, fault, 200, bytes)) return
    answer(exchange.response, 200, bytes, { 'Content-Type': 'text/xml; charset=utf-8', Date: new Date(clock.now()).toUTCString() })
  }

  async function answered(exchange: Exchange, path: string, fault: CallFault | undefined): Promise<string> {
    let asked: Members = {}
    try {
      if (exchange.method !== 'POST') throw new WechatError(200, 'REQUIRE_POST_METHOD', '请使用post方法')
      asked = readXml(exchange.body)
      if (path === sandboxKey)
        return writeXml({ return_code: 'SUCCESS', return_msg: 'ok', mch_id: credentials().mchid, sandbox_signkey: credentials().apiKey })
      assertCaller(asked)
    } catch (error) {
      // Who calls is not known: a word in clear, unsigned.
      if (error instanceof WechatError) return writeXml({ return_code: 'FAIL', return_msg: error.message })
      throw error
    }
    try {
      const refused = faultCode(fault) ?? faultCode(exchange.headers['wechatpay-negative-test']?.toLowerCase())
      if (refused) throw refused
      return signed(asked, { result_code: 'SUCCESS', ...(await calls[path]?.(asked, fault)) }, fault)
    } catch (error) {
      if (!(error instanceof WechatError)) throw error
      return signed(asked, { result_code: 'FAIL', err_code: codeOf(error.code, path), err_code_des: error.message }, fault)
    }
  }

  /** Signed as the request was. */
  function signed(asked: Members, said: Values, fault: CallFault | undefined): string {
    const { appid, mch_id: mchid, sub_mch_id: subMchid, sub_appid: subAppid, sign_type: signType = 'MD5' } = asked
    const nonce = Buffer.from(runtime.randomBytes(16)).toString('hex')
    const members = {
      return_code: 'SUCCESS',
      return_msg: 'OK',
      appid,
      mch_id: mchid,
      sub_mch_id: subMchid,
      sub_appid: subAppid,
      nonce_str: nonce,
      ...said,
    }
    const sign = signV2(members, credentials().apiKey, signType)
    if (fault === 'no_signature') return writeXml(members)
    const isWrong = fault === 'bad_signature' || fault === 'unknown_serial'
    return writeXml({ ...members, sign: isWrong ? [...sign].reverse().join('') : sign })
  }

  function assertCaller(asked: Members): void {
    const { mchid, apiKey, apps, sub } = credentials()
    if (asked.mch_id !== mchid) throw new WechatError(200, 'MCHID_NOT_EXIST', '商户号mch_id不存在')
    if (asked.appid !== undefined && !apps.some((app) => app.appid === asked.appid))
      throw new WechatError(200, 'APPID_NOT_EXIST', 'appid不存在')
    if (asked.sub_mch_id !== undefined && asked.sub_mch_id !== sub.mchid)
      throw new WechatError(200, 'MCHID_NOT_EXIST', 'sub_mch_id与mch_id不匹配')
    if (asked.sub_appid !== undefined && !sub.apps.some((app) => app.appid === asked.sub_appid))
      throw new WechatError(200, 'APPID_NOT_EXIST', 'sub_appid不存在')
    const type = asked.sign_type ?? 'MD5'
    if (type !== 'MD5' && type !== 'HMAC-SHA256') throw new WechatError(200, 'SIGNERROR', 'sign_type参数格式错误')
    if (!asked.nonce_str || asked.nonce_str.length > 32) throw new WechatError(200, 'PARAM_ERROR', '缺少参数nonce_str')
    if (asked.sign !== signV2(asked, apiKey, type)) throw new WechatError(200, 'SIGNERROR', '签名错误，请检查后再试')
  }

  async function unifiedOrder(asked: Members, fault: CallFault | undefined): Promise<Values> {
    const tradeType = tradeTypes.find((one) => one === asked.trade_type)
    if (!tradeType) throw new WechatError(200, 'PARAM_ERROR', 'trade_type参数格式有误')
    if (tradeType === 'NATIVE' && !asked.product_id) throw new WechatError(200, 'PARAM_ERROR', '缺少参数product_id')
    if (tradeType === 'MWEB' && !/"h5_info"/.test(asked.scene_info ?? '')) throw new WechatError(200, 'PARAM_ERROR', '缺少参数scene_info')
    const notifyUrl = asked.notify_url ?? ''
    if (!URL.canParse(notifyUrl) || /[?#]/.test(notifyUrl) || notifyUrl.length > 256)
      throw new WechatError(200, 'PARAM_ERROR', '无效的notify_url')
    const given = payments.place({ ...orderOf(asked, tradeType), notifyUrl })
    if (fault === 'early_notify') await payments.pay(asked.out_trade_no ?? '')
    const { prepay_id: prepayId, code_url: codeUrl, h5_url: mwebUrl } = given
    return {
      trade_type: tradeType,
      prepay_id: prepayId ?? state.tables.payment.get(asked.out_trade_no ?? '')?.credential.prepayId,
      code_url: codeUrl,
      mweb_url: mwebUrl,
    }
  }

  /** The order a request asks for; what stands in it but the nonce is what re-entry compares. */
  function orderOf(asked: Members, tradeType: TradeType): Payment {
    const { nonce_str: _nonce, sign: _sign, ...parameters } = asked
    const outTradeNo = asked.out_trade_no ?? ''
    if (!/^[0-9A-Za-z_\-|*]{6,32}$/.test(outTradeNo)) throw new WechatError(200, 'PARAM_ERROR', 'out_trade_no参数格式有误')
    if (!/^[1-9]\d{0,9}$/.test(asked.total_fee ?? '')) throw new WechatError(200, 'PARAM_ERROR', 'total_fee参数格式有误')
    if (!asked.body || Buffer.byteLength(asked.body) > 128) throw new WechatError(200, 'PARAM_ERROR', 'body参数长度有误')
    if (!asked.spbill_create_ip) throw new WechatError(200, 'LACK_PARAMS', '缺少参数spbill_create_ip')
    const openid = asked.sub_openid ?? asked.openid
    if (tradeType === 'JSAPI') payments.assertOpenid(openid, asked.sub_openid === undefined ? (asked.appid ?? '') : (asked.sub_appid ?? ''))
    return {
      version: 'v2',
      signType: asked.sign_type,
      subMchid: asked.sub_mch_id,
      subAppid: asked.sub_appid,
      isSubOpenid: asked.sub_openid !== undefined,
      outTradeNo,
      tradeType,
      appid: asked.appid ?? '',
      description: asked.body,
      attach: asked.attach,
      total: Number(asked.total_fee),
      currency: asked.fee_type ?? 'CNY',
      openid: tradeType === 'JSAPI' ? openid : undefined,
      notifyUrl: '',
      parameters: JSON.stringify(Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1))),
      createdAt: clock.now(),
      expiresAt: expiryOf(asked.time_expire),
      credential: { prepayId: '', madeAt: 0 },
      state: 'NOTPAY',
    }
  }

  function expiryOf(stamp: string | undefined): number {
    if (stamp === undefined) return clock.now() + 7 * 24 * 60 * 60 * 1000
    const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? []
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
    if (Number.isNaN(at)) throw new WechatError(200, 'PARAM_ERROR', 'time_expire参数格式有误')
    return at
  }

  function found(asked: Members): Payment {
    const byId = asked.transaction_id
    const payment = byId
      ? [...state.tables.payment.values()].find((one) => one.transactionId === byId)
      : state.tables.payment.get(asked.out_trade_no ?? '')
    if (!payment || payment.subMchid !== asked.sub_mch_id) throw new WechatError(200, 'ORDERNOTEXIST', '此交易订单号不存在')
    return payment
  }

  function orderQuery(asked: Members): Values {
    const payment = found(asked)
    const tradeState = payments.stateOf(payment)
    return { ...tradeMembers(payment, credentials()), device_info: '', trade_state: tradeState, trade_state_desc: tradeWords[tradeState] }
  }

  function closeOrder(asked: Members): Values {
    payments.close(found(asked).outTradeNo, { mchid: credentials().mchid })
    return {}
  }

  async function micropay(asked: Members, fault: CallFault | undefined): Promise<Values> {
    const paid = await codes.pay(orderOf(asked, 'MICROPAY'), asked.auth_code ?? '', fault === 'user_paying')
    return tradeMembers(paid, credentials())
  }

  function reverse(asked: Members): Values {
    codes.reverse(found(asked).outTradeNo)
    return { recall: 'N' }
  }

  function refund(asked: Members, fault: CallFault | undefined): Values {
    const payment = found(asked)
    const becomes = fault === 'refund_abnormal' ? 'ABNORMAL' : fault === 'refund_closed' ? 'CLOSED' : 'SUCCESS'
    const made = refunds.request(
      {
        out_trade_no: payment.outTradeNo,
        out_refund_no: asked.out_refund_no,
        ...(asked.refund_desc === undefined ? {} : { reason: asked.refund_desc }),
        ...(asked.notify_url === undefined ? {} : { notify_url: asked.notify_url }),
        amount: { refund: Number(asked.refund_fee), total: Number(asked.total_fee), currency: asked.refund_fee_type ?? 'CNY' },
      },
      becomes,
      'v2',
    )
    return {
      transaction_id: payment.transactionId,
      out_trade_no: payment.outTradeNo,
      out_refund_no: asked.out_refund_no,
      refund_id: String(made.refund_id),
      refund_fee: asked.refund_fee,
      total_fee: asked.total_fee,
      cash_fee: asked.total_fee,
    }
  }

  /** Ten at a time, from the offset on, each with its place behind its name. */
  function refundQuery(asked: Members): Values {
    const all = [...state.tables.refund.values()].filter((one) =>
      asked.refund_id
        ? one.refundId === asked.refund_id
        : asked.out_refund_no
          ? one.outRefundNo === asked.out_refund_no
          : asked.transaction_id
            ? one.transactionId === asked.transaction_id
            : one.outTradeNo === asked.out_trade_no,
    )
    const [first] = all
    if (!first) throw new WechatError(200, 'REFUNDNOTEXIST', 'not exist')
    const listed = all.slice(Number(asked.offset ?? 0), Number(asked.offset ?? 0) + 10)
    const members: Values = {
      transaction_id: first.transactionId,
      out_trade_no: first.outTradeNo,
      total_fee: String(first.total),
      refund_count: String(listed.length),
      total_refund_count: String(all.length),
    }
    for (const [at, one] of listed.entries())
      Object.assign(members, {
        [`out_refund_no_${at}`]: one.outRefundNo,
        [`refund_id_${at}`]: one.refundId,
        [`refund_fee_${at}`]: String(one.refund),
        [`refund_status_${at}`]: statusOf(one.state),
        [`refund_channel_${at}`]: 'ORIGINAL',
        [`refund_recv_accout_${at}`]: '支付用户零钱',
        ...(one.state === 'SUCCESS' && one.endedAt !== undefined ? { [`refund_success_time_${at}`]: billTime(one.endedAt) } : {}),
      })
    return members
  }

  /** CSV or gzip on success, XML only on failure. */
  function sendBill(exchange: Exchange, path: string, fault: CallFault | undefined): void {
    try {
      const asked = readXml(exchange.body)
      assertCaller(asked)
      const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(asked.bill_date ?? '') ?? []
      const query = new URLSearchParams({
        bill_date: `${year}-${month}-${day}`,
        bill_type: asked.bill_type ?? 'ALL',
        tar_type: asked.tar_type ?? '',
        sub_mchid: asked.sub_mch_id ?? '',
      })
      const kind = path === '/pay/downloadbill' ? 'trade' : 'fundflow'
      const bytes = bills.file(kind, query, fault === 'statement_creating')
      if (spoil.after(exchange, fault)) return
      answer(exchange.response, 200, bytes, { 'Content-Type': 'text/plain' })
    } catch (error) {
      if (!(error instanceof WechatError)) throw error
      const numbers: Readonly<Record<string, string>> = { NO_STATEMENT_EXIST: '20002', STATEMENT_CREATING: '20003' }
      const xml = writeXml({
        return_code: 'FAIL',
        return_msg: error.code === 'NO_STATEMENT_EXIST' ? 'No Bill Exist' : error.message,
        error_code: numbers[error.code] ?? '20001',
      })
      answer(exchange.response, 200, Buffer.from(xml), { 'Content-Type': 'text/xml' })
    }
  }

  function numberIn(body: Buffer): string | undefined {
    return /<out_trade_no>(?:<!\[CDATA\[)?([^\]<]{1,64})/.exec(body.toString('utf8'))?.[1]
  }
}
