import { type Instant, later } from '../../../shared/kernel/time.ts'
import type { Attempt } from './attempt.ts'
import { type Decision, decision } from './decision.ts'

/** A payment by the payer's code is asked about so often: nobody waits longer at a counter (fact sheet v2 §3.2). */
export const codeSyncEveryMs = 5000
/** Nobody types a password longer than this; then it is undone. */
const undecidedForMs = 45_000
/** The channel takes no reversal sooner after the payment was asked for. */
const notBeforeMs = 15_000
/** The channel undid it and still says that it is paid: after so long, what it says counts. */
const contradictedForMs = 10 * 60_000

/** Whether an attempt is paid by a code that the payer showed: it can only be undone, not closed. */
export function isByCode({ ask }: Pick<Attempt, 'ask'>): boolean {
  return ask.payType === 'MICROPAY'
}

/** Whether the payer had time enough. */
export function isUndecidedTooLong({ createdAt }: Attempt, now: Instant): boolean {
  return later(createdAt, undecidedForMs) <= now
}

/** Whether the channel may be asked to undo it already. */
export function canReverse({ createdAt }: Attempt, now: Instant): boolean {
  return later(createdAt, notBeforeMs) <= now
}

/** Whether a success counts although the attempt is being undone: the channel says "undone" and "paid" for too long. */
export function isReversalContradicted({ reversingAt }: Attempt, now: Instant): boolean {
  return reversingAt !== undefined && later(reversingAt, contradictedForMs) <= now
}

/**
 * Notes, before the channel is asked, that an attempt is being undone. From here on nobody takes it for paid: the money goes back
 * whether it had come or not. Lost when it was paid, or ended, a moment ago.
 */
export function decideReversal({ merchantId, orderId, paymentId, outTradeNo }: Attempt, now: Instant): Decision {
  return decision({
    changes: [{ kind: 'markReversing', merchantId, paymentId, at: now }],
    notes: [{ merchantId, orderId, at: now, kind: 'transition', title: 'payment by code is being undone', detail: { number: outTradeNo } }],
  })
}
