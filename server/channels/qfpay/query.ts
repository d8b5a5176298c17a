import { asTransactionId } from '../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import { type TradeFacts, type TradeReport, vouchForTrade } from '../../core/rules/report.ts'
import type { TradeAsk } from '../channel.ts'
import type { QfpayCredentials } from './account.ts'
import { otherQuestion, unclear } from './call.ts'
import { merchantIn, type QfpayParts } from './parts.ts'
import { respClass } from './rejections.ts'
import { readTime } from './times.ts'
import { asPlain, minor, type Plain, text } from './wire.ts'

/** Asks what became of a number. The outer `respcd` is about the call; an empty list means not found, never unpaid (fact sheet §9.1). */
export function makeQuery(parts: QfpayParts) {
  const { credentials, tools } = parts
  return async function query({ outTradeNo, ask }: TradeAsk): Promise<TradeReport> {
    const origin = { source: 'query', channel: 'qfpay', account: tools.account, outTradeNo } as const
    const items = await listed(parts, { out_trade_no: outTradeNo })
    const item = items.find((one) => text(one, 'order_type') !== 'refund')
    if (!item) return vouchForTrade({ ...origin, outcome: { status: 'notFound' } })
    assertAsked(item, outTradeNo, credentials)
    const context = { credentials, heardAt: tools.runtime.now() }
    return vouchForTrade({ ...origin, outcome: outcomeOf(item, { ...context, isByCode: ask.payType === 'MICROPAY' }) })
  }
}

/** What QFPay lists under a number; nothing where it says that there is no such number. @throws ChannelError */
export async function listed(
  { post, accepted }: Pick<QfpayParts, 'post' | 'accepted'>,
  by: Readonly<Record<string, string>>,
): Promise<Plain[]> {
  const answer = await post('/trade/v1/query', by)
  if (respClass(text(answer, 'respcd') ?? '') === 'not_found') return []
  const { data } = accepted(answer)
  if (!Array.isArray(data)) throw unclear('sent a list that is none')
  return data.map(asPlain).filter((one) => one !== undefined)
}

export function assertAsked(item: Plain, number: string, { mchid }: QfpayCredentials): void {
  if (text(item, 'out_trade_no') !== number) throw otherQuestion('the number of another order')
  const merchant = text(item, 'mchid')
  if (mchid !== undefined && merchant !== undefined && merchant !== mchid) throw otherQuestion('the order of another merchant')
}

type Context = { readonly credentials: QfpayCredentials; readonly heardAt: Instant }

/**
 * What an item says. A payment that was refunded keeps its 0000, one that was undone too: `cancel` tells them apart. A try that failed
 * is the end only where the payer showed a code; anything else can still be paid.
 */
function outcomeOf(item: Plain, { isByCode, ...context }: Context & { readonly isByCode: boolean }): TradeFacts['outcome'] {
  const respcd = text(item, 'respcd') ?? ''
  if (isUndone(item)) return { status: 'closed' }
  const said = respcd.slice(0, 32)
  switch (respClass(respcd)) {
    case 'success':
      return paid(item, context)
    case 'closed':
      return { status: 'closed' }
    case 'payer_retry':
    case 'risk_denied':
    case 'refused':
    case 'failed':
      return isByCode ? { status: 'failed', said } : { status: 'pending', said, isKnownWord: true }
    case 'unknown':
      return { status: 'pending', said, isKnownWord: false }
    // What is listed exists, whatever its code says: that it is not found, or wrong, is no verdict on it.
    default:
      return { status: 'pending', said, isKnownWord: true }
  }
}

/** Reversed or cancelled: its 0000 is no payment any more. */
export function isUndone(item: Plain): boolean {
  const cancel = text(item, 'cancel')
  return cancel === '1' || cancel === '2'
}

/**
 * A payment's own number is QFPay's `syssn`: refunds are asked for by it. One without a time counts from when it was heard of: money
 * that is there is not left lying for want of a time.
 *
 * @throws ChannelError `unknown` when number, amount or currency are missing or none.
 */
export function paid(item: Plain, { credentials, heardAt }: Context): TradeFacts['outcome'] {
  const [syssn, total, currency] = [text(item, 'syssn'), minor(item, 'txamt'), text(item, 'txcurrcd') ?? credentials.currency]
  if (syssn === undefined || total === undefined || !isCurrency(currency))
    throw unclear('told of a payment without its number, amount or currency')
  return {
    status: 'succeeded',
    transactionId: asTransactionId(syssn),
    amount: moneyOf(total, currency),
    merchantRef: merchantIn(item, credentials),
    succeededAt: paidAt(item, credentials) ?? heardAt,
  }
}

/** The wallet's time, or else QFPay's own. */
export function paidAt(item: Plain, { zoneMinutes }: QfpayCredentials): Instant | undefined {
  return readTime(text(item, 'paydtm'), zoneMinutes) ?? readTime(text(item, 'sysdtm'), zoneMinutes)
}
