import { asAppId, asTransactionId, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { Bill, BillKind, BillLine } from '../../core/rules/bill.ts'
import { NetworkFailure } from '../../lib/runtime.ts'
import { unzip } from '../../lib/zip.ts'
import { ChannelError } from '../failure.ts'
import { merchantRefOf } from './account.ts'
import { unclear } from './call.ts'
import type { AlipayParts } from './parts.ts'
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
export function makeBill({ credentials, tools, call }: AlipayParts) {
  /** @throws ChannelError `billEmpty`, `billCreating`; when the file cannot be read. */
  return async function bill({ kind, day }: { readonly kind: BillKind; readonly day: string }): Promise<Bill> {
    if (kind === 'funds') throw refused('configuration', 'the flow of funds is not read')
    const lines = readLines(await download(await addressOf(day)), merchantRefOf(credentials), credentials.app.appId)
    return bunches(lines)
  }

  async function addressOf(day: string): Promise<string> {
    try {
      const answer = await call({
        method: 'alipay.data.dataservice.bill.downloadurl.query',
        app: credentials.app,
        content: { bill_type: 'trade', bill_date: day },
      })
      const url = text(answer, 'bill_download_url')
      if (url === undefined || !URL.canParse(url)) throw unclear('answered without the address of a bill')
      return url
    } catch (error) {
      const said = error instanceof ChannelError ? (error.failure.channelCode ?? '') : ''
      if (/bill_not_exist/i.test(said)) throw refused('billEmpty', 'there was nothing that day')
      if (/invalid-arguments/i.test(said)) throw refused('billCreating', 'the bill is not made yet')
      throw error
    }
  }

  /** The request is not signed, so nothing leaves with it; still it goes to Alipay's own hosts only, or to where the gateway is. */
  async function download(url: string): Promise<Uint8Array> {
    const { hostname, origin, protocol } = new URL(url)
    const isTheirs =
      (protocol === 'https:' && /(^|\.)(alipay|alipayobjects|alipaydev)\.com$/.test(hostname)) ||
      origin === new URL(credentials.gateway).origin
    if (!isTheirs) throw unclear(`gave an address on ${hostname}, which is not its own`)
    try {
      const answer = await tools.runtime.fetch({ method: 'GET', url, headers: { accept: '*/*' }, timeoutMs, maxBytes })
      if (answer.status === 200) return answer.body
      throw unclear(`answered ${answer.status} instead of a bill`)
    } catch (error) {
      throw error instanceof NetworkFailure ? unclear(`did not send the bill: ${error.message}`) : error
    }
  }
}

function refused(refusal: 'billEmpty' | 'billCreating' | 'configuration', why: string): ChannelError {
  return new ChannelError({ kind: 'refused', refusal, code: 'CHANNEL_ERROR', message: `Alipay has no bill: ${why}` })
}

async function* bunches(lines: readonly BillLine[]): AsyncGenerator<readonly BillLine[]> {
  for (let at = 0; at < lines.length; at += bunch) yield lines.slice(at, at + bunch)
}

/** The detail file's lines; its name says what it is, a line that begins with # is about the file. @throws ChannelError */
export function readLines(zip: Uint8Array, merchantRef: string, appId: string): BillLine[] {
  try {
    const files = [...unzip(zip).values()].map((bytes) => new TextDecoder('gbk', { fatal: true }).decode(bytes))
    const detail = files.find((one) => one.includes('支付宝交易号') && one.includes('业务类型'))
    if (detail === undefined) throw new Error('no file of it holds the details')
    const rows = detail.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))
    const [head = [], ...lines] = rows.map((line) => line.split(',').map((cell) => cell.trim()))
    return lines.map((cells) => lineOf((name) => cells[head.findIndex((one) => one.startsWith(name))] ?? '', merchantRef, appId))
  } catch (error) {
    throw error instanceof ChannelError
      ? error
      : unclear(`sent a bill that cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function lineOf(cell: (name: string) => string, merchantRef: string, appId: string): BillLine {
  const outTradeNo = readOutTradeNo(cell('商户订单号'))
  const [kind, at] = [cell('业务类型'), readTime(cell('完成时间') || cell('创建时间'))]
  if (!outTradeNo || (kind !== '交易' && kind !== '退款')) return { kind: 'other', said: kind.slice(0, 32) }
  if (at === undefined) throw new Error(`a line of ${outTradeNo} has no time`)
  const common = { outTradeNo, at, feeMicro: undefined, dueFeeMicro: undefined }
  if (kind === '退款') {
    const outRefundNo = cell('退款批次号')
    return { ...common, kind: 'refund', outRefundNo, channelRefundId: outRefundNo, amount: amountOf(cell('订单金额')), status: 'succeeded' }
  }
  return {
    ...common,
    kind: 'payment',
    transactionId: asTransactionId(cell('支付宝交易号')),
    amount: amountOf(cell('订单金额')),
    merchantRef,
    appId: asAppId(appId),
  }
}

/** Refunds stand with a minus. */
function amountOf(cell: string): Money {
  const amount = yuan(cell.replace(/^-/, ''))
  if (!amount) throw new Error(`${cell.slice(0, 32)} is no amount`)
  return amount
}
