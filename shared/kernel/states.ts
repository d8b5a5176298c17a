/**
 * The lives of an order, an attempt, a refund and the telling of an event: which state may follow which. Buttons, guards, SQL and the picture in the README
 * read these tables; no state column changes along any other way.
 */
export const orderMoves = {
  /** Waiting for money. */
  pending: ['succeeded', 'failed', 'closed'],
  /** One attempt's money is kept. */
  succeeded: [],
  /** Gave up by itself; only money that comes late and is accepted changes that. */
  failed: ['succeeded'],
  /** Nobody can pay it any more; only money that comes late and is accepted changes that. */
  closed: ['succeeded'],
} as const

export const attemptMoves = {
  /** May have reached the channel: all that is known between the write and the answer, and after a crash. */
  sent: ['open', 'succeeded', 'failed', 'closed'],
  /** The channel knows it; it can be paid. */
  open: ['succeeded', 'failed', 'closed'],
  /** Paid. Whether the money is kept is another column. */
  succeeded: [],
  /** The channel refused it, verified; money that shows up all the same is taken as late. */
  failed: ['succeeded'],
  /** Closed at the channel; money that shows up all the same is taken as late. */
  closed: ['succeeded'],
} as const

export const refundMoves = {
  /** Reserved here; may have reached the channel. */
  pending: ['processing', 'succeeded', 'abnormal', 'failed', 'closed'],
  /** The channel works on it. */
  processing: ['succeeded', 'abnormal', 'failed', 'closed'],
  /** The money is back. */
  succeeded: [],
  /** The payer's account or card cannot receive it; someone has to act. Its amount stays reserved. */
  abnormal: ['processing', 'succeeded', 'closed'],
  /** Refused by a rule of the channel; its amount is free again. */
  failed: [],
  /** The channel gave up; its amount is free again. */
  closed: [],
} as const

export const deliveryMoves = {
  /** To be told, or told again after a failure. */
  pending: ['succeeded', 'failed'],
  /** The endpoint said yes; only somebody who wants it sent again changes that. */
  succeeded: ['pending'],
  /** Given up after the last try; only somebody who wants it sent again changes that. */
  failed: ['pending'],
} as const

export type OrderStatus = keyof typeof orderMoves
export type AttemptStatus = keyof typeof attemptMoves
export type RefundStatus = keyof typeof refundMoves
export type DeliveryStatus = keyof typeof deliveryMoves

export const orderStatuses = ['pending', 'succeeded', 'failed', 'closed'] as const satisfies OrderStatus[]
export const attemptStatuses = ['sent', 'open', 'succeeded', 'failed', 'closed'] as const satisfies AttemptStatus[]
export const refundStatuses = ['pending', 'processing', 'succeeded', 'abnormal', 'failed', 'closed'] as const satisfies RefundStatus[]
export const deliveryStatuses = ['pending', 'succeeded', 'failed'] as const satisfies DeliveryStatus[]

/** How much of a paid order went back. */
export const refundTotals = ['none', 'partial', 'full'] as const
export type RefundTotal = (typeof refundTotals)[number]

/** Surplus money: a second payment of one order, a payment after closing, or money that fitted nothing and that staff gave back. */
export const surplusCauses = ['duplicate', 'late', 'unmatched'] as const
export type SurplusCause = (typeof surplusCauses)[number]
/** Why money goes back: somebody asked, it is surplus, or it was done outside of us. */
export const refundCauses = ['requested', ...surplusCauses, 'external'] as const
export type RefundCause = (typeof refundCauses)[number]

export const lives = { order: orderMoves, attempt: attemptMoves, refund: refundMoves, delivery: deliveryMoves } as const
export type Life = keyof typeof lives

/** The states from which a life may turn to `to`; what a compare-and-set puts into its WHERE. */
export function orderMayComeFrom(to: OrderStatus): OrderStatus[] {
  return orderStatuses.filter((from) => includes(orderMoves[from], to))
}
export function attemptMayComeFrom(to: AttemptStatus): AttemptStatus[] {
  return attemptStatuses.filter((from) => includes(attemptMoves[from], to))
}
export function refundMayComeFrom(to: RefundStatus): RefundStatus[] {
  return refundStatuses.filter((from) => includes(refundMoves[from], to))
}

/** Whether an attempt may still be paid at the channel, as far as we know. */
export function isLiveAttempt(status: AttemptStatus): boolean {
  return status === 'sent' || status === 'open'
}

function includes(list: readonly string[], word: string): boolean {
  return list.includes(word)
}
