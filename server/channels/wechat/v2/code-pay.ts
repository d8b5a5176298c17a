import { later } from '../../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../../core/rules/attempt.ts'
import type { Prepared, TradeAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { otherQuestion } from './call.ts'
import type { V2Parts } from './parts.ts'
import { goodsMembers } from './prepare.ts'
import { paidReport } from './query.ts'

/** A payment by code is decided, or undone, long before. */
const codeLifeMs = 60_000

/** Payment by the payer's code, called micropay: no notification ever comes of it, and it cannot be closed, only reversed (fact sheet §3.2). */
export function makeCodePay({ credentials, tools, call }: V2Parts) {
  return { prepare, reverse }

  /** Paid at once, or the payer is asked for the password. @throws ChannelError `unknown` when it has to be asked about or undone. */
  async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const open = { action: { type: 'none' }, actionExpiresAt: later(tools.runtime.now(), codeLifeMs) } as const
    try {
      const answer = await call('/pay/micropay', ask.appId, { ...goodsMembers(ask), auth_code: ask.authCode })
      if (answer.get('out_trade_no') !== ask.outTradeNo) throw otherQuestion('the number of another order')
      return { ...open, report: paidReport(answer, credentials, { source: 'answer', account: tools.account }) }
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'payerIsPaying') return open
      throw error
    }
  }

  /** An unpaid one is closed, a paid one goes back. `recall=Y` wants the same call again. */
  async function reverse({ outTradeNo, ask }: TradeAsk): Promise<void> {
    const answer = await call('/secapi/pay/reverse', ask.appId, { out_trade_no: outTradeNo }, true)
    if (answer.get('recall') === 'Y')
      throw new ChannelError({ kind: 'unknown', code: 'CHANNEL_ERROR', message: 'WeChat Pay wants to be asked again to undo the payment' })
  }
}
