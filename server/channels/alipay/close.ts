import type { TradeAsk } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { otherQuestion } from './call.ts'
import { type AlipayParts, appFor } from './parts.ts'
import { type Plain, text } from './wire.ts'

/**
 * Closes an unpaid trade. One that nobody opened does not exist yet, which is refused as not found; its address stays payable until the
 * time written in it, and money that comes by it is taken as late.
 */
export function makeClose({ credentials, call }: AlipayParts) {
  return async function close({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const answer = await call({ method: 'alipay.trade.close', app: appFor(credentials, ask.appId), content: { out_trade_no: outTradeNo } })
    assertAbout(answer, outTradeNo)
  }
}

/** Cancels: an unpaid trade is closed, a paid one refunded; `retry_flag` wants the same call again (fact sheet §8). */
export function makeReverse({ credentials, call }: AlipayParts) {
  return async function reverse({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const answer = await call({ method: 'alipay.trade.cancel', app: appFor(credentials, ask.appId), content: { out_trade_no: outTradeNo } })
    assertAbout(answer, outTradeNo)
    if (text(answer, 'retry_flag') === 'Y')
      throw new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: 'Alipay wants to be asked again to cancel the trade' })
  }
}

/** The signature covers the answer alone, not what was asked: one about another trade would pass as well. */
function assertAbout(answer: Plain, outTradeNo: string): void {
  if ((text(answer, 'out_trade_no') ?? outTradeNo) !== outTradeNo) throw otherQuestion('the number of another order')
}
