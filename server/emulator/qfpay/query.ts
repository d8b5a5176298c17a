import { billTime, type Clock } from '../clock.ts'
import type { Book } from './book.ts'
import { instantOf, members } from './members.ts'
import { QfpayError, type QfTrade, wrongMember } from './rows.ts'
import type { Wire } from './wire.ts'

const monthMs = 31 * 24 * 60 * 60 * 1000
type Item = Readonly<Record<string, unknown>>

/** What became of numbers, or what there was in a time; an unknown number is not in the list (fact sheet §9.1). */
export function makeQuery({ book, wire, clock }: { readonly book: Book; readonly wire: Wire; readonly clock: Clock }) {
  return function query(asked: URLSearchParams): Record<string, unknown> {
    const isNamed = members.list(asked, 'syssn').length + members.list(asked, 'out_trade_no').length > 0
    const within = isNamed ? undefined : span(asked)
    const page = members.count(asked, { name: 'page', usual: 1, most: 1_000_000 })
    const size = members.count(asked, { name: 'page_size', usual: 10, most: 100 })
    const found = items().filter((one) => isAsked(one, asked) && (!within || isWithin(one, within)))
    return { respcd: '0000', resperr: '', respmsg: '', page, page_size: size, data: found.slice((page - 1) * size, page * size) }
  }

  function items(): Item[] {
    const payments = book
      .trades()
      .map((one): Item => ({ ...wire.trade(one), order_type: 'payment', respcd: respcdOf(one), errmsg: errmsgOf(one) }))
    const refunds = book
      .refunds()
      .map((one): Item => ({ ...wire.refund(one), order_type: 'refund', origssn: one.origssn, respcd: '0000', errmsg: '' }))
    return [...payments, ...refunds]
  }

  /** A payment that was refunded keeps its 0000; `cancel` tells. */
  function respcdOf(trade: QfTrade): string {
    switch (trade.state) {
      case 'SUCCESS':
        return '0000'
      case 'CLOSED':
        return '1142'
      case 'FAILED':
        return '1205'
      default:
        if (book.stateOf(trade) === 'CLOSED') return '1181'
        return trade.state === 'USERPAYING' ? '1143' : '1145'
    }
  }

  function errmsgOf(trade: QfTrade): string {
    return (
      { '0000': '', '1142': '订单已关闭', '1143': '等待付款人输入密码', '1181': '订单已过期', '1205': '交易失败' }[respcdOf(trade)] ??
      '处理中'
    )
  }

  /** The current month, unless both ends are named; never more than a month. */
  function span(asked: URLSearchParams): { from: number; to: number } {
    const [start, end] = ['start_time', 'end_time'].map((name) => (asked.has(name) ? instantOf(members.time(asked, name)) : undefined))
    const from = start ?? instantOf(`${billTime(clock.now()).slice(0, 7)}-01 00:00:00`) ?? 0
    const to = end ?? clock.now()
    if (to < from || to - from > monthMs) throw new QfpayError('1104', 'start_time, end_time 参数错误')
    return { from, to }
  }
}

function isAsked(item: Item, asked: URLSearchParams): boolean {
  return ['syssn', 'out_trade_no', 'pay_type', 'respcd'].every((name) => {
    const wanted = members.list(asked, name)
    return wanted.length === 0 || wanted.includes(String(item[name]))
  })
}

function isWithin(item: Item, { from, to }: { from: number; to: number }): boolean {
  const at = instantOf(String(item.sysdtm))
  if (at === undefined) throw wrongMember('sysdtm')
  return at >= from && at <= to
}
