import { createHmac } from 'node:crypto'
import { billTime } from '../clock.ts'
import { digits } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { CallFault } from '../faults.ts'
import type { ShownPayment, SideParts } from '../side.ts'
import type { Message } from '../teller.ts'
import type { QfpayCredentials } from './credentials.ts'
import { type QfCode, QfpayError, type QfRefund, type QfTrade } from './rows.ts'

const minute = 60_000
const codeLifeMs = minute
/** Above this a payer is asked for the password. */
const freeMinor = 100_000
const byCode = ['800208', '800108', '800008']
const byQr = ['800201', '800101', '801501']
const byBridge = ['800207', '800213']
const byUrl = ['800212', '801101', '801107', '801512', '801514']

export type Trades = ReturnType<typeof makeTrades>
type Parts = SideParts & { readonly credentials: () => QfpayCredentials; readonly send: (message: Message) => Promise<void> }

/** Payments, refunds and codes as QFPay keeps them (QFPay fact sheet §4, §9). */
export function makeTrades({ state, clock, runtime, origin, credentials, send }: Parts) {
  const trades = state.table<QfTrade>('qfpay.trade')
  const refunds = state.table<QfRefund>('qfpay.refund')
  const codes = state.table<QfCode>('qfpay.code')
  return {
    create,
    pay,
    query,
    refund,
    end,
    unpaid,
    find,
    shown,
    mint,
    openidOf,
    useOauth,
    refundOutside,
    wire,
    all: () => [...trades.rows.values()],
    allRefunds: () => [...refunds.rows.values()],
  }

  async function create(asked: URLSearchParams, fault: CallFault | undefined): Promise<Record<string, unknown>> {
    const trade = readTrade(asked)
    if (byNumber(trade.outTradeNo) || refunds.rows.has(trade.outTradeNo)) throw new QfpayError('1102', '重复请求')
    if (byCode.includes(trade.payType)) return paidByCode(trade, asked.get('auth_code') ?? '', fault === 'user_paying')
    put(trade)
    if (fault === 'early_notify') await pay(trade.outTradeNo)
    return { ...wire(trade), respcd: '0000', resperr: '', ...given(trade, asked) }
  }

  function given(trade: QfTrade, asked: URLSearchParams): Record<string, unknown> {
    const url = `${origin()}/qfpay/pay?syssn=${trade.syssn}`
    if (byQr.includes(trade.payType))
      return {
        qrcode:
          trade.payType === '800201'
            ? `weixin://wxpay/bizpayurl?pr=${trade.prepayId.slice(-12)}qf`
            : `https://qr.alipay.com/${trade.prepayId.slice(-16)}`,
      }
    if (byUrl.includes(trade.payType) || (trade.payType === '800207' && credentials().region === 'CA')) return { pay_url: url }
    if (trade.payType === '800107') return { pay_params: { tradeNO: trade.prepayId } }
    if (trade.payType === '800210')
      return {
        pay_params: {
          appid: credentials().wechatAppid,
          partnerid: '1900000109',
          prepayid: trade.prepayId,
          package: 'Sign=WXPay',
          noncestr: nonce(),
          timestamp: seconds(),
          sign: trade.paySign,
        },
      }
    if (!asked.get('sub_openid')) throw new QfpayError('1104', 'sub_openid 不能为空')
    return {
      pay_params: {
        appId: credentials().wechatAppid,
        timeStamp: seconds(),
        nonceStr: nonce(),
        package: `prepay_id=${trade.prepayId}`,
        signType: 'MD5',
        paySign: trade.paySign,
      },
    }
  }

  function readTrade(asked: URLSearchParams): QfTrade {
    const payType = asked.get('pay_type') ?? ''
    const known = [...byCode, ...byQr, ...byBridge, ...byUrl, '800107', '800210']
    if (!known.includes(payType)) throw new QfpayError('1104', 'pay_type 参数错误')
    if (!/^[1-9]\d{0,10}$/.test(asked.get('txamt') ?? '')) throw new QfpayError('1104', 'txamt 参数错误')
    if (asked.get('txcurrcd') !== credentials().currency) throw new QfpayError('1104', 'txcurrcd 参数错误')
    if (!/^\S{1,128}$/.test(asked.get('out_trade_no') ?? '')) throw new QfpayError('1104', 'out_trade_no 参数错误')
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(asked.get('txdtm') ?? '')) throw new QfpayError('1104', 'txdtm 参数错误')
    const minutes = Number(asked.get('expired_time') ?? 30)
    if (!(minutes >= 5 && minutes <= 120)) throw new QfpayError('1104', 'expired_time 参数错误')
    if (payType === '800212' && !/"spbill_create_ip"/.test(asked.get('extend_info') ?? ''))
      throw new QfpayError('1104', 'extend_info 参数错误')
    const prepayId = `wx${Buffer.from(runtime.randomBytes(16)).toString('hex')}`
    return {
      syssn: `${billTime(clock.now()).replace(/\D/g, '').slice(0, 8)}${digits(runtime, 18)}`,
      outTradeNo: asked.get('out_trade_no') ?? '',
      payType,
      txamt: Number(asked.get('txamt')),
      txcurrcd: asked.get('txcurrcd') ?? '',
      goodsName: asked.get('goods_name') ?? '',
      txdtm: asked.get('txdtm') ?? '',
      notifyUrl: asked.get('notify_url') ?? '',
      returnUrl: asked.get('return_url') ?? undefined,
      prepayId,
      paySign: createHmac('md5', credentials().clientKey).update(prepayId).digest('hex').toUpperCase(),
      createdAt: clock.now(),
      expiresAt: clock.now() + minutes * minute,
      state: 'NOTPAY',
      cancel: '0',
    }
  }

  async function paidByCode(trade: QfTrade, authCode: string, asksForPassword: boolean): Promise<Record<string, unknown>> {
    const known = codes.rows.get(authCode)
    const isStale = known !== undefined && (known.usedFor !== undefined || clock.now() > known.madeAt + codeLifeMs)
    if (!/^(1[0-5]\d{16}|(2[5-9]|30)\d{14,22})$/.test(authCode) || isStale) throw new QfpayError('1202', '付款码错误或过期')
    codes.put(authCode, {
      code: authCode,
      person: known?.person ?? 'alice',
      madeAt: known?.madeAt ?? clock.now(),
      kind: 'counter',
      usedFor: trade.outTradeNo,
    })
    put({ ...trade, state: 'USERPAYING', paidBy: known?.person ?? 'alice' })
    if (asksForPassword || trade.txamt > freeMinor) return { ...wire(trade), respcd: '1143', resperr: '等待付款人输入密码' }
    const paid = await pay(trade.outTradeNo, { notify: false })
    return { ...wire(paid), respcd: '0000', resperr: '' }
  }

  async function pay(
    outTradeNo: string,
    { person, force = false, notify = true }: { person?: string | undefined; force?: boolean; notify?: boolean } = {},
  ): Promise<QfTrade> {
    const trade = needed(outTradeNo)
    if (trade.state === 'SUCCESS') throw new ControlError(409, `${outTradeNo} is paid already`)
    if (!force && stateOf(trade) === 'CLOSED') throw new ControlError(409, `${outTradeNo} is closed`)
    const paid: QfTrade = {
      ...trade,
      state: 'SUCCESS',
      cancel: '0',
      paidBy: person ?? trade.paidBy ?? 'alice',
      paidAt: clock.now(),
      chnlsn: `42000${digits(runtime, 23)}`,
    }
    put(paid)
    if (notify && !byCode.includes(paid.payType) && paid.notifyUrl !== '')
      await announce('payment', paid.outTradeNo, paid.notifyUrl, wire(paid))
    return paid
  }

  function announce(type: 'payment' | 'refund', outTradeNo: string, url: string, members: Record<string, unknown>): Promise<void> {
    return send({ event: type, url, outTradeNo, resource: { status: '1', notify_type: type, ...members, respcd: '0000' } })
  }

  /** Several numbers with commas between; an unknown one is not there. */
  function query(asked: URLSearchParams): Record<string, unknown> {
    const [numbers, ours] = [listOf(asked.get('out_trade_no')), listOf(asked.get('syssn'))]
    if (numbers.length + ours.length === 0) throw new QfpayError('1104', 'syssn 与 out_trade_no 不能同时为空')
    const isAsked = (one: { outTradeNo: string; syssn: string }) => numbers.includes(one.outTradeNo) || ours.includes(one.syssn)
    const payments = [...trades.rows.values()]
      .filter(isAsked)
      .map((one) => ({ ...wire(one), order_type: 'payment', respcd: respcdOf(one), errmsg: '' }))
    const refunded = [...refunds.rows.values()].filter(isAsked).map((one) => refundWire(one))
    return { respcd: '0000', resperr: '', page: 1, page_size: 10, data: [...payments, ...refunded] }
  }

  function respcdOf(trade: QfTrade): string {
    if (trade.state === 'SUCCESS' || trade.cancel === '1') return '0000'
    if (trade.state === 'CLOSED') return '1142'
    return clock.now() > trade.expiresAt ? '1181' : '1143'
  }

  async function refund(asked: URLSearchParams): Promise<Record<string, unknown>> {
    const number = asked.get('out_trade_no') ?? ''
    const trade = trades.rows.get(asked.get('syssn') ?? '')
    const amount = Number(asked.get('txamt'))
    if (trade?.state !== 'SUCCESS') throw new QfpayError('1268', '订单不存在')
    const known = refunds.rows.get(number)
    if (known && known.origssn === trade.syssn && known.txamt === amount) return refundAnswer(known)
    if (known || byNumber(number)) throw new QfpayError('1102', '重复请求')
    if (!/^[1-9]\d{0,10}$/.test(asked.get('txamt') ?? '')) throw new QfpayError('1104', 'txamt 参数错误')
    if (amount > trade.txamt - refundedOf(trade)) throw new QfpayError('1272', '退款金额超过可退金额')
    return refundAnswer(await give(trade, number, amount, asked.get('txdtm') ?? ''))
  }

  async function give(trade: QfTrade, outTradeNo: string, txamt: number, txdtm: string): Promise<QfRefund> {
    const made: QfRefund = {
      syssn: `${billTime(clock.now()).replace(/\D/g, '').slice(0, 8)}${digits(runtime, 18)}`,
      outTradeNo,
      origssn: trade.syssn,
      txamt,
      txdtm,
      createdAt: clock.now(),
    }
    refunds.put(outTradeNo, made)
    put({ ...trade, cancel: refundedOf(trade) >= trade.txamt ? '3' : '5' })
    if (trade.notifyUrl !== '') clock.after(1000, () => announce('refund', trade.outTradeNo, trade.notifyUrl, refundWire(made)))
    return made
  }

  async function refundOutside(outTradeNo: string, amount: number | undefined): Promise<QfRefund> {
    const trade = needed(outTradeNo)
    if (trade.state !== 'SUCCESS') throw new ControlError(409, `${outTradeNo} is not paid`)
    return give(trade, `portal${digits(runtime, 20)}`, amount ?? trade.txamt, billTime(clock.now()))
  }

  /** Close and reversal: an unpaid order ends; of a paid one the first is refused, the second gives the money back. */
  function end(asked: URLSearchParams, how: 'close' | 'reversal'): Record<string, unknown> {
    const trade = trades.rows.get(asked.get('syssn') ?? '') ?? byNumber(asked.get('out_trade_no') ?? '')
    if (!trade) throw new QfpayError('1268', '订单不存在')
    if (Number(asked.get('txamt')) !== trade.txamt) throw new QfpayError('1266', '金额不符')
    if (trade.state === 'CLOSED' || trade.cancel === '1') throw new QfpayError('1264', '订单已关闭')
    if (trade.state === 'SUCCESS' && how === 'close') throw new QfpayError('1260', '订单已支付')
    put({ ...trade, state: trade.state === 'SUCCESS' ? 'SUCCESS' : 'CLOSED', cancel: byCode.includes(trade.payType) ? '1' : '2' })
    return {
      respcd: '0000',
      resperr: '',
      syssn: `${trade.syssn}9`,
      orig_syssn: trade.syssn,
      txamt: String(trade.txamt),
      txcurrcd: trade.txcurrcd,
      sysdtm: billTime(clock.now()),
    }
  }

  function unpaid(outTradeNo: string, to: 'NOTPAY' | 'USERPAYING'): QfTrade {
    const trade = needed(outTradeNo)
    if (trade.state === 'SUCCESS' || trade.state === 'CLOSED') throw new ControlError(409, `${outTradeNo} is ${trade.state}`)
    put({ ...trade, state: to })
    return { ...trade, state: to }
  }

  function mint(person: string, kind: QfCode['kind']): string {
    if (!/^[\w-]{1,40}$/.test(person)) throw new ControlError(400, 'payer is not a name of 1 to 40 letters and digits')
    const code = kind === 'counter' ? `13${digits(runtime, 16)}` : `qf${Buffer.from(runtime.randomBytes(12)).toString('hex')}`
    codes.put(code, { code, person, madeAt: clock.now(), kind })
    return code
  }

  function useOauth(code: string): string {
    const known = codes.rows.get(code)
    if (known?.kind !== 'oauth' || known.usedFor !== undefined || clock.now() > known.madeAt + 5 * minute)
      throw new QfpayError('1104', 'code 无效或已使用')
    codes.put(code, { ...known, usedFor: 'openid' })
    return openidOf(known.person)
  }

  function openidOf(person: string): string {
    return `oqf${createHmac('sha256', credentials().clientKey).update(person).digest('base64url').replace(/-/g, 'x').slice(0, 25)}`
  }

  /** By number, by QFPay's own, or by whatever a phone was shown. */
  function find(code: string): QfTrade | undefined {
    const asked = code.trim()
    return [...trades.rows.values()].find(
      (one) =>
        one.outTradeNo === asked ||
        one.syssn === asked ||
        asked.endsWith(`syssn=${one.syssn}`) ||
        asked === `weixin://wxpay/bizpayurl?pr=${one.prepayId.slice(-12)}qf` ||
        asked === `https://qr.alipay.com/${one.prepayId.slice(-16)}` ||
        asked.includes(one.prepayId),
    )
  }

  function needed(outTradeNo: string): QfTrade {
    const trade = find(outTradeNo)
    if (!trade) throw new ControlError(404, `no merchant asked for ${outTradeNo}`)
    return trade
  }

  function stateOf(trade: QfTrade): QfTrade['state'] {
    return trade.state !== 'SUCCESS' && clock.now() > trade.expiresAt ? 'CLOSED' : trade.state
  }

  function shown(trade: QfTrade): ShownPayment {
    const tradeState = trade.state === 'SUCCESS' && trade.cancel !== '0' ? 'REFUND' : stateOf(trade)
    const { outTradeNo, txamt: total, txcurrcd: currency, payType: tradeType, goodsName, syssn, cancel } = trade
    return {
      outTradeNo,
      channel: 'qfpay',
      description: goodsName === '' ? outTradeNo : goodsName,
      total,
      currency,
      tradeType,
      tradeState,
      merchant: credentials().mchid,
      syssn,
      cancel,
      transactionId: syssn,
      expiresAt: trade.expiresAt,
      paidAt: trade.paidAt,
    }
  }

  function wire(trade: QfTrade): Record<string, unknown> {
    const { payType, syssn, outTradeNo, txamt, txcurrcd, txdtm, createdAt, paidAt, cancel, goodsName, chnlsn = '' } = trade
    return {
      pay_type: payType,
      sysdtm: billTime(createdAt),
      paydtm: paidAt === undefined ? '' : billTime(paidAt),
      txdtm,
      txcurrcd,
      // Figures come as texts and as numbers, as they do from the real one.
      txamt: payType === '800208' ? txamt : String(txamt),
      out_trade_no: outTradeNo,
      syssn,
      mchid: credentials().mchid,
      goods_name: goodsName,
      chnlsn,
      cardcd: trade.paidBy === undefined ? '' : openidOf(trade.paidBy),
      cancel,
    }
  }

  function refundWire({ syssn, outTradeNo, origssn, txamt, txdtm, createdAt }: QfRefund): Record<string, unknown> {
    const at = billTime(createdAt)
    const payType = trades.rows.get(origssn)?.payType ?? ''
    return {
      order_type: 'refund',
      pay_type: payType,
      syssn,
      out_trade_no: outTradeNo,
      origssn,
      txamt: String(txamt),
      txcurrcd: credentials().currency,
      txdtm,
      sysdtm: at,
      paydtm: at,
      cancel: '0',
      respcd: '0000',
      errmsg: '',
      mchid: credentials().mchid,
    }
  }

  function refundAnswer({ syssn, origssn, outTradeNo, txamt, createdAt }: QfRefund): Record<string, unknown> {
    return {
      respcd: '0000',
      resperr: '',
      syssn,
      orig_syssn: origssn,
      out_trade_no: outTradeNo,
      txamt: String(txamt),
      sysdtm: billTime(createdAt),
    }
  }

  function refundedOf(trade: QfTrade): number {
    return [...refunds.rows.values()].filter((one) => one.origssn === trade.syssn).reduce((sum, one) => sum + one.txamt, 0)
  }

  function byNumber(outTradeNo: string): QfTrade | undefined {
    return [...trades.rows.values()].find((one) => one.outTradeNo === outTradeNo)
  }

  function put(trade: QfTrade): void {
    trades.put(trade.syssn, trade)
  }

  function nonce(): string {
    return Buffer.from(runtime.randomBytes(16)).toString('hex')
  }

  function seconds(): string {
    return String(Math.floor(clock.now() / 1000))
  }
}

function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((one) => one !== '')
}
