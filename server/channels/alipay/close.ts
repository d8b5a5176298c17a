import type { TradeAsk } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { type AlipayParts, appFor } from './parts.ts'
import { text } from './wire.ts'

/**
 * Closes an unpaid trade. One that nobody opened does not exist yet, which is refused as not found; its address stays payable until the
 * time written in it, and money that comes by it is taken as late.
 */
export function makeClose({ credentials, call }: AlipayParts) {
  return async function close({ outTradeNo, ask }: TradeAsk): Promise<void> {
    await call({ method: 'alipay.trade.close', app: appFor(credentials, ask.appId), content: { out_trade_no: outTradeNo } })
  }
}

/** Cancels: an unpaid trade is closed, a paid one refunded; `retry_flag` wants the same call again (fact sheet §8). */
export function makeReverse({ credentials, call }: AlipayParts) {
  return async function reverse({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const answer = await call({ method: 'alipay.trade.cancel', app: appFor(credentials, ask.appId), content: { out_trade_no: outTradeNo } })
    if (text(answer, 'retry_flag') === 'Y')
      throw new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: 'Alipay wants to be asked again to cancel the trade' })
  }
}
