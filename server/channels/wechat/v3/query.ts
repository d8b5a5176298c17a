import { readOutTradeNo } from '../../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../../shared/kernel/money.ts'
import { type ReportSource, type Success, type TradeFacts, type TradeReport, vouchForTrade } from '../../../core/rules/report.ts'
import type { TradeAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { merchantRefOf, reportedApp, type WechatApps, type WechatMerchant } from '../account.ts'
import { otherQuestion, unreadable } from './call.ts'
import type { V3Parts } from './parts.ts'
import { merchantQuery, transactionsPath } from './paths.ts'
import { readTrade, type WireTrade } from './wire.ts'

/** Asks what became of a number. One that WeChat has never heard of is a report too. */
export function makeQuery({ credentials, tools, call }: V3Parts) {
  return async function query({ outTradeNo, transactionId }: Pick<TradeAsk, 'outTradeNo' | 'transactionId'>): Promise<TradeReport> {
    const origin = { source: 'query', channel: 'wechat', account: tools.account, outTradeNo } as const
    const path =
      transactionId === undefined
        ? `${transactionsPath(credentials)}/out-trade-no/${encodeURIComponent(outTradeNo)}`
        : `${transactionsPath(credentials)}/id/${encodeURIComponent(transactionId)}`
    try {
      const trade = readTrade(await call({ method: 'GET', pathAndQuery: `${path}?${merchantQuery(credentials)}` }))
      if (!trade) throw unreadable('an order')
      if (trade.outTradeNo !== outTradeNo) throw otherQuestion('the number of another order')
      if (trade.mchid !== merchantRefOf(credentials)) throw otherQuestion('the order of another merchant')
      assertProvider(trade, credentials)
      return vouchForTrade({ ...origin, outcome: outcomeOf(trade, credentials) })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForTrade({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }
}

type Merchant = WechatApps & WechatMerchant

/** A verified trade as a report. @throws ChannelError when a success lacks what makes it one, or another provider took it. */
export function tradeReport(
  trade: WireTrade,
  merchant: Merchant,
  origin: { source: ReportSource; account: TradeReport['account'] },
): TradeReport {
  assertProvider(trade, merchant)
  const outTradeNo = readOutTradeNo(trade.outTradeNo)
  if (!outTradeNo) throw unreadable('an order of ours: its number has another form')
  return vouchForTrade({ ...origin, channel: 'wechat', outTradeNo, outcome: outcomeOf(trade, merchant) })
}

/** A provider's payment names him beside the merchant whose money it is. */
function assertProvider({ spMchid }: WireTrade, { mchid, sub }: Merchant): void {
  if (sub && spMchid !== mchid) throw otherQuestion('a payment of another provider, or of none')
}

/** What a trade state means (fact sheet §7). REFUND means that it was paid; a word nobody knows is no verdict. */
function outcomeOf(trade: WireTrade, merchant: Merchant): TradeFacts['outcome'] {
  switch (trade.tradeState) {
    case 'SUCCESS':
      return success(trade, merchant)
    case 'REFUND':
      return { ...success(trade, merchant), wentBack: true }
    case 'CLOSED':
    case 'REVOKED':
      return { status: 'closed' }
    case 'PAYERROR':
      return { status: 'failed', said: trade.tradeState }
    case 'NOTPAY':
    case 'USERPAYING':
    case 'ACCEPT':
      return { status: 'pending', said: trade.tradeState, isKnownWord: true }
    default:
      return { status: 'pending', said: trade.tradeState.slice(0, 32), isKnownWord: false }
  }
}

/** `total` is what was asked for; what the payer paid after coupons may be less and is no mismatch. */
function success(trade: WireTrade, merchant: Merchant): Success {
  const { transactionId, total, currency = 'CNY', mchid, openId, successTime } = trade
  if (transactionId === undefined || total === undefined || successTime === undefined)
    throw unreadable('a payment: its number, amount or time is missing')
  if (!isCurrency(currency)) throw unreadable('a payment: its currency is none we know')
  return {
    status: 'succeeded',
    transactionId,
    amount: moneyOf(total, currency),
    merchantRef: mchid,
    appId: reportedApp(merchant, trade),
    openId,
    succeededAt: successTime,
  }
}
