import type { PayAction } from '../../shared/kernel/pay.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { ChannelAccount, Prepared } from '../channels/channel.ts'
import type { ChannelFailure } from '../channels/failure.ts'
import { findAttempt } from '../store/attempts.ts'
import type { Asked } from './ask-channel.ts'
import { type Close, notClosed } from './close.ts'
import { AppError, channelRefusal } from './error.ts'
import type { Parts } from './parts.ts'
import { type Attempt, hasUsableAction } from './rules/attempt.ts'
import { decideRefused } from './rules/decide-trade.ts'
import { type Decision, decision, type Note, together } from './rules/decision.ts'
import type { Order } from './rules/order.ts'
import { isByCode } from './rules/reversal.ts'
import type { Settle } from './settle.ts'

/** How often one request asks for the same payment; the wait before each further time, with as much chance again. */
const retryDelaysMs = [150, 400]

export type Prepare = ReturnType<typeof makePrepare>

/** What the payer pays with, and until when he can; without a time it is good for as long as the order. */
export type Usable = { readonly action: PayAction; readonly actionExpiresAt?: Instant | undefined }

/**
 * Asks the channel for the payment of an attempt that is written already, and writes what came of it.
 *
 * @returns what can be paid with; undefined when the number proved closed or used, so that a new attempt is needed.
 * @throws AppError as the failure says. Unknown never becomes failed: the attempt then stays as it is, and its task finds out.
 */
