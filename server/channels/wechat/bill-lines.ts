import { asAppId, asTransactionId, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { currencies, isCurrency, type Money, moneyOf } from '../../../shared/kernel/money.ts'
import { type Instant, parseInstant } from '../../../shared/kernel/time.ts'
import type { BillKind, BillLine } from '../../core/rules/bill.ts'

const millionths = 6
const decimal = /^(-?)(\d{1,13})(?:\.(\d{1,6}))?$/
const percent = /^(\d{1,3})(?:\.(\d{1,4}))?%$/

type Cells = (name: string) => string

export type BillReader = {
  /** The line's meaning; undefined for the heads. @throws Error that says which line cannot be read. */
  line(text: string): BillLine | undefined
  /** @throws Error when the summary is missing or does not count the lines that came. */
  end(): void
}

/**
 * Reads a bill of WeChat Pay line by line (fact sheet §11): a head, data whose every cell begins with a back-tick, a summary head and a
 * summary. Columns are found by their names, a comma inside a name does no harm, amounts are never floats.
 */
export function makeBillReader(kind: BillKind): BillReader {
  let head: readonly string[] | undefined
  let isSummary = false
  let lines = 0
  let counted: number | undefined
  return { line, end }

  function line(text: string): BillLine | undefined {
    if (text === '') return undefined
    if (head === undefined) {
      head = text.replace(/^\ufeff/, '').split(',')
      return undefined
    }
    if (!text.startsWith('`')) {
      isSummary = true
      return undefined
    }
    if (isSummary) {
      counted = Number(text.slice(1).split(',')[0])
      return undefined
    }
    lines++
    const cells = cellsOf(head, text)
    try {
      return kind === 'trade' ? tradeLine(cells) : fundsLine(cells)
    } catch (cause) {
      throw new Error(`line ${lines} of the bill cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }

  function end(): void {
    if (counted !== lines) throw new Error(`the bill counts ${counted ?? 'no'} lines and has ${lines}`)
  }
}

/** Names of goods may hold what separates cells: then the columns are counted from both ends towards the name. */
function cellsOf(head: readonly string[], text: string): Cells {
  const cells = text.slice(1).split(',`')
  const surplus = cells.length - head.length
  if (surplus < 0) throw new Error(`it has ${cells.length} cells, the head ${head.length}`)
  const wide = Math.max(0, head.indexOf('商品名称'))
  return (name) => {
    const at = head.indexOf(name)
    if (at < 0) return ''
    if (at === wide && surplus > 0) return cells.slice(at, at + surplus + 1).join(',`')
    return (cells[at > wide ? at + surplus : at] ?? '').trim()
  }
}

function tradeLine(cell: Cells): BillLine {
  const state = cell('交易状态')
  if (state !== 'SUCCESS' && state !== 'REFUND') return { kind: 'other', said: state }
  const outTradeNo = readOutTradeNo(cell('商户订单号'))
  if (!outTradeNo) return { kind: 'other', said: `order ${cell('商户订单号').slice(0, 64)}` }
  return state === 'SUCCESS' ? paymentLine(cell, outTradeNo) : refundLine(cell, outTradeNo)
}

function paymentLine(cell: Cells, outTradeNo: NonNullable<ReturnType<typeof readOutTradeNo>>): BillLine {
  const amount = money(cell('订单金额') || cell('应结订单金额'), cell('货币种类'))
  // A provider's bill names the merchant beside him; for a merchant of his own it is 0.
  const sub = cell('特约商户号') || cell('子商户号')
  const isProviders = sub !== '' && sub !== '0'
  return {
    kind: 'payment',
    outTradeNo,
    transactionId: asTransactionId(needed(cell, '微信订单号')),
    amount,
    merchantRef: isProviders ? sub : cell('商户号'),
    // A provider's bill has his own app, by whichever the payer came.
    appId: isProviders ? undefined : asAppId(cell('公众账号ID')),
    at: instant(cell('交易时间')),
    ...fee(cell, amount, 1),
  }
}

function refundLine(cell: Cells, outTradeNo: NonNullable<ReturnType<typeof readOutTradeNo>>): BillLine {
  const amount = money(cell('申请退款金额') || cell('退款金额'), cell('货币种类'))
  return {
    kind: 'refund',
    outTradeNo,
    outRefundNo: needed(cell, '商户退款单号'),
    channelRefundId: needed(cell, '微信退款单号'),
    amount,
    status: refundStatus(cell('退款状态')),
    at: instant(cell('交易时间')),
    ...fee(cell, amount, -1),
  }
}

function refundStatus(word: string): 'succeeded' | 'processing' | 'abnormal' | 'closed' {
  const known = {
    SUCCESS: 'succeeded',
    PROCESSING: 'processing',
    ABNORMAL: 'abnormal',
    CHANGE: 'abnormal',
    CLOSED: 'closed',
    FAIL: 'closed',
  } as const
  const status = Object.entries(known).find(([name]) => name === word)?.[1]
  if (!status) throw new Error(`a refund is in the state ${word.slice(0, 32)}, which nobody knows`)
  return status
}

function fundsLine(cell: Cells): BillLine {
  const name = cell('业务名称')
  if (!/^(交易|退款)$/.test(name)) return { kind: 'other', said: name.slice(0, 32) }
  return {
    kind: 'funds',
    number: needed(cell, '微信支付业务单号'),
    amount: money(cell('收支金额(元)'), 'CNY'),
    isIncome: cell('收支类型') === '收入',
    at: instant(cell('记账时间')),
  }
}

function needed(cell: Cells, name: string): string {
  const text = cell(name)
  if (text === '') throw new Error(`${name} is empty`)
  return text
}

function money(text: string, currency: string): Money {
  if (!isCurrency(currency)) throw new Error(`the currency ${currency.slice(0, 8)} is none we know`)
  const { decimals } = currencies[currency]
  const micro = microOf(text)
  const perMinor = 10 ** (millionths - decimals)
  if (micro === undefined || micro < 0 || micro % perMinor !== 0) throw new Error(`${text.slice(0, 32)} is no amount of ${currency}`)
  return moneyOf(micro / perMinor, currency)
}

/** Decimal text as a whole number of millionths; undefined when it is none. */
function microOf(text: string): number | undefined {
  const match = decimal.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = ''] = match
  const value = Number(whole + fraction.padEnd(millionths, '0'))
  return Number.isSafeInteger(value) ? (sign === '-' ? -value : value) : undefined
}

/** The fee as written, and what it is by the rate beside it: the amount times the rate, to the fen. */
function fee(cell: Cells, amount: Money, sign: 1 | -1): { feeMicro: number | undefined; dueFeeMicro: number | undefined } {
  const rate = percent.exec(cell('费率'))
  const perMinor = 10 ** (millionths - currencies[amount.currency].decimals)
  const millionth = rate ? Number((rate[1] ?? '') + (rate[2] ?? '').padEnd(4, '0')) : undefined
  const due = millionth === undefined ? undefined : sign * Math.floor((amount.minor * millionth + 500_000) / 1_000_000) * perMinor
  return { feeMicro: microOf(cell('手续费')), dueFeeMicro: due }
}

/** `2026-01-02 03:04:05`, China's wall clock. */
function instant(text: string): Instant {
  const at = parseInstant(`${text.replace(' ', 'T')}+08:00`)
  if (at === undefined) throw new Error(`${text.slice(0, 32)} is no time`)
  return at
}
