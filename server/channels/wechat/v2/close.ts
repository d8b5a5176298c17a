import type { TradeAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import type { V2Parts } from './parts.ts'

/** Closes a number that was not paid. Repeatable. */
export function makeClose({ call }: V2Parts) {
  return async function close({ outTradeNo, ask }: TradeAsk): Promise<void> {
    await call('/pay/closeorder', ask.appId, { out_trade_no: outTradeNo })
  }
}

/** Undoes a payment by code: an unpaid one is closed, a paid one goes back. `recall=Y` wants the same call again (fact sheet §3.2). */
export function makeReverse({ call }: V2Parts) {
  return async function reverse({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const answer = await call('/secapi/pay/reverse', ask.appId, { out_trade_no: outTradeNo }, true)
    if (answer.get('recall') === 'Y')
      throw new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: 'WeChat Pay wants to be asked again to undo the payment' })
  }
}
