import { ControlError } from '../errors.ts'
import { answer, type Exchange } from '../exchange.ts'
import { payPage, readable } from '../pages.ts'
import type { Book } from './book.ts'
import { isName, type QfCodes } from './codes.ts'
import type { QfpayCredentials } from './credentials.ts'
import type { PayParams } from './pay-params.ts'
import type { QfPayments } from './payments.ts'
import type { QfTrade } from './rows.ts'
import { signMembers } from './signing.ts'

const addressMaxLength = 512

type Parts = {
  readonly credentials: () => QfpayCredentials
  readonly book: Book
  readonly codes: QfCodes
  readonly payments: QfPayments
  readonly payParams: PayParams
}
type Shown = { readonly path: string; readonly given: URLSearchParams; readonly trade: QfTrade; readonly back: string | undefined }

/** What a payer's browser is led to: the way to a code, QFPay's own cashier, and the page behind a pay_url (fact sheet §7, §8). */
export function makePages({ credentials, book, codes, payments, payParams }: Parts) {
  return { oauth, cashier }

  /** Back with a code at once; outside of WeChat's browser it says so. */
  function oauth({ query, headers, response }: Exchange): void {
    const person = query.get('payer') ?? 'alice'
    const problem = oauthProblem(query, person)
    if (problem !== undefined) told(response, 400, problem)
    else if (!/MicroMessenger/.test(headers['user-agent'] ?? '')) told(response, 200, '请在微信客户端打开链接 · Open this link in WeChat')
    else {
      const back = new URL(query.get('redirect_uri') ?? '')
      back.searchParams.set('code', codes.mint(person, 'oauth'))
      answer(response, 302, '', { Location: back.href })
    }
  }

  /** `payer` is ours, to say who it is, and so not signed. */
  function oauthProblem(query: URLSearchParams, person: string): string | undefined {
    const { appCode, clientKey, mchid } = credentials()
    const signed = new URLSearchParams(query)
    signed.delete('payer')
    const isOurs = query.get('app_code') === appCode && query.get('mchid') === mchid
    if (!isOurs || query.get('sign')?.toUpperCase() !== signMembers(signed, clientKey, 'MD5')) return '签名错误 · The signature is wrong'
    if (!isAddress(query.get('redirect_uri'))) return 'redirect_uri 参数错误 · redirect_uri is wrong'
    return isName(person) ? undefined : 'payer is not a name of 1 to 40 letters and digits'
  }

  /** Shows what is to be paid; a form says what the payer does. */
  async function cashier(exchange: Exchange, path: '/q/direct' | '/pay'): Promise<void> {
    const { method, query, body, response } = exchange
    const given = method === 'POST' ? new URLSearchParams(body.toString('utf8')) : query
    const trade = path === '/pay' ? book.bySyssn(given.get('syssn') ?? '') : directTrade(given)
    if (!trade) return told(response, 400, '参数错误 · The parameters belong to no order')
    const shown = { path, given, trade, back: given.get('redirect_url') ?? trade.returnUrl }
    if (method === 'POST') return decided(exchange, shown)
    answer(response, 200, pageOf(shown))
  }

  /** The order that all of the parameters belong to, as they were given out. */
  function directTrade(given: URLSearchParams): QfTrade | undefined {
    const trade = book.find(given.get('package') ?? '')
    const isWhole = (given.get('mchntnm') ?? '') !== '' && isAddress(given.get('redirect_url'))
    const isSame = given.get('txamt') === String(trade?.txamt) && given.get('currency') === trade?.txcurrcd
    return isWhole && isSame && payParams.isGenuine(given) ? trade : undefined
  }

  function pageOf({ path, given, trade }: Shown, said = problemOf(trade)): string {
    const page = {
      title: path === '/pay' ? '付款 · Payment' : '微信支付 · WeChat Pay',
      merchant: given.get('mchntnm') ?? credentials().mchid,
      lines: [
        ['金额 · Amount', readable(trade.txamt, trade.txcurrcd)],
        ['商品 · Goods', (given.get('goods_name') ?? trade.goodsName) || '–'],
        ['订单 · Order', trade.outTradeNo],
      ],
    } as const
    return payPage(
      said === undefined ? { ...page, action: `/qfpay${path}`, fields: Object.fromEntries(given) } : { ...page, message: said },
    )
  }

  function problemOf(trade: QfTrade): string | undefined {
    const state = book.stateOf(trade)
    if (state === 'SUCCESS') return '订单已支付 · Paid already'
    return state === 'CLOSED' ? '订单已关闭或过期 · Closed or expired' : undefined
  }

  /** Paid or not, the payer is led back; to be led back proves nothing. */
  async function decided({ response }: Exchange, shown: Shown): Promise<void> {
    const { given, trade, back } = shown
    const isPaying = given.get('do') === 'pay' && book.stateOf(trade) !== 'SUCCESS'
    const problem = isPaying ? await triedToPay(trade) : undefined
    if (problem !== undefined) return answer(response, 409, pageOf(shown, problem))
    if (back !== undefined && isAddress(back)) return answer(response, 303, '', { Location: back })
    answer(response, 200, pageOf(shown, given.get('do') === 'pay' ? '支付成功 · Paid' : '已放弃支付 · Not paid'))
  }

  async function triedToPay({ outTradeNo }: QfTrade): Promise<string | undefined> {
    try {
      await payments.pay(outTradeNo)
      return undefined
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      return `不能支付 · ${error.message}`
    }
  }

  function told(response: Exchange['response'], status: number, message: string): void {
    answer(response, status, payPage({ title: 'QFPay', merchant: credentials().mchid, lines: [], message }))
  }
}

function isAddress(text: string | null): boolean {
  return text !== null && text.length <= addressMaxLength && URL.canParse(text) && /^https?:/.test(text)
}
