import { isLiveAttempt } from '../../shared/kernel/states.ts'
import { later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import type { ChannelFailure } from '../channels/failure.ts'
import { findAttempt } from '../store/attempts.ts'
import { assert } from './error.ts'
import type { Parts } from './parts.ts'
import type { Attempt } from './rules/attempt.ts'
import { decision } from './rules/decision.ts'
import { vouchForTrade } from './rules/report.ts'
import { canReverse, decideReversal } from './rules/reversal.ts'
import type { Settle } from './settle.ts'

/**
 * What came of closing: `gone`, nobody can pay that number any more; `paid`, somebody had; `open`, it may still be paid, for the
 * reason the channel gave.
 */
export type Closing = { readonly is: 'gone' | 'paid' } | { readonly is: 'open'; readonly failure: ChannelFailure | undefined }

export type Reverse = ReturnType<typeof makeReverse>

/**
 * Undoes a payment by the payer's code that stayed undecided. It is written first that it is being undone: from then on nobody takes
 * it for paid, so that the goods are not handed out for money that goes back.
 */
export function makeReverse({
  db,
  runtime,
  settle,
  commit,
  askChannel,
}: Pick<Parts, 'db' | 'runtime' | 'commit' | 'askChannel'> & { readonly settle: Settle }) {
  return async function reverse(account: ChannelAccount, attempt: Attempt): Promise<Closing> {
    const now = runtime.now()
    if (!canReverse(attempt, now)) return { is: 'open', failure: undefined }
    if (attempt.reversingAt === undefined && !(await commit(decideReversal(attempt, now)))) return stateOf(attempt)
    const { merchantId, orderId, outTradeNo } = attempt
    const subject = { merchantId, orderId, number: outTradeNo }
    const undone = await askChannel(account, 'reverse', subject, async (channel) => {
      assert(channel.reverse, `${channel.channel} can undo what it takes by code`)
      return channel.reverse(attempt)
    })
    if (!undone.ok && !isVerdict(undone.failure)) {
      await commit(decision({ notes: [undone.note] }))
      return { is: 'open', failure: undone.failure }
    }
    const asked = await askChannel(account, 'query', subject, (channel) => channel.query(attempt))
    if (!asked.ok) {
      await commit(decision({ notes: [undone.note, asked.note] }))
      return { is: 'open', failure: asked.failure }
    }
    const isTooOldToBeOnItsWay = later(attempt.createdAt, account.limits.notFoundIsUnknownMs) <= runtime.now()
    const isAbsent = asked.value.outcome.status === 'notFound' && (undone.ok || isTooOldToBeOnItsWay)
    const report = isAbsent ? vouchForTrade({ ...asked.value, outcome: { status: 'closed' } }) : asked.value
    await settle.trade(report, { notes: [undone.note, asked.note], isReversalOver: !undone.ok })
    return stateOf(attempt)
  }

  async function stateOf(attempt: Attempt): Promise<Closing> {
    const fresh = await findAttempt(db, attempt.merchantId, attempt.paymentId)
    assert(fresh, `attempt ${attempt.paymentId} is still there`)
    if (isLiveAttempt(fresh.status)) return { is: 'open', failure: undefined }
    return { is: fresh.status === 'succeeded' ? 'paid' : 'gone' }
  }
}

/** The channel's last word: it cannot be undone, or there is nothing to undo. */
function isVerdict({ refusal }: ChannelFailure): boolean {
  return refusal === 'orderPaid' || refusal === 'orderClosed' || refusal === 'notFound' || refusal === 'invalid'
}
