import { type AppId, asAppId, asOpenId, asTransactionId, readOutTradeNo } from '../../../../shared/kernel/ids.ts'
import { isCurrency, moneyOf } from '../../../../shared/kernel/money.ts'
import { type ReportSource, type Success, type TradeFacts, type TradeReport, vouchForTrade } from '../../../core/rules/report.ts'
import type { TradeAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { merchantRefOf, reportedApp, type WechatApps, type WechatMerchant } from '../account.ts'
import { otherQuestion, unclear, type V2Answer } from './call.ts'
import type { V2Parts } from './parts.ts'
import { readStamp } from './times.ts'

type Outcome = TradeFacts['outcome']
type Merchant = WechatApps & WechatMerchant

/** Asks what became of a number. `trade_state` counts, not `result_code` (fact sheet §3.4). */
export function makeQuery({ credentials, tools, call }: V2Parts) {
  return async function query({ outTradeNo, transactionId, ask }: TradeAsk): Promise<TradeReport> {
    const origin = { source: 'query', channel: 'wechat', account: tools.account, outTradeNo } as const
    const named = transactionId === undefined ? { out_trade_no: outTradeNo } : { transaction_id: transactionId }
    try {
      const trade = await call('/pay/orderquery', ask.appId, named)
      if (trade.get('out_trade_no') !== outTradeNo) throw otherQuestion('the number of another order')
      return vouchForTrade({ ...origin, outcome: outcomeOf(trade, credentials) })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForTrade({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }
}

/** A verified payment as a report. @throws ChannelError when it lacks what makes it one. */
export function paidReport(
  trade: V2Answer,
  merchant: Merchant,
  origin: { source: ReportSource; account: TradeReport['account'] },
): TradeReport {
  const outTradeNo = readOutTradeNo(trade.get('out_trade_no') ?? '')
  if (!outTradeNo) throw unclear('told of an order whose number is none of ours')
  return vouchForTrade({ ...origin, channel: 'wechat', outTradeNo, outcome: success(trade, merchant) })
}

function outcomeOf(trade: V2Answer, merchant: Merchant): Outcome {
  const state = trade.get('trade_state') ?? ''
  switch (state) {
    case 'SUCCESS':
      return success(trade, merchant)
    case 'REFUND':
      return { ...success(trade, merchant), wentBack: true }
    case 'CLOSED':
    case 'REVOKED':
      return { status: 'closed' }
    case 'PAYERROR':
      return { status: 'failed', said: state }
    case 'NOTPAY':
    case 'USERPAYING':
    case 'ACCEPT':
      return { status: 'pending', said: state, isKnownWord: true }
    default:
      return { status: 'pending', said: state.slice(0, 32), isKnownWord: false }
  }
}

/** `total_fee` is what was asked for; what was paid in cash after coupons may be less and is no mismatch. */
function success(trade: V2Answer, merchant: Merchant): Success {
  const [transactionId, total, at] = [trade.get('transaction_id'), fen(trade.get('total_fee')), readStamp(trade.get('time_end'))]
  const currency = trade.get('fee_type') ?? 'CNY'
  if (!transactionId || total === undefined || at === undefined || !isCurrency(currency))
    throw unclear('told of a payment without its number, amount, currency or time')
  const openId = trade.get('sub_openid') ?? trade.get('openid')
  return {
    status: 'succeeded',
    transactionId: asTransactionId(transactionId),
    amount: moneyOf(total, currency),
    merchantRef: merchantRefOf(merchant),
    appId: reportedApp(merchant, { appId: appOf(trade, 'appid'), subAppId: appOf(trade, 'sub_appid') }),
    openId: openId === undefined ? undefined : asOpenId(openId),
    succeededAt: at,
  }
}

function appOf(trade: V2Answer, name: 'appid' | 'sub_appid'): AppId | undefined {
  const value = trade.get(name)
  return value ? asAppId(value) : undefined
}

/** Fen as text; undefined when it is no whole number. */
export function fen(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
