import { people } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import { answer, type Exchange } from '../exchange.ts'
import type { ShownPayment, Side, SideParts } from '../side.ts'
import { makeBook } from './book.ts'
import { makeCodes } from './codes.ts'
import { makeQfpayCredentials, type QfpayCredentials, qfpayEnvironment } from './credentials.ts'
import { makeGateway } from './gateway.ts'
import { makeNotices } from './notices.ts'
import { makePages } from './pages.ts'
import { makePayParams } from './pay-params.ts'
import { makePayments } from './payments.ts'
import { makeQuery } from './query.ts'
import { makeRefunds } from './refunds.ts'
import type { QfTrade } from './rows.ts'
import { makeWire } from './wire.ts'

/** QFPay: its tools, its trades, its pages, on the paths below /qfpay (QFPay fact sheet). `given` stands before what was kept or made. */
export function makeQfpaySide(parts: SideParts, given: Partial<QfpayCredentials> = {}): Side {
  const { state, clock, origin } = parts
  const kept = state.table<QfpayCredentials>('qfpay.credentials')
  const known = { ...(kept.rows.get('only') ?? makeQfpayCredentials(parts.runtime)), ...given }
  kept.put('only', known)
  const credentials = () => known
  const book = makeBook(parts)
  const base = { ...parts, credentials, book }
  const codes = makeCodes(base)
  const wire = makeWire({ book, codes, credentials })
  const payParams = makePayParams(base)
  const notices = makeNotices({ ...base, wire })
  const payments = makePayments({ ...base, codes, wire, payParams, notices })
  const refunds = makeRefunds({ ...base, notices })
  const gateway = makeGateway({ ...base, codes, payments, refunds, query: makeQuery({ book, wire, clock }) })
  const pages = makePages({ credentials, book, codes, payments, payParams })
  return {
    channel: 'qfpay',
    handle,
    environment: () => qfpayEnvironment(known, origin()),
    credentials: () => ({ ...known, openids: Object.fromEntries(people.map((person) => [person, codes.openidOf(person)])) }),
    payments: () => book.trades().map(shown),
    refunds: shownRefunds,
    find: (code) => mapped(book.find(code)),
    act,
    showCode: (person) => codes.mint(person, 'counter'),
    resend: notices.resend,
    resume: notices.resume,
  }

  async function handle(exchange: Exchange): Promise<boolean> {
    if (!exchange.path.startsWith('/qfpay/')) return false
    const path = exchange.path.slice('/qfpay'.length)
    if (gateway.knows(path)) await gateway.handle(exchange, path)
    else if (path === '/tool/v1/get_weixin_oauth_code') pages.oauth(exchange)
    else if (path === '/q/direct' || path === '/pay') await pages.cashier(exchange, path)
    else answer(exchange.response, 404, { respcd: '1104', resperr: 'no such address' })
    return true
  }

  async function act(outTradeNo: string, ask: Readonly<Record<string, unknown>>): Promise<unknown> {
    const paying = { person: typeof ask.payer === 'string' ? ask.payer : undefined, force: ask.force === true }
    switch (ask.do) {
      case 'pay':
        return shown(await payments.pay(outTradeNo, paying))
      case 'pay_twice': {
        const paid = await payments.pay(outTradeNo, paying)
        await notices.again(paid.outTradeNo)
        return shown(paid)
      }
      case 'fail':
        return shown(payments.fail(outTradeNo))
      case 'user_paying':
        return shown(payments.typing(outTradeNo))
      case 'refund_externally':
        return { outRefundNo: refunds.outside(outTradeNo, typeof ask.amount === 'number' ? ask.amount : undefined).outTradeNo }
      default:
        throw new ControlError(400, 'do is one of pay, fail, pay_twice, user_paying, refund_externally')
    }
  }

  function shownRefunds(): ReadonlyArray<Record<string, unknown>> {
    return book.refunds().map(({ outTradeNo: outRefundNo, origssn, txamt: amount, createdAt }) => ({
      outRefundNo,
      ofTradeNo: book.bySyssn(origssn)?.outTradeNo,
      amount,
      currency: book.bySyssn(origssn)?.txcurrcd,
      createdAt,
      channel: 'qfpay',
    }))
  }

  function mapped(trade: QfTrade | undefined): ShownPayment | undefined {
    return trade && shown(trade)
  }

  function shown(trade: QfTrade): ShownPayment {
    const { outTradeNo, txamt: total, txcurrcd: currency, payType: tradeType, goodsName, syssn, cancel, expiresAt, paidAt } = trade
    return {
      outTradeNo,
      channel: 'qfpay',
      description: goodsName === '' ? outTradeNo : goodsName,
      total,
      currency,
      tradeType,
      tradeState: tradeState(trade),
      merchant: known.mchid,
      syssn,
      cancel,
      transactionId: syssn,
      expiresAt,
      paidAt,
    }
  }

  function tradeState(trade: QfTrade): ShownPayment['tradeState'] {
    const now = book.stateOf(trade)
    if (now === 'SUCCESS' && trade.cancel !== '0') return 'REFUND'
    return now === 'FAILED' ? 'CLOSED' : now
  }
}
