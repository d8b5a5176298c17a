import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import { later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import type { ChannelFailure } from '../channels/failure.ts'
import { findAttempt } from '../store/attempts.ts'
import { hasMismatch } from '../store/unmatched.ts'
import { AppError, assert, channelRefusal } from './error.ts'
import { loadView, type OrderView } from './load.ts'
import type { Parts } from './parts.ts'
import type { Closing, Reverse } from './reverse.ts'
import type { Attempt } from './rules/attempt.ts'
import { decideClose } from './rules/decide-order.ts'
import { decision, type Note } from './rules/decision.ts'
import { vouchForTrade } from './rules/report.ts'
import { isByCode } from './rules/reversal.ts'
import type { Settle } from './settle.ts'

export type OrderClosing =
  | { readonly is: 'closed' | 'paid' | 'held'; readonly view: OrderView }
  | { readonly is: 'open'; readonly view: OrderView; readonly failure: ChannelFailure | undefined }

const maxRounds = 10

export type Close = ReturnType<typeof makeClose>

/** CLOSED is a claim about the channel: query → close → query, then the state. */
export function makeClose({
  db,
  runtime,
  accounts,
  settle,
  commit,
  askChannel,
  reverse,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'commit' | 'askChannel'> & { readonly settle: Settle; readonly reverse: Reverse }) {
  return { attempt: closeAttempt, order: closeOrder }

  /** Closes one attempt at the channel and here. What the channel says of it meanwhile is settled. */
  async function closeAttempt(attempt: Attempt): Promise<Closing> {
    const account = accounts.find(attempt.channel, attempt.account)
    assert(account, `account ${attempt.account} of attempt ${attempt.paymentId} is set up`)
    const before = await askAndSettle(account, attempt)
    // A code that was shown cannot be closed, only undone; nor does silence keep it from being undone.
    if (isByCode(attempt) && !(before.ok && before.now !== 'open')) return reverse(account, attempt)
    if (!before.ok) return { is: 'open', failure: before.failure }
    if (before.now !== 'open') return { is: before.now }
    const { ok, failure, note } = await closeThere(account, attempt)
    if (!ok) return refusedToClose(account, attempt, { failure, note })
    const after = await askAndSettle(account, attempt, [note], 'closeWasTaken')
    if (!after.ok) return { is: 'open', failure: after.failure }
    return after.now === 'open' ? { is: 'open', failure: undefined } : { is: after.now }
  }

  async function closeThere(account: ChannelAccount, attempt: Attempt) {
    const asked = await askChannel(account, 'close', subjectOf(attempt), (channel) => channel.close(attempt))
    return { ok: asked.ok, note: asked.note, failure: asked.ok ? undefined : asked.failure }
  }

  /** The channel did not close it: paid a second ago, closed already, never heard of; anything else leaves it open. */
  async function refusedToClose(
    account: ChannelAccount,
    attempt: Attempt,
    { failure, note }: { failure: ChannelFailure | undefined; note: Note },
  ): Promise<Closing> {
    const refusal = failure?.refusal
    const isWorthAsking = refusal === 'orderPaid' || refusal === 'orderClosed' || refusal === 'notFound'
    if (!isWorthAsking) {
      await commit(decision({ notes: [note] }))
      return { is: 'open', failure }
    }
    const after = await askAndSettle(account, attempt, [note], refusal === 'notFound' ? 'neverHeardOf' : undefined)
    if (!after.ok) return { is: 'open', failure: after.failure }
    return after.now === 'open' ? { is: 'open', failure } : { is: after.now }
  }

  /**
   * Asks about an attempt, settles the answer and says what the attempt is now.
   *
   * A number the channel has never heard of cannot be paid once a close was taken for it, or once it is too old to be on its way.
   */
  async function askAndSettle(
    account: ChannelAccount,
    attempt: Attempt,
    notes: readonly Note[] = [],
    since?: 'closeWasTaken' | 'neverHeardOf',
  ): Promise<{ ok: true; now: 'gone' | 'paid' | 'open' } | { ok: false; failure: ChannelFailure }> {
    const asked = await askChannel(account, 'query', subjectOf(attempt), (channel) => channel.query(attempt))
    if (!asked.ok) {
      await commit(decision({ notes: [...notes, asked.note] }))
      return { ok: false, failure: asked.failure }
    }
    const isAbsent = asked.value.outcome.status === 'notFound'
    const { notFoundIsUnknownMs, isUnknownUntilOpened = false } = account.limits
    const isTooOldToBeOnItsWay =
      later(attempt.createdAt, notFoundIsUnknownMs) <= runtime.now() || (isUnknownUntilOpened && attempt.status === 'open')
    const isGone = isAbsent && (since === 'closeWasTaken' || (since === 'neverHeardOf' && isTooOldToBeOnItsWay))
    const report = isGone ? vouchForTrade({ ...asked.value, outcome: { status: 'closed' } }) : asked.value
    await settle.trade(report, { notes: [...notes, asked.note] })
    const fresh = await findAttempt(db, attempt.merchantId, attempt.paymentId)
    assert(fresh, `attempt ${attempt.paymentId} is still there`)
    if (isLiveAttempt(fresh.status)) return { ok: true, now: 'open' }
    return { ok: true, now: fresh.status === 'succeeded' ? 'paid' : 'gone' }
  }

  /** Closes an order: each attempt that could be paid, then the order itself. `held`: money that does not match waits for staff. */
  async function closeOrder(merchantId: MerchantId, orderId: OrderId, why: 'expired' | 'cancelled'): Promise<OrderClosing> {
    for (let round = 0; round < maxRounds; round++) {
      const view = await loadView(db, merchantId, orderId)
      if (view.order.status === 'succeeded') return { is: 'paid', view }
      if (view.order.status !== 'pending') return { is: 'closed', view }
      if (await hasMismatch(db, merchantId, orderId)) return { is: 'held', view }
      const live = view.attempts.filter((attempt) => isLiveAttempt(attempt.status))
      for (const attempt of live) {
        const closing = await closeAttempt(attempt)
        if (closing.is === 'open') return { is: 'open', view: await loadView(db, merchantId, orderId), failure: closing.failure }
      }
      if (live.length === 0) await commit(decideClose(view.order, why, runtime.now()))
    }
    throw new Error(`order ${orderId} changed under every try to close it`)
  }
}

/** What a caller is told when something could not be closed. */
export function notClosed(failure: ChannelFailure | undefined): AppError {
  // A number the channel has not heard of may still be on its way to it.
  const isTyping = failure === undefined || failure.refusal === 'payerIsPaying' || failure.refusal === 'notFound'
  if (!isTyping) return channelRefusal(failure)
  return new AppError('CONFLICT', 'the payer is paying at this moment; try again in a few seconds', {
    hint: { zh: '用户正在支付，请稍后再试', en: 'The payer is paying at this moment; try again in a few seconds' },
    retryAfterSeconds: 5,
  })
}

function subjectOf({ merchantId, orderId, outTradeNo }: Attempt) {
  return { merchantId, orderId, number: outTradeNo }
}
