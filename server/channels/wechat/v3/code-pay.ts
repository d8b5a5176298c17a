import { later } from '../../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../../core/rules/attempt.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { Prepared, TradeAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { otherQuestion, unreadable } from './call.ts'
import type { V3Parts } from './parts.ts'
import { transactionsPath } from './paths.ts'
import { appBody } from './prepare.ts'
import { tradeReport } from './query.ts'
import { readTrade } from './wire.ts'

const codeLifeMs = 60_000
const descriptionMaxBytes = 127

/**
 * Payment by the payer's code in v3, a limited release (fact sheet §2.3): the answer is the order itself, 202 says that the payer types
 * the password. No notification comes of it, and it cannot be closed, only reversed.
 */
export function makeCodePay({ credentials, tools, call }: V3Parts) {
  const base = transactionsPath(credentials)
  return { prepare, reverse }

  async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const open = { action: { type: 'none' }, actionExpiresAt: later(tools.runtime.now(), codeLifeMs) } as const
    try {
      const trade = readTrade(await call({ method: 'POST', pathAndQuery: `${base}/codepay`, body: bodyOf(ask) }))
      if (!trade) throw unreadable('an order')
      if (trade.outTradeNo !== ask.outTradeNo) throw otherQuestion('the number of another order')
      return { ...open, report: tradeReport(trade, credentials, { source: 'answer', account: tools.account }) }
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'payerIsPaying') return open
      throw error
    }
  }

  async function reverse({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const pathAndQuery = `${base}/out-trade-no/${encodeURIComponent(outTradeNo)}/reverse`
    await call({ method: 'POST', pathAndQuery, body: appBody(credentials, ask.appId) })
  }

  function bodyOf(ask: PrepareAsk): unknown {
    return {
      ...appBody(credentials, ask.appId),
      description: cutToBytes(ask.description, descriptionMaxBytes),
      out_trade_no: ask.outTradeNo,
      amount: { total: ask.amount.minor, currency: ask.amount.currency },
      payer: { auth_code: ask.authCode },
      scene_info: { device_ip: ask.clientIp, store_info: { out_id: 'shop' } },
    }
  }
}
