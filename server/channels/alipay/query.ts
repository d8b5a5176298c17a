import { asAppId, asTransactionId } from '../../../shared/kernel/ids.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import { type Success, type TradeFacts, type TradeReport, vouchForTrade } from '../../core/rules/report.ts'
import type { TradeAsk } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { merchantRefOf } from './account.ts'
import { otherQuestion, unclear } from './call.ts'
import { type AlipayParts, appFor } from './parts.ts'
import { readTime } from './times.ts'
import { type Plain, text, yuan } from './wire.ts'

/** Asks what became of a number. A trade that no payer has opened yet does not exist at Alipay (fact sheet §6, §8). */
export function makeQuery({ credentials, tools, call }: AlipayParts) {
  return async function query({ outTradeNo, ask }: TradeAsk): Promise<TradeReport> {
    const origin = { source: 'query', channel: 'alipay', account: tools.account, outTradeNo } as const
    try {
      const trade = await call({ method: 'alipay.trade.query', app: appFor(credentials, ask.appId), content: { out_trade_no: outTradeNo } })
      if (text(trade, 'out_trade_no') !== outTradeNo) throw otherQuestion('the number of another order')
      const outcome = outcomeOf(trade, { paidAt: readTime(text(trade, 'send_pay_date')), heardAt: tools.runtime.now() })
      return vouchForTrade({
        ...origin,
        outcome: outcome.status === 'succeeded' ? { ...outcome, merchantRef: merchantRefOf(credentials), appId: ask.appId } : outcome,
      })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForTrade({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }
}

type Outcome = TradeFacts['outcome']
type Times = { readonly paidAt: Instant | undefined; readonly heardAt: Instant }

/**
 * What a trade's state says (fact sheet §8). TRADE_CLOSED is an end of an unpaid trade and of one that was refunded in full: the time of
 * payment tells them apart.
 *
 * @param times when it was paid, as far as that is said; where it is not, a paid one counts from when it was heard of: money that is
 * there is not left lying for want of a time.
 */
export function outcomeOf(trade: Plain, { paidAt, heardAt }: Times): Outcome {
  const state = text(trade, 'trade_status') ?? ''
  switch (state) {
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return success(trade, paidAt ?? heardAt)
    case 'TRADE_CLOSED':
      return paidAt === undefined ? { status: 'closed' } : { ...success(trade, paidAt), wentBack: true }
    case 'WAIT_BUYER_PAY':
      return { status: 'pending', said: state, isKnownWord: true }
    default:
      return { status: 'pending', said: state.slice(0, 32), isKnownWord: false }
  }
}

/** `total_amount` is what was asked for; what the buyer paid after discounts may be less and is no mismatch. */
function success(trade: Plain, succeededAt: Instant): Success {
  const [transactionId, amount] = [text(trade, 'trade_no'), yuan(text(trade, 'total_amount'), text(trade, 'trans_currency') ?? 'CNY')]
  if (transactionId === undefined || amount === undefined) throw unclear('told of a payment without its number or amount')
  return {
    status: 'succeeded',
    transactionId: asTransactionId(transactionId),
    amount,
    merchantRef: '',
    appId: asAppId(text(trade, 'app_id') ?? ''),
    succeededAt,
  }
}
