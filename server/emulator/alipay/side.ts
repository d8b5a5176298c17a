import { createHash, createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { ControlError } from '../errors.ts'
import { answer, type Exchange } from '../exchange.ts'
import { type CallFault, callFaults, type NotifyFault } from '../faults.ts'
import { payPage, readable } from '../pages.ts'
import type { RsaPair } from '../runtime.ts'
import type { Side, SideParts } from '../side.ts'
import { spoil } from '../spoil.ts'
import type { Notification } from '../state.ts'
import { type Letter, makeTeller } from '../teller.ts'
import { dayBill } from './bill.ts'
import { type AlipayCredentials, alipayEnvironment, makeAlipayCredentials } from './credentials.ts'
import { AlipayError, type AliTrade, business } from './rows.ts'
import { type Answer, type Asked, makeAliTrades } from './trades.ts'

const minute = 60_000
/** 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h: eight in all. */
export const alipayLadder = [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minute)
const billLifeMs = 30_000

type Said = { readonly code?: string | undefined; readonly content: Answer }

/** Alipay: its gateway, its pages and its login, on the paths below /alipay (Alipay fact sheet). */
export async function makeAlipaySide(parts: SideParts, keys?: readonly RsaPair[]): Promise<Side> {
  const { state, clock, runtime, faults, origin } = parts
  const kept = state.table<AlipayCredentials>('alipay.credentials')
  const made = kept.rows.get('only') ?? (await makeAlipayCredentials(runtime, keys))
  if (!kept.rows.has('only')) kept.put('only', made)
  const credentials = () => kept.rows.get('only') ?? made
  const files = new Map<string, { bytes: Buffer; madeAt: number }>()
  const teller = makeTeller(parts, {
    channel: 'alipay',
    ladder: alipayLadder,
    newId: () => Buffer.from(runtime.randomBytes(17)).toString('hex'),
    isTaken: (status, body) => status === 200 && body === 'success',
    letter,
    spoil: spoiled,
  })
  const trades = makeAliTrades({ ...parts, credentials, send: teller.send })
  const methods: Readonly<Record<string, (asked: Asked, members: URLSearchParams, fault: CallFault | undefined) => Promise<Said> | Said>> =
    {
      'alipay.trade.create': (asked) => ok(trades.create('alipay.trade.create', asked)),
      'alipay.trade.precreate': (asked) => ok(trades.create('alipay.trade.precreate', asked)),
      'alipay.trade.pay': (asked, _members, fault) => trades.payByCode(asked, fault),
      'alipay.trade.query': ({ content }) => ok(trades.query(content)),
      'alipay.trade.close': ({ content }) => ok(trades.close(content)),
      'alipay.trade.cancel': ({ content }) => ok(trades.cancel(content)),
      'alipay.trade.refund': ({ content }) => ok(trades.refund(content)),
      'alipay.trade.fastpay.refund.query': ({ content }) => ok(trades.queryRefund(content)),
      'alipay.system.oauth.token': ({ appId }, members) => ({ content: trades.login(members.get('code') ?? '', appId) }),
      'alipay.data.dataservice.bill.downloadurl.query': ({ content }) => ok(bill(content.bill_date ?? '')),
      'alipay.open.app.alipaycert.download': () =>
        ok({ alipay_cert_content: Buffer.from(credentials().certificates.alipay).toString('base64') }),
    }
  return {
    channel: 'alipay',
    handle,
    environment: () => alipayEnvironment(credentials(), origin()),
    credentials: () => ({ ...credentials(), gateway: `${origin()}/alipay/gateway.do` }),
    payments: () => trades.all().map(trades.shown),
    refunds: () =>
      trades.allRefunds().map((one) => ({
        outRefundNo: one.outRequestNo,
        ofTradeNo: one.outTradeNo,
        amount: one.fen,
        createdAt: one.at,
        channel: 'alipay',
      })),
    find: (code) => shownOf(trades.find(code)),
    act,
    showCode: (person) => trades.mint(person, 'counter'),
    loginCode: (person) => trades.mint(person, 'login'),
    resend: teller.resend,
    resume: teller.resume,
  }

  function shownOf(trade: AliTrade | undefined) {
    return trade && trades.shown(trade)
  }

  async function handle(exchange: Exchange): Promise<boolean> {
    if (!exchange.path.startsWith('/alipay/')) return false
    const path = exchange.path.slice('/alipay'.length)
    if (path === '/gateway.do') await gateway(exchange)
    else if (path === '/oauth2/publicAppAuthorize.htm') oauth(exchange)
    else if (path === '/cashier') await decided(exchange)
    else if (path === '/bill') download(exchange)
    else answer(exchange.response, 404, '<p>404</p>')
    return true
  }

  async function gateway(exchange: Exchange): Promise<void> {
    const members = new URLSearchParams(exchange.query)
    for (const [name, value] of new URLSearchParams(exchange.body.toString('utf8'))) members.set(name, value)
    const method = members.get('method') ?? ''
    if (method === 'alipay.trade.wap.pay' || method === 'alipay.trade.page.pay' || method === 'alipay.trade.app.pay')
      return cashier(exchange, members, method)
    const number = /"out_trade_no"\s*:\s*"([^"]{1,64})"/.exec(members.get('biz_content') ?? '')?.[1]
    const fault = faults.take(callFaults, { path: exchange.path, method: exchange.method, outTradeNo: number ?? numberOfTrade(members) })
    if (spoil.before(exchange, fault)) return
    const text = await answered(members, method, fault)
    if (spoil.after(exchange, fault)) return
    if (spoil.body(exchange, fault, 200, Buffer.from(text))) return
    answer(exchange.response, 200, Buffer.from(text), {
      'Content-Type': 'text/html;charset=utf-8',
      Date: new Date(clock.now()).toUTCString(),
    })
  }

  function numberOfTrade(members: URLSearchParams): string | undefined {
    const tradeNo = /"trade_no"\s*:\s*"(\d{1,64})"/.exec(members.get('biz_content') ?? '')?.[1]
    return tradeNo === undefined ? undefined : trades.find(tradeNo)?.outTradeNo
  }

  async function answered(members: URLSearchParams, method: string, fault: CallFault | undefined): Promise<string> {
    try {
      assertCaller(members)
    } catch (error) {
      // Who calls is not known: an error without a signature.
      if (error instanceof AlipayError) return JSON.stringify({ error_response: refusal(error) })
      throw error
    }
    return signed(method, await said(members, method, fault), members, fault)
  }

  async function said(members: URLSearchParams, method: string, fault: CallFault | undefined): Promise<Record<string, unknown>> {
    try {
      const refused = faultError(fault, method)
      if (refused) throw refused
      const work = methods[method]
      if (!work) throw new AlipayError('40004', 'isv.invalid-method', '不存在的方法名')
      const { code, content } = await work(askedIn(members), members, fault)
      return code === undefined ? { ...content } : { code, msg: code === '10003' ? 'order success pay inprocess' : 'Success', ...content }
    } catch (error) {
      if (error instanceof AlipayError) return refusal(error)
      throw error
    }
  }

  function askedIn(members: URLSearchParams): Asked {
    const content: Record<string, string> = {}
    try {
      const given: unknown = JSON.parse(members.get('biz_content') ?? '{}')
      for (const [name, value] of Object.entries(given ?? {}))
        if (typeof value === 'string' || typeof value === 'number') content[name] = String(value)
    } catch {
      throw new AlipayError('40002', 'isv.invalid-parameter', 'biz_content不是合法的JSON')
    }
    return {
      appId: members.get('app_id') ?? '',
      notifyUrl: members.get('notify_url') ?? '',
      returnUrl: members.get('return_url') ?? undefined,
      content,
    }
  }

  /** The object's own text is what is signed; slashes are escaped in it, as the real gateway does now and then. */
  async function signed(
    method: string,
    content: Record<string, unknown>,
    members: URLSearchParams,
    fault: CallFault | undefined,
  ): Promise<string> {
    const text = JSON.stringify(content).replaceAll('/', '\\/')
    const signature = Buffer.from(await runtime.signRsaSha256(createPrivateKey(credentials().alipay.privateKey), Buffer.from(text)))
    const isWrong = fault === 'bad_signature' || fault === 'unknown_serial'
    const sign = (isWrong ? signature.reverse() : signature).toString('base64')
    const certificate = members.has('app_cert_sn') ? `"alipay_cert_sn":"${serialOf(credentials().certificates.alipay)}",` : ''
    const name = `${method.replaceAll('.', '_')}_response`
    return fault === 'no_signature' ? `{"${name}":${text}}` : `{"${name}":${text},${certificate}"sign":"${sign}"}`
  }

  function assertCaller(members: URLSearchParams): void {
    const { app, miniprogram } = credentials()
    const caller = [app, miniprogram].find((one) => one.appId === members.get('app_id'))
    if (!caller) throw new AlipayError('40002', 'isv.invalid-app-id', '无效的AppID参数')
    if (members.get('sign_type') !== 'RSA2') throw new AlipayError('40002', 'isv.invalid-signature-type', '无效的签名类型')
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(members.get('timestamp') ?? ''))
      throw new AlipayError('40002', 'isv.invalid-timestamp', '非法的时间戳参数')
    const text = [...members]
      .filter(([name, value]) => name !== 'sign' && value !== '')
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    const isGood = verify('sha256', Buffer.from(text), createPublicKey(caller.publicKey), Buffer.from(members.get('sign') ?? '', 'base64'))
    if (!isGood) throw new AlipayError('40002', 'isv.invalid-signature', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配')
  }

  /** A web payment: opening the signed address is what makes the trade. */
  function cashier({ response }: Exchange, members: URLSearchParams, method: string): void {
    try {
      assertCaller(members)
      const asked = askedIn(members)
      trades.create(method, asked)
      const trade = trades.find(asked.content.out_trade_no ?? '')
      if (!trade) throw business('TRADE_NOT_EXIST', '交易不存在')
      answer(response, 200, pageOf(trades.open(trade)))
    } catch (error) {
      if (!(error instanceof AlipayError)) throw error
      answer(response, 200, payPage({ title: '支付宝', merchant: '', lines: [], message: `${error.message} · ${error.subCode}` }))
    }
  }

  function pageOf(trade: AliTrade, message?: string): string {
    const lines: ReadonlyArray<readonly [string, string]> = [
      ['金额 · Amount', readable(trade.totalFen, 'CNY')],
      ['商品 · Goods', trade.subject],
      ['订单 · Order', trade.outTradeNo],
    ]
    const open = { title: '支付宝', merchant: credentials().pid, lines }
    return payPage(
      message === undefined ? { ...open, action: '/alipay/cashier', fields: { out_trade_no: trade.outTradeNo } } : { ...open, message },
    )
  }

  async function decided({ body, response }: Exchange): Promise<void> {
    const form = new URLSearchParams(body.toString('utf8'))
    const trade = trades.find(form.get('out_trade_no') ?? '')
    if (!trade) {
      answer(response, 404, payPage({ title: '支付宝', merchant: '', lines: [], message: '交易不存在 · No such trade' }))
      return
    }
    let message = '已放弃支付 · Not paid'
    if (form.get('do') === 'pay')
      message = await trades.pay(trade.outTradeNo, {}).then(
        () => '支付成功 · Paid',
        (error: unknown) => `不能支付 · ${error instanceof ControlError ? error.message : 'error'}`,
      )
    if (trade.returnUrl !== undefined && URL.canParse(trade.returnUrl)) answer(response, 303, '', { Location: trade.returnUrl })
    else answer(response, 200, pageOf(trade, message))
  }

  function oauth({ query, response }: Exchange): void {
    const { app, miniprogram } = credentials()
    const target = query.get('redirect_uri') ?? ''
    const isOurs = [app.appId, miniprogram.appId].includes(query.get('app_id') ?? '')
    if (!isOurs || !URL.canParse(target)) {
      answer(response, 400, payPage({ title: '支付宝', merchant: '', lines: [], message: 'redirect_uri 或 app_id 不正确 · is wrong' }))
      return
    }
    const back = new URL(target)
    back.searchParams.set('auth_code', trades.mint(query.get('payer') ?? 'alice', 'login'))
    back.searchParams.set('state', query.get('state') ?? '')
    answer(response, 302, '', { Location: back.href })
  }

  function bill(day: string): Answer {
    if (!/^\d{4}-\d\d-\d\d$/.test(day) || clock.now() < Date.parse(`${day}T00:00:00+08:00`) + 34 * 60 * minute)
      throw new AlipayError('40004', 'isv.invalid-arguments', '账单日期不正确')
    const bytes = dayBill(day, trades.all(), trades.allRefunds())
    if (!bytes) throw new AlipayError('40004', 'isp.bill_not_exist', '账单不存在')
    const token = Buffer.from(runtime.randomBytes(16)).toString('hex')
    files.set(token, { bytes, madeAt: clock.now() })
    return { bill_download_url: `${origin()}/alipay/bill?token=${token}` }
  }

  function download({ query, response }: Exchange): void {
    const file = files.get(query.get('token') ?? '')
    if (!file || clock.now() > file.madeAt + billLifeMs) answer(response, 403, '<p>expired</p>')
    else answer(response, 200, file.bytes, { 'Content-Type': 'application/zip' })
  }

  async function act(outTradeNo: string, ask: Readonly<Record<string, unknown>>): Promise<unknown> {
    const person = typeof ask.payer === 'string' ? ask.payer : undefined
    switch (ask.do) {
      case 'pay':
        return trades.shown(await trades.pay(outTradeNo, { person, force: ask.force === true }))
      case 'pay_twice': {
        const paid = await trades.pay(outTradeNo, { person, force: ask.force === true })
        const [first] = [...state.tables.notification.values()].filter(
          (one) => one.channel === 'alipay' && one.outTradeNo === paid.outTradeNo,
        )
        if (first) await teller.resend(first.id)
        return trades.shown(paid)
      }
      case 'fail':
      case 'user_paying':
        return trades.shown(trades.unpaid(outTradeNo))
      case 'refund_externally':
        return { outRefundNo: trades.refundOutside(outTradeNo, typeof ask.amount === 'number' ? ask.amount : undefined) }
      default:
        throw new ControlError(400, 'do is one of pay, fail, pay_twice, user_paying, refund_externally')
    }
  }

  async function letter({ id, resource }: Notification, fault: NotifyFault | undefined): Promise<Letter> {
    const members: Record<string, string> = { ...JSON.parse(resource), notify_id: id }
    const text = Object.entries(members)
      .filter(([name]) => name !== 'sign_type')
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    const signature = Buffer.from(await runtime.signRsaSha256(createPrivateKey(credentials().alipay.privateKey), Buffer.from(text)))
    const isForged = fault === 'forge_notify' || fault === 'probe_notify' || fault === 'undecryptable_notify'
    const body = new URLSearchParams({ ...members, sign: (isForged ? signature.reverse() : signature).toString('base64') }).toString()
    return {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(fault === 'truncate_notify' ? body.slice(0, -20) : body),
    }
  }

  function spoiled(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown> {
    if (fault === 'wrong_amount') return { ...resource, total_amount: '0.01' }
    if (fault === 'wrong_currency') return { ...resource, trans_currency: 'USD' }
    if (fault === 'wrong_app')
      return {
        ...resource,
        app_id: credentials().miniprogram.appId === resource.app_id ? credentials().app.appId : credentials().miniprogram.appId,
      }
    if (fault === 'wrong_merchant') return { ...resource, seller_id: '2088000000000000' }
    if (fault === 'unknown_order') return { ...resource, out_trade_no: `U${Buffer.from(runtime.randomBytes(8)).toString('hex')}` }
    return resource
  }
}

