import { ControlError } from '../errors.ts'
import { answer, type Exchange } from '../exchange.ts'
import { type CallFault, callFaults, type NotifyFault } from '../faults.ts'
import { payPage, readable } from '../pages.ts'
import type { Side, SideParts } from '../side.ts'
import { spoil } from '../spoil.ts'
import type { Notification } from '../state.ts'
import { type Letter, makeTeller } from '../teller.ts'
import { makeQfpayCredentials, type QfpayCredentials, qfpayEnvironment } from './credentials.ts'
import { QfpayError, type QfTrade } from './rows.ts'
import { pythonJson, signBody, signMembers } from './signing.ts'
import { makeTrades } from './trades.ts'

const minute = 60_000
/** From the first message: 2 m, 10 m, 10 m, 60 m, 2 h, 6 h, 15 h. */
export const qfpayLadder = [2, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minute)

/** QFPay: its tools, its trades, its pages, on the paths below /qfpay (QFPay fact sheet). */
export function makeQfpaySide(parts: SideParts): Side {
  const { state, clock, runtime, faults, origin } = parts
  const kept = state.table<QfpayCredentials>('qfpay.credentials')
  if (!kept.rows.has('only')) kept.put('only', makeQfpayCredentials(runtime))
  const credentials = () => kept.rows.get('only') ?? makeQfpayCredentials(runtime)
  const teller = makeTeller(parts, {
    channel: 'qfpay',
    ladder: qfpayLadder,
    newId: () => `qf-${Buffer.from(runtime.randomBytes(12)).toString('hex')}`,
    isTaken: (status, body) => status === 200 && body === 'SUCCESS',
    letter,
    spoil: spoiled,
  })
  const trades = makeTrades({ ...parts, credentials, send: teller.send })
  return {
    channel: 'qfpay',
    handle,
    environment: () => qfpayEnvironment(credentials(), origin()),
    credentials: () => ({
      ...credentials(),
      openids: Object.fromEntries(['alice', 'bob', 'carol'].map((person) => [person, trades.openidOf(person)])),
    }),
    payments: () => trades.all().map(trades.shown),
    refunds: () =>
      trades.allRefunds().map((one) => ({
        outRefundNo: one.outTradeNo,
        ofTradeNo: trades.find(one.origssn)?.outTradeNo,
        amount: one.txamt,
        createdAt: one.createdAt,
        channel: 'qfpay',
      })),
    find: (code) => mapped(trades.find(code)),
    act,
    showCode: (person) => trades.mint(person, 'counter'),
    resend: teller.resend,
    resume: teller.resume,
  }

  function mapped(trade: QfTrade | undefined) {
    return trade && trades.shown(trade)
  }

  async function handle(exchange: Exchange): Promise<boolean> {
    if (!exchange.path.startsWith('/qfpay/')) return false
    const path = exchange.path.slice('/qfpay'.length)
    if (path.startsWith('/trade/') || path === '/tool/v1/get_weixin_openid') await api(exchange, path)
    else if (path === '/tool/v1/get_weixin_oauth_code') oauth(exchange)
    else if (path === '/q/direct' || path === '/pay') await page(exchange, path)
    else answer(exchange.response, 404, { respcd: '1104', resperr: 'no such address' })
    return true
  }

  async function api(exchange: Exchange, path: string): Promise<void> {
    const asked = new URLSearchParams(exchange.query)
    for (const [name, value] of new URLSearchParams(exchange.body.toString('utf8'))) asked.set(name, value)
    const fault = faults.take(callFaults, {
      path: exchange.path,
      method: exchange.method,
      outTradeNo: asked.get('out_trade_no') ?? undefined,
    })
    if (spoil.before(exchange, fault)) return
    if (fault === 'rate_limit') return answer(exchange.response, 429, { respcd: '1100', resperr: 'too many requests' })
    const said = await answered(exchange, path, asked, fault)
    if (spoil.after(exchange, fault)) return
    const body = pythonJson(said)
    if (spoil.body(exchange, fault, 200, Buffer.from(body))) return
    const sign = signBody(body, credentials().clientKey)
    const isWrong = fault === 'bad_signature' || fault === 'unknown_serial'
    const signed = fault === 'no_signature' ? {} : { 'X-QF-SIGN': isWrong ? [...sign].reverse().join('') : sign }
    answer(exchange.response, 200, Buffer.from(body), {
      'Content-Type': 'application/json; charset=utf-8',
      Date: new Date(clock.now()).toUTCString(),
      ...signed,
    })
  }

  async function answered(exchange: Exchange, path: string, asked: URLSearchParams, fault: CallFault | undefined): Promise<unknown> {
    try {
      assertCaller(exchange, asked)
      const refused = faultError(fault, path)
      if (refused) throw refused
      if (path === '/trade/v1/payment') return await trades.create(asked, fault)
      if (path === '/trade/v1/query') return fault === 'order_not_exist' ? { respcd: '0000', resperr: '', data: [] } : trades.query(asked)
      if (path === '/trade/v1/refund') return await trades.refund(asked)
      if (path === '/trade/v1/close') return trades.end(asked, 'close')
      if (path === '/trade/v1/reversal') return trades.end(asked, 'reversal')
      if (path === '/tool/v1/get_weixin_openid')
        return { respcd: '0000', resperr: '', respmsg: '', openid: trades.useOauth(asked.get('code') ?? '') }
      throw new QfpayError('1104', '接口不存在')
    } catch (error) {
      if (error instanceof QfpayError) return { respcd: error.respcd, resperr: error.message, respmsg: '' }
      throw error
    }
  }

  function assertCaller({ headers, method, path }: Exchange, asked: URLSearchParams): void {
    const { appCode, clientKey, mchid } = credentials()
    if (headers['x-qf-appcode']?.toUpperCase() !== appCode) throw new QfpayError('1113', '用户不存在')
    const right = signMembers(asked, clientKey, headers['x-qf-signtype'] ?? 'MD5')
    if (headers['x-qf-sign']?.toUpperCase() !== right) throw new QfpayError('1108', '签名错误')
    if (asked.get('mchid') !== mchid) throw new QfpayError('1104', 'mchid 参数错误')
    if (path.includes('/trade/') && method !== 'POST') throw new QfpayError('1103', '请求方法错误')
  }

  /** Back with a code at once; outside of WeChat's browser it says so. */
  function oauth({ query, headers, response }: Exchange): void {
    const { appCode, clientKey, mchid } = credentials()
    const target = query.get('redirect_uri') ?? ''
    const person = query.get('payer') ?? 'alice'
    const signed = new URLSearchParams(query)
    signed.delete('payer')
    const isOurs =
      query.get('app_code') === appCode &&
      query.get('sign') === signMembers(signed, clientKey, 'MD5') &&
      (query.get('mchid') ?? mchid) === mchid
    const isWeChat = /MicroMessenger/.test(headers['user-agent'] ?? '')
    const message =
      !isOurs || !URL.canParse(target)
        ? '签名错误 · The signature is wrong'
        : isWeChat
          ? undefined
          : '请在微信客户端打开链接 · Open this link in WeChat'
    if (message !== undefined) {
      answer(response, isOurs ? 200 : 400, payPage({ title: 'QFPay', merchant: 'oauth', lines: [], message }))
      return
    }
    const back = new URL(target)
    back.searchParams.set('code', trades.mint(person, 'oauth'))
    answer(response, 302, '', { Location: back.href })
  }

  /** QFPay's own cashier, and the page behind a pay_url. */
  async function page(exchange: Exchange, path: string): Promise<void> {
    const { query, response, method } = exchange
    const form = new URLSearchParams(exchange.body.toString('utf8'))
    const given = method === 'POST' ? form : query
    const trade =
      path === '/pay' ? trades.find(given.get('syssn') ?? '') : trades.find((given.get('package') ?? '').replace('prepay_id=', ''))
    const isWhole = trade && (path === '/pay' || (given.get('paySign') === trade.paySign && given.get('txamt') === String(trade.txamt)))
    if (!trade || !isWhole)
      return answer(
        response,
        400,
        payPage({ title: '微信支付', merchant: '', lines: [], message: '参数错误 · The parameters belong to no order' }),
      )
    const back = given.get('redirect_url') ?? trade.returnUrl
    if (method === 'POST') return decided(exchange, trade, form.get('do') ?? '', back ?? undefined)
    answer(
      response,
      200,
      payPage({
        title: path === '/pay' ? '付款' : '微信支付',
        merchant: given.get('mchntnm') ?? credentials().mchid,
        lines: [
          ['金额 · Amount', readable(trade.txamt, trade.txcurrcd)],
          ['商品 · Goods', given.get('goods_name') ?? trade.goodsName],
          ['订单 · Order', trade.outTradeNo],
        ],
        action: `/qfpay${path}`,
        fields: Object.fromEntries(given),
      }),
    )
  }

  async function decided({ response }: Exchange, trade: QfTrade, what: string, back: string | undefined): Promise<void> {
    let message = '已放弃支付 · Not paid'
    if (what === 'pay')
      message = await trades.pay(trade.outTradeNo).then(
        () => '支付成功 · Paid',
        (error: unknown) => (error instanceof ControlError ? `不能支付 · ${error.message}` : 'error'),
      )
    if (back !== undefined && URL.canParse(back)) answer(response, 303, '', { Location: back })
    else answer(response, 200, payPage({ title: 'QFPay', merchant: credentials().mchid, lines: [], message }))
  }

  async function act(outTradeNo: string, ask: Readonly<Record<string, unknown>>): Promise<unknown> {
    const person = typeof ask.payer === 'string' ? ask.payer : undefined
    switch (ask.do) {
      case 'pay':
        return trades.shown(await trades.pay(outTradeNo, { person, force: ask.force === true }))
      case 'pay_twice': {
        const paid = await trades.pay(outTradeNo, { person, force: ask.force === true })
        const [first] = [...state.tables.notification.values()].filter(
          (one) => one.channel === 'qfpay' && one.outTradeNo === paid.outTradeNo,
        )
        if (first) await teller.resend(first.id)
        return trades.shown(paid)
      }
      case 'fail':
        return trades.shown(trades.unpaid(outTradeNo, 'NOTPAY'))
      case 'user_paying':
        return trades.shown(trades.unpaid(outTradeNo, 'USERPAYING'))
      case 'refund_externally':
        return { outRefundNo: (await trades.refundOutside(outTradeNo, typeof ask.amount === 'number' ? ask.amount : undefined)).outTradeNo }
      default:
        throw new ControlError(400, 'do is one of pay, fail, pay_twice, user_paying, refund_externally')
    }
  }

  function letter({ resource }: Notification, fault: NotifyFault | undefined): Letter {
    const body = pythonJson(JSON.parse(resource))
    const sign = signBody(body, credentials().clientKey)
    const isForged = fault === 'forge_notify' || fault === 'probe_notify' || fault === 'undecryptable_notify'
    return {
      headers: { 'Content-Type': 'application/json', 'X-QF-SIGN': isForged ? [...sign].reverse().join('') : sign },
      body: Buffer.from(fault === 'truncate_notify' ? body.slice(0, -20) : body),
    }
  }

  function spoiled(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown> {
    if (fault === 'wrong_amount') return { ...resource, txamt: String(Number(resource.txamt ?? 0) - 1 || 1_000_001) }
    if (fault === 'wrong_currency') return { ...resource, txcurrcd: 'USD' }
    if (fault === 'wrong_merchant' || fault === 'wrong_app') return { ...resource, mchid: 'QF00000000' }
    if (fault === 'unknown_order') return { ...resource, out_trade_no: `U${Buffer.from(runtime.randomBytes(8)).toString('hex')}` }
    return resource
  }
}

function faultError(fault: CallFault | undefined, path: string): QfpayError | undefined {
  switch (fault) {
    case 'system_error':
      return new QfpayError('1252', '系统错误')
    case 'order_paid':
      return new QfpayError('1260', '订单已支付')
    case 'out_trade_no_used':
      return new QfpayError('1102', '重复请求')
    case 'not_enough':
      return path.includes('refund') ? new QfpayError('1269', '当日未结算款项不足') : new QfpayError('1201', '余额不足')
    case 'user_paying':
      return path.includes('payment') ? undefined : new QfpayError('1143', '等待付款人输入密码')
    default:
      return undefined
  }
}
