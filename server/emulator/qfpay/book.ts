import { billTime, type Clock } from '../clock.ts'
import { digits } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { EmulatorRuntime } from '../runtime.ts'
import type { State } from '../state.ts'
import { qrOf } from './pay-params.ts'
import type { QfRefund, QfTrade } from './rows.ts'

export type Book = ReturnType<typeof makeBook>

/** Payments and refunds by their numbers: the merchant's is one series for both, QFPay's own is `syssn`. */
export function makeBook({ state, clock, runtime }: { state: State; clock: Clock; runtime: EmulatorRuntime }) {
  const trades = state.table<QfTrade>('qfpay.trade')
  const refunds = state.table<QfRefund>('qfpay.refund')
  const numbers = new Map([...trades.rows.values()].map((one) => [one.outTradeNo, one.syssn]))
  return {
    put,
    putRefund: (refund: QfRefund) => refunds.put(refund.outTradeNo, refund),
    trades: () => [...trades.rows.values()],
    refunds: () => [...refunds.rows.values()],
    bySyssn: (syssn: string) => trades.rows.get(syssn),
    byNumber,
    isUsed: (number: string) => numbers.has(number) || refunds.rows.has(number),
    find,
    needed,
    refundedOf,
    newSyssn,
    stateOf,
  }

  function put(trade: QfTrade): QfTrade {
    trades.put(trade.syssn, trade)
    numbers.set(trade.outTradeNo, trade.syssn)
    return trade
  }

  function byNumber(outTradeNo: string): QfTrade | undefined {
    return trades.rows.get(numbers.get(outTradeNo) ?? '')
  }

  /** By number, by QFPay's own, or by whatever a phone was shown. */
  function find(code: string): QfTrade | undefined {
    const asked = code.trim()
    const known = byNumber(asked) ?? trades.rows.get(asked)
    if (known) return known
    const [, inAddress] = /[?&]syssn=(\d+)/.exec(asked) ?? []
    if (inAddress !== undefined) return trades.rows.get(inAddress)
    return [...trades.rows.values()].find((one) => asked === qrOf(one) || asked.includes(one.prepayId))
  }

  /** @throws ControlError 404 */
  function needed(code: string): QfTrade {
    const trade = find(code)
    if (!trade) throw new ControlError(404, `no merchant asked for ${code}`)
    return trade
  }

  /** In minor units. */
  function refundedOf({ syssn }: QfTrade): number {
    return [...refunds.rows.values()].filter((one) => one.origssn === syssn).reduce((sum, one) => sum + one.txamt, 0)
  }

  /** The day, and digits. */
  function newSyssn(): string {
    return `${billTime(clock.now()).slice(0, 10).replaceAll('-', '')}${digits(runtime, 18)}`
  }

  /** One whose time is up is closed, whatever stands in its row. */
  function stateOf(trade: QfTrade): QfTrade['state'] {
    const isOver = trade.state !== 'SUCCESS' && clock.now() > trade.expiresAt
    return isOver ? 'CLOSED' : trade.state
  }
}
