import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { billTime, type Clock, chinaDay } from './clock.ts'
import type { EmulatorCredentials } from './credentials.ts'
import { paramError, WechatError } from './errors.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { Payment, Refund, State } from './state.ts'

/** Plan for the shorter of the two documented lives (fact sheet §11). */
const linkLifeMs = 30_000
const readyHour = 9

const tradeHead =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const tradeSumHead = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'
const fundHead =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号'
const fundSumHead = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额'

export type Bills = ReturnType<typeof makeBills>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly origin: () => string
}
type Book = { readonly paid: readonly Payment[]; readonly refunded: readonly Refund[] }
type File = { readonly bytes: Buffer; readonly madeAt: number }

/** The bills of finished days: trades and the flow of funds. */
export function makeBills({ state, clock, runtime, credentials, origin }: Parts) {
  const files = new Map<string, File>()
  return { apply, file, download }

  /** Answers with an address that lives half a minute. @throws WechatError NO_STATEMENT_EXIST, STATEMENT_CREATING */
  function apply(
    kind: 'trade' | 'fundflow',
    query: URLSearchParams,
    { isCreating, hasBadHash }: { isCreating: boolean; hasBadHash: boolean },
  ): Record<string, string> {
    const plain = made(kind, query, isCreating)
    const token = Buffer.from(runtime.randomBytes(24)).toString('base64url')
    files.set(token, { bytes: packed(plain, query), madeAt: clock.now() })
    const hash = createHash('sha1')
      .update(hasBadHash ? 'other' : plain)
      .digest('hex')
    return { hash_type: 'SHA1', hash_value: hash, download_url: `${origin()}/v3/billdownload/file?token=${token}` }
  }

  /** v2 answers with the bill itself. */
  function file(kind: 'trade' | 'fundflow', query: URLSearchParams, isCreating: boolean): Buffer {
    return packed(made(kind, query, isCreating), query)
  }

  function packed(plain: Buffer, query: URLSearchParams): Buffer {
    return query.get('tar_type') === 'GZIP' ? gzipSync(plain) : plain
  }

  function made(kind: 'trade' | 'fundflow', query: URLSearchParams, isCreating: boolean): Buffer {
    const day = query.get('bill_date') ?? ''
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw paramError('bill_date', '日期格式错误')
    if (isCreating || isTooEarly(day)) throw new WechatError(400, 'STATEMENT_CREATING', '账单生成中')
    const book = bookOf(day, query.get('sub_mchid') || undefined)
    const csv = kind === 'trade' ? tradeBill(book, query.get('bill_type') ?? 'ALL') : fundBill(book)
    if (csv === undefined) throw new WechatError(400, 'NO_STATEMENT_EXIST', '账单不存在')
    return Buffer.from(csv)
  }

  /** A finished day's bill is there from nine the next morning. */
  function isTooEarly(day: string): boolean {
    return clock.now() < Date.parse(`${day}T00:00:00+08:00`) + (24 + readyHour) * 60 * 60 * 1000
  }

  function download(token: string): Buffer {
    const file = files.get(token)
    if (!file || clock.now() > file.madeAt + linkLifeMs) throw new WechatError(400, 'INVALID_REQUEST', '下载链接已失效')
    return file.bytes
  }

  function tradeBill(book: Book, type: string): string | undefined {
    const paid = type === 'REFUND' ? [] : book.paid
    const refunded = type === 'SUCCESS' ? [] : book.refunded
    if (paid.length + refunded.length === 0) return undefined
    const totals = {
      paid: sum(paid.map((one) => one.total)),
      refunded: sum(refunded.map((one) => one.refund)),
      fee: sum(paid.map((one) => feeOf(one.total))) - sum(refunded.map((one) => feeOf(one.refund))),
    }
    const lines = [...paid.map((one) => tradeLine(one)), ...refunded.map((one) => tradeLine(paymentOf(one), one))]
    return bill(tradeHead, lines, tradeSumHead, [
      String(lines.length),
      yuan(totals.paid),
      yuan(totals.refunded),
      '0.00',
      yuan(totals.fee),
      yuan(totals.paid),
      yuan(totals.refunded),
    ])
  }

  function tradeLine(payment: Payment, refund?: Refund): string[] {
    const { mchid } = credentials()
    const at = billTime(refund ? refund.createdAt : (payment.paidAt ?? 0))
    const money = refund
      ? ['0.00', '0.00', refund.refundId, refund.outRefundNo, yuan(refund.refund), '0.00', 'ORIGINAL', refund.state]
      : [yuan(payment.total), '0.00', '0', '0', '0.00', '0.00', '', '']
    const fee = refund ? `-${yuan(feeOf(refund.refund))}` : yuan(feeOf(payment.total))
    return [
      at,
      payment.appid,
      mchid,
      payment.subMchid ?? '0',
      '',
      payment.transactionId ?? '',
      payment.outTradeNo,
      payment.paidBy ?? '',
      payment.tradeType,
      refund ? 'REFUND' : 'SUCCESS',
      'OTHERS',
      payment.currency,
      ...money,
      payment.description,
      payment.attach ?? '',
      fee,
      '0.60%',
      refund ? '0.00' : yuan(payment.total),
      refund ? yuan(refund.refund) : '0.00',
      '',
    ]
  }

  function fundBill({ paid, refunded }: Book): string | undefined {
    if (paid.length + refunded.length === 0) return undefined
    let balance = 0
    const lines = [
      ...paid.map((one) => ({ at: one.paidAt ?? 0, id: one.transactionId ?? '', name: '交易', number: one.outTradeNo, amount: one.total })),
      ...refunded.map((one) => ({
        at: one.endedAt ?? one.createdAt,
        id: one.refundId,
        name: '退款',
        number: one.outRefundNo,
        amount: -one.refund,
      })),
    ]
      .sort((one, other) => one.at - other.at)
      .map(({ at, id, name, number, amount }) => {
        balance += amount
        return [
          billTime(at),
          id,
          id,
          name,
          name,
          amount > 0 ? '收入' : '支出',
          yuan(Math.abs(amount)),
          `${balance < 0 ? '-' : ''}${yuan(Math.abs(balance))}`,
          'system',
          '',
          number,
        ]
      })
    const figures = [
      String(lines.length),
      String(paid.length),
      yuan(sum(paid.map((one) => one.total))),
      String(refunded.length),
      yuan(sum(refunded.map((one) => one.refund))),
    ]
    return bill(fundHead, lines, fundSumHead, figures)
  }

  /** A merchant's own payments, or those of one of the merchants whose provider he is. */
  function bookOf(day: string, subMchid: string | undefined): Book {
    const isOfDay = (at: number | undefined) => at !== undefined && chinaDay(at) === day
    return {
      paid: [...state.tables.payment.values()].filter((one) => one.subMchid === subMchid && isOfDay(one.paidAt)),
      refunded: [...state.tables.refund.values()].filter(
        (one) => paymentOf(one).subMchid === subMchid && one.state === 'SUCCESS' && isOfDay(one.createdAt),
      ),
    }
  }

  function paymentOf(refund: Refund): Payment {
    const payment = state.tables.payment.get(refund.outTradeNo)
    if (!payment) throw new Error(`refund ${refund.outRefundNo} has no payment`)
    return payment
  }
}

/** Every cell of data begins with a back-tick, so that a spreadsheet leaves it alone. */
function bill(head: string, lines: readonly string[][], sumHead: string, sums: readonly string[]): string {
  const row = (cells: readonly string[]) => cells.map((cell) => `\`${cell}`).join(',')
  return `\ufeff${[head, ...lines.map(row), sumHead, row(sums)].join('\r\n')}\r\n`
}

/** Six in a thousand, rounded half up, in whole fen. */
function feeOf(fen: number): number {
  return Math.floor((fen * 6 + 500) / 1000)
}

function yuan(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
