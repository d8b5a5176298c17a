import type { ChannelAccount } from '../channels/channel.ts'
import type { ChannelFailure } from '../channels/failure.ts'
import { findRefund } from '../store/refunds.ts'
import type { Checks } from './check.ts'
import type { Parts } from './parts.ts'
import { decideRefundRefused } from './rules/decide-refund.ts'
import { decision, type Note, together } from './rules/decision.ts'
import type { Refund } from './rules/refund.ts'
import type { Settle } from './settle.ts'

/** Whether there is more to do: `again` when the channel has not taken the request yet. */
export type Sent = 'done' | 'again'

export type SendRefund = ReturnType<typeof makeSendRefund>

/**
 * Sends a refund that is written already; every time under its one number, so that the channel pays it back once however often it
 * is sent. May run twice.
 */
export function makeSendRefund({
  db,
  runtime,
  accounts,
  alarms,
  commit,
  askChannel,
  settle,
  checks,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'alarms' | 'commit' | 'askChannel'> & { readonly settle: Settle } & {
  checks: Pick<Checks, 'askAboutRefund'>
}) {
  return async function sendRefund(refund: Refund): Promise<Sent> {
    const account = accounts.find(refund.channel, refund.account)
    if (!account || refund.status !== 'pending') return refund.status === 'pending' ? 'again' : 'done'
    const { merchantId, orderId, outRefundNo } = refund
    const asked = await askChannel(account, 'refund', { merchantId, orderId, number: outRefundNo }, (channel) => send(channel, refund))
    if (!asked.ok) return refused(refund, asked.failure, asked.note)
    await settle.refund(asked.value, { notes: [asked.note] })
    return state(refund)
  }

  async function refused(refund: Refund, failure: ChannelFailure, note: Note): Promise<Sent> {
    const isNumberUsed = failure.refusal === 'numberUsed'
    const isFinal = failure.kind === 'refused' && (failure.refusal === 'invalid' || failure.refusal === 'notFound' || isNumberUsed)
    if (failure.refusal === 'notEnough')
      alarms.raise('refund_balance', {
        refundId: refund.refundId,
        remedy: 'top up the merchant account; the refund is sent again by itself',
      })
    if (!isFinal) {
      await commit(decision({ notes: [note] }))
      return 'again'
    }
    return refusedForGood(refund, failure, note)
  }

  /**
   * A refusal may answer a repeat of what was taken before: the refund is asked about before it counts as failed. A number that was used
   * and is not found contradicts itself, and is no verdict: it is asked about again.
   */
  async function refusedForGood(refund: Refund, failure: ChannelFailure, note: Note): Promise<Sent> {
    await commit(decision({ notes: [note] }))
    const { verdict, failure: silent } = await checks.askAboutRefund(refund)
    if (verdict === 'pending' || (silent && silent.refusal !== 'notFound')) return 'again'
    const fresh = await findRefund(db, refund.merchantId, refund.refundId)
    if (fresh?.status !== 'pending') return 'done'
    if (failure.refusal === 'numberUsed') return 'again'
    alarms.raise('refund_failed', { refundId: refund.refundId, channelCode: failure.channelCode, cause: refund.cause })
    await commit(together(decideRefundRefused(fresh, failure.channelMessage ?? failure.channelCode ?? failure.message, runtime.now())))
    return 'done'
  }

  async function state(refund: Refund): Promise<Sent> {
    const fresh = await findRefund(db, refund.merchantId, refund.refundId)
    return fresh?.status === 'pending' ? 'again' : 'done'
  }
}

function send(channel: ChannelAccount, refund: Refund) {
  const { outTradeNo, transactionId, outRefundNo, amount, total, reason, notifyUrl, createdAt } = refund
  return channel.refund({ outTradeNo, transactionId, outRefundNo, amount, total, reason, notifyUrl, createdAt })
}
