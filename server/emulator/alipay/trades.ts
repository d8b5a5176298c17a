import { createHmac } from 'node:crypto'
import { billTime } from '../clock.ts'
import { digits } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { CallFault } from '../faults.ts'
import type { ShownPayment, SideParts } from '../side.ts'
import type { Message } from '../teller.ts'
import type { AlipayCredentials } from './credentials.ts'
import { type AliCode, AlipayError, type AliRefund, type AliTrade, business, fenOf, yuanOf } from './rows.ts'

const minute = 60_000
const codeLifeMs = minute
const loginLifeMs = 5 * minute
const freeFen = 100_000
const unopened = ['alipay.trade.precreate', 'alipay.trade.wap.pay', 'alipay.trade.page.pay']

/** What a request asks for: members that are texts or figures, as text. */
export type Content = Readonly<Record<string, string | undefined>>
export type Answer = Readonly<Record<string, unknown>>
export type Asked = {
  readonly appId: string
  readonly notifyUrl: string
  readonly returnUrl?: string | undefined
  readonly content: Content
}
export type AliTrades = ReturnType<typeof makeAliTrades>
type Parts = SideParts & { readonly credentials: () => AlipayCredentials; readonly send: (message: Message) => Promise<void> }

/** Trades, refunds and codes as Alipay keeps them (Alipay fact sheet §6 to §9). */
export function makeAliTrades({ state, clock, runtime, origin, credentials, send }: Parts) {
  const trades = state.table<AliTrade>('alipay.trade')
  const refunds = state.table<AliRefund>('alipay.refund')
  const codes = state.table<AliCode>('alipay.code')
  return {
    create,
    payByCode,
    query,
    close,
    cancel,
    refund,
    queryRefund,
    pay,
    unpaid,
    open,
    find,
    shown,
    mint,
    login,
    refundOutside,
    all: () => [...trades.rows.values()],
    allRefunds: () => [...refunds.rows.values()],
  }

  function create(method: string, asked: Asked): Answer {
    const trade = place(method, asked)
    if (method === 'alipay.trade.precreate')
      return { out_trade_no: trade.outTradeNo, qr_code: `https://qr.alipay.com/bax${trade.tradeNo.slice(-18)}` }
    return { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo }
  }

  function place(method: string, { appId, notifyUrl, returnUrl, content }: Asked): AliTrade {
    const outTradeNo = content.out_trade_no ?? ''
    if (!/^\w{1,64}$/.test(outTradeNo)) throw business('INVALID_PARAMETER', '参数无效：out_trade_no')
    const totalFen = fenOf(content.total_amount)
    if (totalFen === undefined || totalFen < 1) throw business('TOTAL_FEE_EXCEED', '订单总金额不在允许范围内')
    const subject = content.subject ?? ''
    if (subject === '' || subject.length > 256 || /[/=&]/.test(subject)) throw business('INVALID_PARAMETER', '参数无效：subject')
    if (method === 'alipay.trade.create' && !isKnownBuyer(content)) throw business('BUYER_NOT_EXIST', '买家不存在')
    const known = trades.rows.get(outTradeNo)
    const same = JSON.stringify([method, content.total_amount, subject, content.buyer_id, content.buyer_open_id])
    if (known) return again(known, same)
    const trade: AliTrade = {
      outTradeNo,
      tradeNo: `${billTime(clock.now()).replace(/\D/g, '').slice(0, 8)}2200${digits(runtime, 16)}`,
      method,
      appId,
      subject,
      totalFen,
      content: same,
      notifyUrl,
      returnUrl,
      createdAt: clock.now(),
      expiresAt: expiryOf(content),
      isOpened: !unopened.includes(method),
      state: 'WAIT_BUYER_PAY',
      buyer: content.buyer_open_id ?? content.buyer_id ?? nameOf('alice', appId),
    }
    put(trade)
    return trade
  }

  function again(known: AliTrade, same: string): AliTrade {
    if (known.state === 'TRADE_SUCCESS') throw business('TRADE_HAS_SUCCESS', '交易已被支付')
    if (stateOf(known) === 'TRADE_CLOSED') throw business('TRADE_HAS_CLOSE', '交易已经关闭')
    if (known.content !== same) throw business('CONTEXT_INCONSISTENT', '交易信息被篡改')
    return known
  }

  function expiryOf({ time_expire: at, timeout_express: within }: Content): number {
    if (typeof at === 'string') return Date.parse(`${at.replace(' ', 'T')}+08:00`)
    const [, count = '15', unit = 'd'] = /^(\d+)([mhd])$/.exec(typeof within === 'string' ? within : '') ?? []
    return clock.now() + Number(count) * (unit === 'm' ? minute : unit === 'h' ? 60 * minute : 24 * 60 * minute)
  }

  function isKnownBuyer({ buyer_id: id, buyer_open_id: openId }: Content): boolean {
    return (id ?? openId ?? '') !== ''
  }

  async function payByCode(asked: Asked, fault: CallFault | undefined): Promise<{ code: string; content: Answer }> {
    const code = asked.content.auth_code ?? ''
    const known = codes.rows.get(code)
    const number = asked.content.out_trade_no ?? ''
    const isStale =
      known !== undefined && ((known.usedFor !== undefined && known.usedFor !== number) || clock.now() > known.madeAt + codeLifeMs)
    if (!/^(2[5-9]|30)\d{14,22}$/.test(code) || isStale) throw business('PAYMENT_AUTH_CODE_INVALID', '支付授权码无效')
    codes.put(code, { code, person: known?.person ?? 'alice', madeAt: known?.madeAt ?? clock.now(), kind: 'counter', usedFor: number })
    const trade = { ...place('alipay.trade.pay', asked), buyer: nameOf(known?.person ?? 'alice', asked.appId) }
    put(trade)
    if (fault === 'user_paying' || trade.totalFen > freeFen)
      return { code: '10003', content: { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo } }
    const paid = await pay(trade.outTradeNo, {})
    return { code: '10000', content: { ...wire(paid), gmt_payment: billTime(paid.paidAt ?? 0) } }
  }

  function query(content: Content): Answer {
    const trade = needed(content)
    const { paidAt } = trade
    return { ...wire(trade), trade_status: stateOf(trade), ...(paidAt === undefined ? {} : { send_pay_date: billTime(paidAt) }) }
  }

  function close(content: Content): Answer {
    const trade = needed(content)
    if (trade.state === 'TRADE_SUCCESS') throw business('TRADE_STATUS_ERROR', '交易状态不合法')
    put({ ...trade, state: 'TRADE_CLOSED' })
    return { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo }
  }

  function cancel(content: Content): Answer {
    const trade = needed(content)
    const wasPaid = trade.paidAt !== undefined
    if (wasPaid && remaining(trade) > 0) give(trade, `cancel${digits(runtime, 20)}`, remaining(trade), false)
    // Cancelled is as if it had never been: no time of payment stays.
    put({ ...trade, state: 'TRADE_CLOSED', paidAt: undefined })
    return { out_trade_no: trade.outTradeNo, trade_no: trade.tradeNo, retry_flag: 'N', action: wasPaid ? 'refund' : 'close' }
  }

  function refund(content: Content): Answer {
    const trade = needed(content)
    const number = content.out_request_no ?? trade.outTradeNo
    const fen = fenOf(content.refund_amount)
    if (trade.paidAt === undefined) throw business('TRADE_STATUS_ERROR', '交易状态不合法')
    const known = refunds.rows.get(`${trade.outTradeNo} ${number}`)
    if (known && known.fen !== fen) throw business('DISCORDANT_REPEAT_REQUEST', '不一致的请求')
    if (!known && (fen === undefined || fen < 1 || fen > remaining(trade))) throw business('REASON_TRADE_REFUND_FEE_ERR', '退款金额无效')
    if (!known) give(trade, number, fen ?? 0, true)
    const total = trade.totalFen - remaining(trade)
    return {
      out_trade_no: trade.outTradeNo,
      trade_no: trade.tradeNo,
      buyer_logon_id: '159****5620',
      fund_change: known ? 'N' : 'Y',
      refund_fee: yuanOf(total),
    }
  }

  function give(trade: AliTrade, outRequestNo: string, fen: number, isTold: boolean): void {
    refunds.put(`${trade.outTradeNo} ${outRequestNo}`, { outRequestNo, outTradeNo: trade.outTradeNo, fen, at: clock.now() })
    const after: AliTrade = { ...trade, state: remaining(trade) === 0 ? 'TRADE_CLOSED' : trade.state }
    put(after)
    if (isTold && trade.notifyUrl !== '')
      clock.after(1000, () =>
        announce(after, {
          out_biz_no: outRequestNo,
          refund_fee: yuanOf(trade.totalFen - remaining(trade)),
          gmt_refund: `${billTime(clock.now())}.123`,
        }),
      )
  }

  function queryRefund(content: Content): Answer {
    const trade = needed(content)
    const known = refunds.rows.get(`${trade.outTradeNo} ${content.out_request_no ?? trade.outTradeNo}`)
    if (!known) return {}
    return {
      out_trade_no: trade.outTradeNo,
      trade_no: trade.tradeNo,
      out_request_no: known.outRequestNo,
      total_amount: yuanOf(trade.totalFen),
      refund_amount: yuanOf(known.fen),
      refund_status: 'REFUND_SUCCESS',
      gmt_refund_pay: billTime(known.at),
    }
  }

  async function pay(outTradeNo: string, { person, force = false }: { person?: string | undefined; force?: boolean }): Promise<AliTrade> {
    const trade = neededByPhone(outTradeNo)
    if (trade.paidAt !== undefined) throw new ControlError(409, `${outTradeNo} is paid already`)
    if (!force && stateOf(trade) === 'TRADE_CLOSED') throw new ControlError(409, `${outTradeNo} is closed`)
    const buyer = person === undefined ? trade.buyer : nameOf(person, trade.appId)
    const paid: AliTrade = { ...trade, isOpened: true, state: 'TRADE_SUCCESS', buyer, paidAt: clock.now() }
    put(paid)
    if (paid.notifyUrl !== '') await announce(paid, {})
    return paid
  }

  function announce(trade: AliTrade, more: Record<string, string>): Promise<void> {
    const { outTradeNo, notifyUrl, appId, createdAt, paidAt } = trade
    const resource = {
      ...wire(trade),
      ...more,
      notify_time: billTime(clock.now()),
      notify_type: 'trade_status_sync',
      app_id: appId,
      auth_app_id: appId,
      charset: 'utf-8',
      version: '1.0',
      sign_type: 'RSA2',
      seller_id: credentials().pid,
      trade_status: stateOf(trade),
      gmt_create: billTime(createdAt),
      ...(paidAt === undefined ? {} : { gmt_payment: billTime(paidAt) }),
      fund_bill_list: JSON.stringify([{ amount: yuanOf(trade.totalFen), fundChannel: 'ALIPAYACCOUNT' }]),
    }
    return send({ event: 'refund_fee' in more ? 'refund' : 'payment', url: notifyUrl, outTradeNo, outRefundNo: more.out_biz_no, resource })
  }

  function unpaid(outTradeNo: string): AliTrade {
    const trade = neededByPhone(outTradeNo)
    if (trade.paidAt !== undefined || trade.state === 'TRADE_CLOSED') throw new ControlError(409, `${outTradeNo} is ${trade.state}`)
    return open(trade)
  }

  /** The payer looks at it: from here on it exists. */
  function open(trade: AliTrade): AliTrade {
    put({ ...trade, isOpened: true })
    return { ...trade, isOpened: true }
  }

  function refundOutside(outTradeNo: string, fen: number | undefined): string {
    const trade = neededByPhone(outTradeNo)
    if (trade.paidAt === undefined) throw new ControlError(409, `${outTradeNo} is not paid`)
    const left = remaining(trade)
    const amount = fen ?? left
    if (!Number.isSafeInteger(amount) || amount < 1 || amount > left) throw new ControlError(409, `${outTradeNo} has ${left} left`)
    const number = `portal${digits(runtime, 20)}`
    give(trade, number, amount, true)
    return number
  }

  function mint(person: string, kind: AliCode['kind']): string {
    if (!/^[\w-]{1,40}$/.test(person)) throw new ControlError(400, 'payer is not a name of 1 to 40 letters and digits')
    const code = kind === 'counter' ? `28${digits(runtime, 16)}` : Buffer.from(runtime.randomBytes(16)).toString('hex')
    codes.put(code, { code, person, madeAt: clock.now(), kind })
    return code
  }

  function login(code: string, appId: string): Answer {
    const known = codes.rows.get(code)
    if (known?.kind !== 'login' || known.usedFor !== undefined || clock.now() > known.madeAt + loginLifeMs)
      throw new AlipayError('40002', 'isv.code-invalid', '授权码code无效')
    codes.put(code, { ...known, usedFor: appId })
    const token = () => Buffer.from(runtime.randomBytes(20)).toString('hex')
    const name = credentials().namesBy === 'open_id' ? { open_id: nameOf(known.person, appId) } : { user_id: nameOf(known.person, appId) }
    return {
      ...name,
      access_token: token(),
      expires_in: 1_296_000,
      refresh_token: token(),
      re_expires_in: 2_592_000,
      auth_start: billTime(clock.now()),
    }
  }

  function nameOf(person: string, appId: string): string {
    const { namesBy, pid } = credentials()
    const digest = createHmac('sha256', pid).update(namesBy === 'open_id' ? `${appId} ${person}` : person)
    return namesBy === 'open_id'
      ? `0${digest.digest('base64url').slice(0, 40)}`
      : `2088${BigInt(`0x${digest.digest('hex').slice(0, 16)}`)
          .toString()
          .padStart(12, '0')
          .slice(-12)}`
  }

  function find(code: string): AliTrade | undefined {
    const asked = code.trim()
    return (
      trades.rows.get(asked) ??
      [...trades.rows.values()].find(
        (one) =>
          one.tradeNo === asked ||
          asked === `https://qr.alipay.com/bax${one.tradeNo.slice(-18)}` ||
          (asked.startsWith(origin()) && asked.includes(`"${one.outTradeNo}"`)),
      )
    )
  }

  function needed({ out_trade_no: number, trade_no: tradeNo }: Content): AliTrade {
    const trade = tradeNo === undefined ? trades.rows.get(number ?? '') : [...trades.rows.values()].find((one) => one.tradeNo === tradeNo)
    if (!trade?.isOpened) throw business('TRADE_NOT_EXIST', '交易不存在')
    return trade
  }

  function neededByPhone(outTradeNo: string): AliTrade {
    const trade = find(outTradeNo)
    if (!trade) throw new ControlError(404, `no merchant asked for ${outTradeNo}`)
    return trade
  }

  function stateOf(trade: AliTrade): AliTrade['state'] {
    return trade.paidAt === undefined && clock.now() > trade.expiresAt ? 'TRADE_CLOSED' : trade.state
  }

  function remaining(trade: AliTrade): number {
    return (
      trade.totalFen -
      [...refunds.rows.values()].filter((one) => one.outTradeNo === trade.outTradeNo).reduce((sum, one) => sum + one.fen, 0)
    )
  }

  function shown(trade: AliTrade): ShownPayment {
    const { outTradeNo, totalFen: total, subject: description, method, tradeNo } = trade
    const isRefunded = trade.paidAt !== undefined && remaining(trade) < total
    const tradeState = isRefunded
      ? 'REFUND'
      : stateOf(trade) === 'TRADE_SUCCESS'
        ? 'SUCCESS'
        : stateOf(trade) === 'TRADE_CLOSED'
          ? 'CLOSED'
          : 'NOTPAY'
    return {
      outTradeNo,
      channel: 'alipay',
      description,
      total,
      currency: 'CNY',
      tradeType: method,
      tradeState,
      merchant: credentials().pid,
      tradeNo,
      transactionId: tradeNo,
      expiresAt: trade.expiresAt,
      paidAt: trade.paidAt,
      isOpened: trade.isOpened,
    }
  }

  function wire(trade: AliTrade): Record<string, string> {
    const { tradeNo, outTradeNo, totalFen, subject, buyer } = trade
    const amount = yuanOf(totalFen)
    return {
      trade_no: tradeNo,
      out_trade_no: outTradeNo,
      subject,
      buyer_logon_id: '159****5620',
      [credentials().namesBy === 'open_id' ? 'buyer_open_id' : 'buyer_id']: buyer,
      total_amount: amount,
      receipt_amount: amount,
      buyer_pay_amount: amount,
      invoice_amount: amount,
      point_amount: '0.00',
    }
  }

  function put(trade: AliTrade): void {
    trades.put(trade.outTradeNo, trade)
  }
}
