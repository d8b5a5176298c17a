import type { TradeAsk } from '../../channel.ts'
import type { V2Parts } from './parts.ts'

/** Closes a number that was not paid. Repeatable. */
export function makeClose({ call }: V2Parts) {
  return async function close({ outTradeNo, ask }: TradeAsk): Promise<void> {
    await call('/pay/closeorder', ask.appId, { out_trade_no: outTradeNo })
  }
}
