import { answer, type Exchange } from '../exchange.ts'
import { type CallFault, callFaults } from '../faults.ts'
import type { SideParts } from '../side.ts'
import { spoil } from '../spoil.ts'
import type { Book } from './book.ts'
import type { QfCodes } from './codes.ts'
import type { QfpayCredentials } from './credentials.ts'
import type { QfPayments } from './payments.ts'
import type { QfRefunds } from './refunds.ts'
import { QfpayError, wrongMember } from './rows.ts'
import { pythonJson, signBody, signMembers, wrongDigest } from './signing.ts'

type Parts = Pick<SideParts, 'clock' | 'faults'> & {
  readonly credentials: () => QfpayCredentials
  readonly book: Book
  readonly codes: QfCodes
  readonly payments: QfPayments
  readonly refunds: QfRefunds
  readonly query: (asked: URLSearchParams) => Record<string, unknown>
}
type Call = {
  readonly method: 'GET' | 'POST'
  readonly run: (asked: URLSearchParams, fault: CallFault | undefined) => unknown
}

/** openapi.qfapi.com: checks who calls, does what is asked, signs what it answers (fact sheet §2, §3). */
export function makeGateway({ clock, faults, credentials, book, codes, payments, refunds, query }: Parts) {
  const calls: Readonly<Record<string, Call>> = {
    '/trade/v1/payment': { method: 'POST', run: payments.create },
    '/trade/v1/query': { method: 'POST', run: (asked, fault) => (fault === 'order_not_exist' && isNamed(asked) ? nothing : query(asked)) },
    '/trade/v1/refund': { method: 'POST', run: refunds.request },
    '/trade/v1/close': { method: 'POST', run: refunds.close },
    '/trade/v1/reversal': { method: 'POST', run: refunds.reverse },
    '/tool/v1/get_weixin_openid': { method: 'GET', run: openid },
  }
  return { handle, knows: (path: string) => Object.hasOwn(calls, path) }

  async function handle(exchange: Exchange, path: string): Promise<void> {
    const asked = membersOf(exchange)
    const fault = faults.take(callFaults, { path: exchange.path, method: exchange.method, outTradeNo: orderIn(path, asked) })
    if (spoil.before(exchange, fault)) return
    if (fault === 'rate_limit') return answer(exchange.response, 429, { respcd: '1100', resperr: 'too many requests' })
    const said = await answered(exchange, { path, asked, fault })
    if (spoil.after(exchange, fault)) return
    send(exchange, pythonJson(said), fault)
  }

  function send(exchange: Exchange, body: string, fault: CallFault | undefined): void {
    if (spoil.body(exchange, fault, 200, Buffer.from(body))) return
    const sign = signBody(body, credentials().clientKey)
    const isWrong = fault === 'bad_signature' || fault === 'unknown_serial'
    answer(exchange.response, 200, Buffer.from(body), {
      'Content-Type': 'application/json; charset=utf-8',
      Date: new Date(clock.now()).toUTCString(),
      ...(fault === 'no_signature' ? {} : { 'X-QF-SIGN': isWrong ? wrongDigest(sign) : sign }),
    })
  }

  async function answered(
    exchange: Exchange,
    { path, asked, fault }: { path: string; asked: URLSearchParams; fault: CallFault | undefined },
  ): Promise<unknown> {
    try {
      const call = calls[path]
      if (call?.method !== exchange.method) throw new QfpayError('1103', '请求方法错误')
      assertCaller(exchange, asked)
      const refused = faultError(fault, path)
      if (refused) throw refused
      return await call.run(asked, fault)
    } catch (error) {
      if (error instanceof QfpayError) return { respcd: error.respcd, resperr: error.message, respmsg: '' }
      throw error
    }
  }

  /** Whoever was given a merchant number sends it with every call. */
  function assertCaller({ headers }: Exchange, asked: URLSearchParams): void {
    const { appCode, clientKey, mchid } = credentials()
    if (headers['x-qf-appcode']?.toUpperCase() !== appCode) throw new QfpayError('1113', '用户不存在')
    const right = signMembers(asked, clientKey, headers['x-qf-signtype'] ?? 'MD5')
    if (right === undefined || headers['x-qf-sign']?.toUpperCase() !== right) throw new QfpayError('1108', '签名错误')
    if (asked.get('mchid') !== mchid) throw wrongMember('mchid')
  }

  function openid(asked: URLSearchParams): Record<string, unknown> {
    return { respcd: '0000', resperr: '', respmsg: '', openid: codes.useForOpenid(asked.get('code') ?? '') }
  }

  /** The payment a call is about, so that a fault can be aimed at one order. */
  function orderIn(path: string, asked: URLSearchParams): string | undefined {
    const bySyssn = book.bySyssn(asked.get('syssn') ?? '')?.outTradeNo
    const named = asked.get('out_trade_no') ?? undefined
    // A refund's own number is not its payment's.
    return path === '/trade/v1/refund' ? (bySyssn ?? named) : (named ?? bySyssn)
  }
}

/** A list without a number is of a time, and what is in it is there. */
function isNamed(asked: URLSearchParams): boolean {
  return asked.has('out_trade_no') || asked.has('syssn')
}

const nothing = { respcd: '0000', resperr: '', respmsg: '', page: 1, page_size: 10, data: [] }

/** In the body, or where the official samples put them: in the query. */
function membersOf({ query, body }: Exchange): URLSearchParams {
  const all = new URLSearchParams(query)
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) all.set(name, value)
  return all
}

/** Refusals that were asked for. */
function faultError(fault: CallFault | undefined, path: string): QfpayError | undefined {
  switch (fault) {
    case 'system_error':
      return new QfpayError('1252', '系统错误')
    case 'order_paid':
      return new QfpayError('1260', '订单已支付')
    case 'out_trade_no_used':
      return new QfpayError('1102', '重复请求')
    case 'order_not_exist':
      // A query says so by an empty list.
      return path.endsWith('/query') ? undefined : new QfpayError('1268', '订单不存在')
    case 'not_enough':
      return path.endsWith('/refund') ? new QfpayError('1269', '当日未结算款项不足') : new QfpayError('1201', '余额不足')
    case 'user_paying':
      // A payment by a code is made, and waits.
      return path.endsWith('/payment') ? undefined : new QfpayError('1143', '等待付款人输入密码')
    default:
      return undefined
  }
}
