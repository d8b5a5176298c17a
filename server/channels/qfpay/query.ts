import { asTransactionId } from '../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../shared/kernel/money.ts'
import { type TradeFacts, type TradeReport, vouchForTrade } from '../../core/rules/report.ts'
import type { TradeAsk } from '../channel.ts'
import type { QfpayCredentials } from './account.ts'
import { otherQuestion, unclear } from './call.ts'
import { merchantRefOf, type QfpayParts } from './parts.ts'
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
    return vouchForTrade({ ...origin, outcome: outcomeOf(item, credentials, ask.payType === 'MICROPAY') })
  }
}

/** What QFPay lists under a number. @throws ChannelError */
export async function listed(
  { post, accepted }: Pick<QfpayParts, 'post' | 'accepted'>,
  by: Readonly<Record<string, string>>,
): Promise<Plain[]> {
  const answer = accepted(await post('/trade/v1/query', by))
  if (!Array.isArray(answer.data)) throw unclear('sent a list that is none')
  return answer.data.map(asPlain).filter((one) => one !== undefined)
}

export function assertAsked(item: Plain, number: string, { mchid }: QfpayCredentials): void {
  if (text(item, 'out_trade_no') !== number) throw otherQuestion('the number of another order')
  const merchant = text(item, 'mchid')
  if (mchid !== undefined && merchant !== undefined && merchant !== mchid) throw otherQuestion('the order of another merchant')
}

/**
 * What an item says. A payment that was refunded keeps its 0000, one that was undone too: `cancel` tells them apart. A try that failed
 * is the end only where the payer showed a code; anything else can still be paid.
 */
function outcomeOf(item: Plain, credentials: QfpayCredentials, isByCode: boolean): TradeFacts['outcome'] {
  const respcd = text(item, 'respcd') ?? ''
  const cancel = text(item, 'cancel') ?? '0'
  if (cancel === '1' || cancel === '2') return { status: 'closed' }
  switch (respClass(respcd)) {
    case 'success':
      return paid(item, credentials)
    case 'closed':
      return { status: 'closed' }
    case 'not_found':
      return { status: 'notFound' }
    case 'payer_retry':
    case 'risk_denied':
    case 'refused':
    case 'failed':
      return isByCode ? { status: 'failed', said: respcd } : { status: 'pending', said: respcd, isKnownWord: true }
    case 'pending':
    case 'unavailable':
      return { status: 'pending', said: respcd, isKnownWord: true }
    default:
      return { status: 'pending', said: respcd.slice(0, 32), isKnownWord: respcd !== '' && respClass(respcd) !== 'unknown' }
  }
}

/** A payment's own number is QFPay's `syssn`: refunds are asked for by it. */
export function paid(item: Plain, credentials: QfpayCredentials): TradeFacts['outcome'] {
  const [syssn, total, currency] = [text(item, 'syssn'), minor(item, 'txamt'), text(item, 'txcurrcd') ?? credentials.currency]
  const at = readTime(text(item, 'paydtm'), credentials.zoneMinutes) ?? readTime(text(item, 'sysdtm'), credentials.zoneMinutes)
  if (syssn === undefined || total === undefined || at === undefined || !isCurrency(currency))
    throw unclear('told of a payment without its number, amount, currency or time')
  return {
    status: 'succeeded',
    transactionId: asTransactionId(syssn),
    amount: moneyOf(total, currency),
    merchantRef: text(item, 'mchid') ?? merchantRefOf(credentials),
    succeededAt: at,
  }
}
