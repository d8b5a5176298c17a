import { createHash } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** A payment as a bill of WeChat Pay has it; amounts in fen. */
export type BilledPayment = {
  readonly number: string
  readonly transactionId: string
  readonly fen: number
  readonly at: string
  readonly fee?: string
  readonly goods?: string
}
export type BilledRefund = {
  readonly number: string
  readonly refundNo: string
  readonly refundId: string
  readonly fen: number
  readonly at: string
  readonly state?: string
}
export type BilledFunds = { readonly number: string; readonly fen: number; readonly at: string; readonly name?: string }

export const billedMerchant = '1900000001'
export const billedApp = 'wx00000000000000a1'

const tradeHead =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const fundsHead =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号'

/** The lines of a bill of trades, as WeChat writes them, one by one so that a bill of any length needs no memory. */
export function* tradeBill(payments: Iterable<BilledPayment>, refunds: Iterable<BilledRefund> = []): Generator<string> {
  let lines = 0
  yield `\ufeff${tradeHead}`
  for (const payment of payments) {
    lines++
    yield paymentLine(payment)
  }
  for (const refund of refunds) {
    lines++
    yield refundLine(refund)
  }
  yield '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'
  yield cells([String(lines), '0.00', '0.00', '0.00', '0.00', '0.00', '0.00'])
}

/** The flow of funds: income of payments, expenses of refunds. */
export function* fundsBill(income: Iterable<BilledFunds>, expenses: Iterable<BilledFunds> = []): Generator<string> {
  let lines = 0
  yield `\ufeff${fundsHead}`
  for (const [kind, list] of [
    ['收入', income],
    ['支出', expenses],
  ] as const)
    for (const { number, fen, at, name = kind === '收入' ? '交易' : '退款' } of list) {
      lines++
      yield cells([at, number, number, name, name, kind, yuan(fen), '0.00', 'system', '', number])
    }
  yield '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额'
  yield cells([String(lines), '0', '0.00', '0', '0.00'])
}

function paymentLine({ number, transactionId, fen, at, fee = yuan(feeOf(fen)), goods = '茶, 一盒' }: BilledPayment): string {
  const money = [yuan(fen), '0.00', '0', '0', '0.00', '0.00', '', '']
  return cells([
    at,
    billedApp,
    billedMerchant,
    '0',
    '',
    transactionId,
    number,
    'o-payer',
    'NATIVE',
    'SUCCESS',
    'OTHERS',
    'CNY',
    ...money,
    goods,
    '',
    fee,
    '0.60%',
    yuan(fen),
    '0.00',
    '',
  ])
}

function refundLine({ number, refundNo, refundId, fen, at, state = 'SUCCESS' }: BilledRefund): string {
  const money = ['0.00', '0.00', refundId, refundNo, yuan(fen), '0.00', 'ORIGINAL', state]
  return cells([
    at,
    billedApp,
    billedMerchant,
    '0',
    '',
    `4200${number}`,
    number,
    'o-payer',
    'NATIVE',
    'REFUND',
    'OTHERS',
    'CNY',
    ...money,
    '茶',
    '',
    `-${yuan(feeOf(fen))}`,
    '0.60%',
    '0.00',
    yuan(fen),
    '',
  ])
}

function cells(values: readonly string[]): string {
  return values.map((value) => `\`${value}`).join(',')
}

/** Six in a thousand, to the fen. */
export function feeOf(fen: number): number {
  return Math.floor((fen * 6 + 500) / 1000)
}

export function yuan(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

export type PackedBill = { readonly gzip: Buffer; readonly sha1: string }

/** Compressed, with the hash of what was compressed. */
export async function pack(lines: Iterable<string>): Promise<PackedBill> {
  const hash = createHash('sha1')
  const out: Buffer[] = []
  await pipeline(
    Readable.from(hashed(lines, hash), { objectMode: true }),
    createGzip({ level: 1 }),
    new Writable({
      write(chunk, _encoding, done) {
        out.push(chunk)
        done()
      },
    }),
  )
  return { gzip: Buffer.concat(out), sha1: hash.digest('hex') }
}

function* hashed(lines: Iterable<string>, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  let text = ''
  for (const line of lines) {
    text += `${line}\r\n`
    if (text.length < 65_536) continue
    yield taken()
  }
  yield taken()

  function taken(): Buffer {
    const bytes = Buffer.from(text)
    text = ''
    hash.update(bytes)
    return bytes
  }
}