function ok(content: Answer): Said {
  return { code: '10000', content }
}

function refusal({ code, subCode, message }: AlipayError): Record<string, string> {
  const words: Readonly<Record<string, string>> = {
    '20000': 'Service Currently Unavailable',
    '40002': 'Invalid Arguments',
    '40004': 'Business Failed',
    '40005': 'Call Limited',
  }
  return { code, msg: words[code] ?? 'Error', sub_code: subCode, sub_msg: message }
}

function faultError(fault: CallFault | undefined, method: string): AlipayError | undefined {
  switch (fault) {
    case 'system_error':
      return new AlipayError('20000', 'isp.unknow-error', '系统繁忙')
    case 'rate_limit':
      return new AlipayError('40005', 'isv.call-limited', '调用频次超限')
    case 'order_paid':
      return business('TRADE_HAS_SUCCESS', '交易已被支付')
    case 'out_trade_no_used':
      return business('CONTEXT_INCONSISTENT', '交易信息被篡改')
    case 'order_not_exist':
      return business('TRADE_NOT_EXIST', '交易不存在')
    case 'not_enough':
      return method === 'alipay.trade.refund'
        ? business('SELLER_BALANCE_NOT_ENOUGH', '卖家余额不足')
        : business('BUYER_BALANCE_NOT_ENOUGH', '买家余额不足')
    default:
      return undefined
  }
}

/** As Alipay counts its certificates. */
function serialOf(pem: string): string {
  const certificate = new X509Certificate(pem)
  const issuer = certificate.issuer.split('\n').reverse().join(',')
  return createHash('md5')
    .update(issuer + BigInt(`0x${certificate.serialNumber}`).toString(10))
    .digest('hex')
}