export function makePrepare({
  db,
  runtime,
  commit,
  askChannel,
  alarms,
  close,
  settle,
}: Pick<Parts, 'db' | 'runtime' | 'commit' | 'askChannel' | 'alarms'> & {
  readonly close: Pick<Close, 'attempt'>
  readonly settle: Settle
}) {
  return async function prepare(order: Order, attempt: Attempt, account: ChannelAccount): Promise<Usable | undefined> {
    const notes: Note[] = []
    for (const delayMs of [...retryDelaysMs, undefined]) {
      const asked = await askChannel(
        account,
        'prepare',
        { merchantId: attempt.merchantId, orderId: attempt.orderId, number: attempt.outTradeNo },
        (channel) => channel.prepare(attempt.ask),
      )
      notes.push(asked.note)
      if (asked.ok) return opened(order, attempt, asked.value, notes)
      // A channel that is busy is asked once more, no oftener.
      const isBusyStill = asked.failure.refusal === 'rateLimited' && notes.length > 1
      if (delayMs === undefined || isBusyStill || !mayGoAgainAtOnce(attempt, asked))
        return refused({ order, attempt, account, failure: asked.failure, notes })
      await runtime.sleep(delayMs + (delayMs * (runtime.randomBytes(1)[0] ?? 0)) / 256)
    }
    return undefined
  }

  async function opened(order: Order, attempt: Attempt, prepared: Prepared, notes: readonly Note[]): Promise<Usable | undefined> {
    const isOpen = await commit(openedDecision(attempt, prepared, notes))
    if (prepared.report) await settle.trade(prepared.report)
    if (isOpen) return prepared
    // Somebody was faster: a notification, another request for the same means, or a close.
    const fresh = await findAttempt(db, attempt.merchantId, attempt.paymentId)
    await commit(decision({ notes }))
    if (fresh && isLiveAttempt(fresh.status)) {
      await commit(openedDecision(fresh, prepared, []))
      return prepared
    }
    // By a code it was this very call that paid; the notification was only faster than its answer.
    if (fresh?.status === 'succeeded' && isByCode(fresh)) return prepared
    if (fresh?.status === 'succeeded') throw new AppError('ORDERPAID', `order ${order.orderId} is paid already`)
    return undefined
  }

  async function refused({ order, attempt, account, failure, notes }: Refused): Promise<Usable | undefined> {
    switch (failure.refusal) {
      case 'orderPaid':
      case 'orderClosed':
      case 'numberUsed':
        await commit(decision({ notes }))
        return askedAboutNumber(order, attempt, account, failure)
      case 'invalid':
      case 'configuration':
      case 'notFound':
        await commit(together(decideRefused(order, attempt, failure.channelCode ?? failure.message, runtime.now()), decision({ notes })))
        throw channelRefusal(failure)
      default:
        await commit(decision({ notes }))
        // Nobody knows whether the code paid: its task asks, and undoes it when that stays so.
        if (isByCode(attempt) && (failure.kind !== 'refused' || failure.refusal === 'payerIsPaying')) return { action: { type: 'none' } }
        throw channelRefusal(failure)
    }
  }

  /** The error alone changes nothing: the channel is asked about the number, and what it says is settled. */
  async function askedAboutNumber(
    order: Order,
    attempt: Attempt,
    account: ChannelAccount,
    failure: ChannelFailure,
  ): Promise<Usable | undefined> {
    const { merchantId, orderId, paymentId, outTradeNo } = attempt
    const asked = await askChannel(account, 'query', { merchantId, orderId, number: outTradeNo }, (channel) => channel.query(attempt))
    if (!asked.ok) {
      await commit(decision({ notes: [asked.note] }))
      throw channelRefusal(asked.failure)
    }
    await settle.trade(asked.value, { notes: [asked.note] })
    const fresh = await findAttempt(db, merchantId, paymentId)
    if (fresh?.status === 'succeeded') throw new AppError('ORDERPAID', `order ${orderId} is paid already`)
    if (!fresh || !isLiveAttempt(fresh.status)) return undefined
    // Used and not found is a contradiction, such as a list that lags: no reason to believe that the number is somebody else's.
    const mayBeOurs = asked.value.outcome.status === 'pending' || asked.value.outcome.status === 'notFound'
    if (account.limits.isAskedOnce === true && mayBeOurs) return askedBefore(fresh)
    await giveUpNumber(order, fresh, failure)
    return undefined
  }

  /** The channel takes a number once: another request of ours had asked. What it was given is given again, or the number is closed. */
  async function askedBefore(attempt: Attempt): Promise<Usable | undefined> {
    const { action, actionExpiresAt } = attempt
    if (action && hasUsableAction(attempt, runtime.now())) return { action, actionExpiresAt }
    const closing = await close.attempt(attempt)
    if (closing.is === 'paid') throw new AppError('ORDERPAID', `order ${attempt.orderId} is paid already`)
    if (closing.is === 'open') throw notClosed(closing.failure)
    return undefined
  }

  /** Somebody else used the number, or the channel contradicts itself: this attempt ends, the next one has another number. */
  async function giveUpNumber(order: Order, attempt: Attempt, failure: ChannelFailure): Promise<void> {
    const { outTradeNo } = attempt
    alarms.raise('number_reuse', {
      outTradeNo,
      channelCode: failure.channelCode,
      remedy:
        'another database uses these credentials: set ORDER_NO_PREFIX to a letter of its own, or raise the next number (PATCH /api/v1/number-series/order)',
    })
    await commit(
      decideRefused(
        order,
        attempt,
        `${failure.channelCode ?? 'number used'}: ${outTradeNo} is known to the channel as another order`,
        runtime.now(),
      ),
    )
  }
}

type Refused = {
  readonly order: Order
  readonly attempt: Attempt
  readonly account: ChannelAccount
  readonly failure: ChannelFailure
  readonly notes: readonly Note[]
}

function openedDecision(attempt: Attempt, { action, actionExpiresAt, channelState }: Prepared, notes: readonly Note[]): Decision {
  const { merchantId, orderId, paymentId } = attempt
  if (attempt.status === 'open')
    return decision({ changes: [{ kind: 'renewAction', merchantId, paymentId, action, actionExpiresAt, channelState }], notes })
  const set = { action, actionExpiresAt, ...(channelState === undefined ? {} : { channelState }) }
  return decision({
    changes: [{ kind: 'moveAttempt', merchantId, orderId, paymentId, from: ['sent'], to: 'open', about: attempt, set }],
    notes,
  })
}

/** The same number with the same bytes may go again: nothing left us, the channel was busy, or it failed without our waiting out a deadline. */
function mayGoAgainAtOnce(attempt: Attempt, asked: Extract<Asked<unknown>, { ok: false }>): boolean {
  const { kind, refusal, isTimeout } = asked.failure
  // A code takes money when it is sent: it is asked about, never sent twice.
  if (isByCode(attempt)) return kind === 'notSent'
  return kind === 'notSent' || refusal === 'rateLimited' || (kind === 'unknown' && isTimeout !== true)
}
