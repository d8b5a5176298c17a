import { asTransactionId, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { Bill, BillKind, BillLine } from '../../core/rules/bill.ts'
import { NetworkFailure } from '../../lib/runtime.ts'
import { unzip } from '../../lib/zip.ts'
import { ChannelError } from '../failure.ts'
import { merchantRefOf } from './account.ts'
import { refusedIn, unclear } from './call.ts'
import type { AlipayParts } from './parts.ts'
import { rejectionOf } from './rejections.ts'
import { readTime } from './times.ts'
import { text, yuan } from './wire.ts'

const timeoutMs = 5 * 60_000
const maxBytes = 256 * 1024 * 1024
const bunch = 500

/**
 * Asks for a day's bill: an address that lives half a minute, a ZIP with CSV in GBK behind it (fact sheet §10). The file carries no
 * signature; its address came in a signed answer and is https, and that is what vouches for it. The flow of funds is another contract's
 * bill and is not read.
 */
export function makeBill({ credentials, tools, outcome }: AlipayParts) {
  /** @throws ChannelError `billEmpty`, `billCreating`; when the file cannot be read. */
  return async function bill({ kind, day }: { readonly kind: BillKind; readonly day: string }): Promise<Bill> {
    if (kind === 'funds') throw refused('configuration', 'the flow of funds is not read')
    const lines = readLines(await download(await addressOf(day)), merchantRefOf(credentials))
    return bunches(lines)
  }

  async function addressOf(day: string): Promise<string> {
    const answer = await outcome({
      method: 'alipay.data.dataservice.bill.downloadurl.query',
      app: credentials.app,
      content: { bill_type: 'trade', bill_date: day },
    })
    const said = refusedIn(answer)
    if (/bill_not_exist/i.test(said.subCode)) throw refused('billEmpty', 'there was nothing that day')
    if (/invalid-arguments/i.test(said.subCode)) throw refused('billCreating', 'the bill is not made yet')
    if (said.code !== '10000') throw new ChannelError(rejectionOf(said))
    const url = text(answer, 'bill_download_url')
    if (url === undefined || !URL.canParse(url)) throw unclear('answered without the address of a bill')
    return url
  }

  /** The request is not signed, so nothing leaves with it; still it goes to Alipay's own hosts only, or to where the gateway is. */
  async function download(url: string): Promise<Uint8Array> {
    try {
      const answer = await tools.runtime.fetch({
        method: 'GET',
        url: theirs(url, credentials.gateway).href,
        headers: { accept: '*/*' },
        timeoutMs,
        maxBytes,
      })
      if (answer.status === 200) return answer.body
      throw unclear(`answered ${answer.status} instead of a bill`)
    } catch (error) {
      throw error instanceof NetworkFailure ? unclear(`did not send the bill: ${error.message}`) : error
    }
  }
}

/** Alipay's own address, over TLS even where it was written with http: TLS is what vouches for the file. */
function theirs(given: string, gateway: string): URL {
  const url = new URL(given)
  if (url.origin === new URL(gateway).origin) return url
  if (!/(^|\.)(alipay|alipayobjects|alipaydev)\.com$/.test(url.hostname) || url.port !== '' || !/^https?:$/.test(url.protocol))
    throw unclear(`gave an address on ${url.hostname}, which is not its own`)
  url.protocol = 'https:'
  return url
}

function refused(refusal: 'billEmpty' | 'billCreating' | 'configuration', why: string): ChannelError {
  return new ChannelError({ kind: 'refused', refusal, code: 'CHANNEL_ERROR', message: `Alipay has no bill: ${why}` })
}

async function* bunches(lines: readonly BillLine[]): AsyncGenerator<readonly BillLine[]> {
  for (let at = 0; at < lines.length; at += bunch) yield lines.slice(at, at + bunch)
}

/** The detail file's lines; its name says what it is, a line that begins with # is about the file. @throws ChannelError */
export function readLines(zip: Uint8Array, merchantRef: string): BillLine[] {
  try {
    const files = [...unzip(zip).values()].map((bytes) => new TextDecoder('gbk', { fatal: true }).decode(bytes))
    const detail = files.find((one) => one.includes('支付宝交易号') && one.includes('业务类型'))
    if (detail === undefined) throw new Error('no file of it holds the details')
    const [head = '', ...rows] = detail.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))
    const names = head.split(',').map((name) => name.trim())
    return rows.map((row) => lineOf(cellsOf(names, row), merchantRef))
  } catch (error) {
    throw error instanceof ChannelError
      ? error
      : unclear(`sent a bill that cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Names of goods are written as they are, commas included: then the columns are counted from both ends towards the name. */
function cellsOf(names: readonly string[], row: string): (name: string) => string {
  const cells = row.split(',').map((cell) => cell.trim())
  const surplus = cells.length - names.length
  if (surplus < 0) throw new Error(`a line has ${cells.length} cells, the head ${names.length}`)
  const wide = names.indexOf('商品名称')
  if (surplus > 0 && wide < 0) throw new Error(`a line has ${surplus} cells too many`)
  return (name) => {
    const at = names.findIndex((one) => one.startsWith(name))
    return (at > wide ? cells[at + surplus] : cells[at]) ?? ''
  }
}

function lineOf(cell: (name: string) => string, merchantRef: string): BillLine {
  const outTradeNo = readOutTradeNo(cell('商户订单号'))
  const [kind, at] = [cell('业务类型'), readTime(cell('完成时间') || cell('创建时间'))]
  if (!outTradeNo || (kind !== '交易' && kind !== '退款')) return { kind: 'other', said: kind.slice(0, 32) }
  if (at === undefined) throw new Error(`a line of ${outTradeNo} has no time`)
  const common = { outTradeNo, at, feeMicro: undefined, dueFeeMicro: undefined }
  if (kind === '退款') {
    // A refund that was asked for without a number goes by the order's (fact sheet §9).
    const outRefundNo = cell('退款批次号') || outTradeNo
    return { ...common, kind: 'refund', outRefundNo, channelRefundId: outRefundNo, amount: amountOf(cell('订单金额')), status: 'succeeded' }
  }
  return {
    ...common,
    kind: 'payment',
    transactionId: asTransactionId(cell('支付宝交易号')),
    amount: amountOf(cell('订单金额')),
    merchantRef,
    // A mini-program's payments stand beside the others, and which app it was is not told.
    appId: undefined,
  }
}

/** Refunds stand with a minus. */
function amountOf(cell: string): Money {
  const amount = yuan(cell.replace(/^-/, ''))
  if (!amount) throw new Error(`${cell.slice(0, 32)} is no amount`)
  return amount
}
