import { zipSync } from 'fflate'
import { billTime, chinaDay } from '../clock.ts'
import type { AliRefund, AliTrade } from './rows.ts'
import { yuanOf } from './rows.ts'

const head =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'

/** A finished day's bill: a ZIP with details and a summary, in GBK as the real ones are. Undefined when nothing happened. */
export function dayBill(day: string, trades: readonly AliTrade[], refunds: readonly AliRefund[]): Buffer | undefined {
  const paid = trades.filter((one) => one.paidAt !== undefined && chinaDay(one.paidAt) === day)
  const back = refunds.filter((one) => chinaDay(one.at) === day && !one.outRequestNo.startsWith('cancel'))
  if (paid.length + back.length === 0) return undefined
  const tradeOf = (number: string) => trades.find((one) => one.outTradeNo === number)
  const lines = [
    ...paid.map((one) => line(one, { kind: '交易', at: one.paidAt ?? 0, amount: yuanOf(one.totalFen), request: '' })),
    ...back.flatMap((one) => {
      const trade = tradeOf(one.outTradeNo)
      return trade ? [line(trade, { kind: '退款', at: one.at, amount: `-${yuanOf(one.fen)}`, request: one.outRequestNo })] : []
    }),
  ]
  const detail = [
    '#支付宝业务明细查询',
    `#账号：[2088]`,
    '#-----业务明细列表-----',
    head,
    ...lines,
    '#-----业务明细列表结束-----',
    '',
  ].join('\r\n')
  const summary = ['#支付宝业务汇总查询', `#交易合计：${paid.length}笔，退款合计：${back.length}笔`, ''].join('\r\n')
  const files = { [`2088_${day}_details.csv`]: gbk(detail), [`2088_${day}_summary.csv`]: gbk(summary) }
  return Buffer.from(zipSync(files, { mtime: Date.parse(`${day}T12:00:00Z`) }))
}

function line(
  { tradeNo, outTradeNo, subject, createdAt }: AliTrade,
  { kind, at, amount, request }: { kind: string; at: number; amount: string; request: string },
): string {
  const cells = [
    tradeNo,
    outTradeNo,
    kind,
    subject.replaceAll(',', ' '),
    billTime(createdAt),
    billTime(at),
    '',
    '',
    '',
    '',
    '159****5620',
    amount,
    amount,
    '0.00',
    '0.00',
    '0.00',
    '0.00',
    '0.00',
    '',
    '0.00',
    '0.00',
    request,
    '0.00',
    '0.00',
    '',
  ]
  return cells.map((cell) => `${cell}\t`).join(',')
}

/** Node reads GBK and cannot write it: the table is made by reading every pair of bytes once. */
function gbk(text: string): Buffer {
  const codes = makeTable()
  const bytes: number[] = []
  for (const letter of text) {
    const pair = codes.get(letter)
    if (pair) bytes.push(...pair)
    else bytes.push(letter.charCodeAt(0) < 0x80 ? letter.charCodeAt(0) : 0x3f)
  }
  return Buffer.from(bytes)
}

function makeTable(): ReadonlyMap<string, readonly [number, number]> {
  const decoder = new TextDecoder('gbk')
  const table = new Map<string, readonly [number, number]>()
  for (let high = 0x81; high <= 0xfe; high++)
    for (let low = 0x40; low <= 0xfe; low++) {
      const letter = decoder.decode(Uint8Array.of(high, low))
      if ([...letter].length === 1 && letter !== '\ufffd' && !table.has(letter)) table.set(letter, [high, low])
    }
  return table
}
