import { billTime, type Clock } from '../clock.ts'
import { digits } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { EmulatorRuntime } from '../runtime.ts'
import type { Book } from './book.ts'
import type { QfpayCredentials } from './credentials.ts'
import { members } from './members.ts'
import type { Notices } from './notices.ts'
import { wayOf } from './pay-types.ts'
import { QfpayError, type QfRefund, type QfTrade } from './rows.ts'

export type QfRefunds = ReturnType<typeof makeRefunds>
type Parts = {
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly book: Book
  readonly notices: Notices
  readonly credentials: () => QfpayCredentials
}
type Given = { readonly outTradeNo: string; readonly txamt: number; readonly txdtm: string }

/** Money back, and orders undone before there was any (fact sheet §9.2, §9.3). */
export function makeRefunds({ clock, runtime, book, notices, credentials }: Parts) {
  return { request, outside, close, reverse }

  /** Of a paid transaction, by QFPay's own number; a number is taken once, also from a payment. */
  function request(asked: URLSearchParams): Record<string, unknown> {
    const syssn = members.needed(asked, 'syssn', 40)
    const given = { outTradeNo: members.number(asked), txamt: members.amount(asked), txdtm: members.time(asked, 'txdtm') }
    if (book.isUsed(given.outTradeNo)) throw new QfpayError('1102', '重复请求')
    const trade = book.bySyssn(syssn)
    if (!trade) throw new QfpayError('1268', '订单不存在')
    if (trade.state !== 'SUCCESS') throw new QfpayError('1261', '订单未支付')
    const left = leftOf(trade)
    if (left === 0) throw new QfpayError('1262', '订单已退款')
    if (given.txamt > left) throw new QfpayError('1272', '退款金额超过可退金额')
    const made = give(trade, given)
    notices.ofRefundSoon(made)
    return {
      respcd: '0000',
      resperr: '',
      respmsg: '',
      syssn: made.syssn,
      orig_syssn: made.origssn,
      out_trade_no: made.outTradeNo,
      txamt: String(made.txamt),
      txcurrcd: trade.txcurrcd,
      txdtm: made.txdtm,
      sysdtm: billTime(made.createdAt),
    }
  }

  /** By the merchant's staff, in QFPay's portal. @throws ControlError */
  function outside(code: string, amount?: number): QfRefund {
    const trade = book.needed(code)
    if (trade.state !== 'SUCCESS') throw new ControlError(409, `${trade.outTradeNo} is not paid`)
    const txamt = amount ?? leftOf(trade)
    const isPossible = Number.isSafeInteger(txamt) && txamt >= 1 && txamt <= leftOf(trade)
    if (!isPossible) throw new ControlError(409, `amount is ${txamt}; from 1 to ${leftOf(trade)} is left`)
    const made = give(trade, { outTradeNo: `portal${digits(runtime, 20)}`, txamt, txdtm: billTime(clock.now()) })
    notices.ofRefundSoon(made)
    return made
  }

  function give(trade: QfTrade, given: Given): QfRefund {
    const made: QfRefund = { ...given, syssn: book.newSyssn(), origssn: trade.syssn, createdAt: clock.now() }
    book.putRefund(made)
    const whole = isCode(trade) ? '1' : '3'
    book.put({ ...trade, cancel: leftOf(trade) === 0 ? whole : '5' })
    return made
  }

  /** An order that was not paid ends; a paid one is to be refunded instead. */
  function close(asked: URLSearchParams): Record<string, unknown> {
    const trade = named(asked)
    if (trade.state === 'SUCCESS') throw new QfpayError('1260', '订单已支付')
    if (trade.state === 'CLOSED') throw new QfpayError('1264', '订单已关闭')
    return ended(trade, book.newSyssn())
  }

  /** As closing; what was paid by a code goes back whole. */
  function reverse(asked: URLSearchParams): Record<string, unknown> {
    const trade = named(asked)
    if (trade.state === 'CLOSED') throw new QfpayError('1263', '订单已撤销')
    if (trade.state !== 'SUCCESS') return ended(trade, book.newSyssn())
    if (!isCode(trade)) throw new QfpayError('1260', '订单已支付')
    if (trade.cancel !== '0') throw new QfpayError('1262', '订单已退款')
    const given = give(trade, { outTradeNo: `undo${digits(runtime, 20)}`, txamt: trade.txamt, txdtm: trade.txdtm })
    return saidEnded(trade, given.syssn)
  }

  /** The order as the merchant names it; the amount and time are those it was made with. */
  function named(asked: URLSearchParams): QfTrade {
    const [txamt, txdtm] = [members.amount(asked), members.time(asked, 'txdtm')]
    const trade = asked.has('syssn') ? book.bySyssn(asked.get('syssn') ?? '') : book.byNumber(members.number(asked))
    if (!trade) throw new QfpayError('1268', '订单不存在')
    if (txamt !== trade.txamt) throw new QfpayError('1266', '订单金额不一致')
    if (txdtm !== trade.txdtm) throw new QfpayError('1267', '订单信息不一致')
    return trade
  }

  function ended(trade: QfTrade, syssn: string): Record<string, unknown> {
    book.put({ ...trade, state: 'CLOSED', cancel: isCode(trade) ? '1' : '2' })
    return saidEnded(trade, syssn)
  }

  function saidEnded({ syssn: original, txamt, txcurrcd, txdtm }: QfTrade, syssn: string): Record<string, unknown> {
    const sysdtm = billTime(clock.now())
    return { respcd: '0000', resperr: '', respmsg: '', syssn, orig_syssn: original, txamt: String(txamt), txcurrcd, txdtm, sysdtm }
  }

  function isCode({ payType }: QfTrade): boolean {
    return wayOf(payType, credentials().region) === 'code'
  }

  function leftOf(trade: QfTrade): number {
    return trade.txamt - book.refundedOf(trade)
  }
}
