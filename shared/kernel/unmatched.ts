/** Why money fits nothing here: its number is nobody's, it is not what its attempt asked for, or it went back and nobody here had asked. */
export const unmatchedReasons = ['unknown_number', 'mismatch', 'unknown_refund'] as const
export type UnmatchedReason = (typeof unmatchedReasons)[number]

/** Which state of such money may follow which. What was settled stays settled. */
export const unmatchedMoves = {
  /** Waits for staff. */
  open: ['refunded', 'assigned', 'noted'],
  /** On its way back through the channel; the refund says how far it is. */
  refunded: [],
  /** Kept for an order. */
  assigned: [],
  /** Settled outside of the channel, or nothing to do: somebody vouches for it with a note. */
  noted: [],
} as const
export type UnmatchedStatus = keyof typeof unmatchedMoves
export const unmatchedStatuses = ['open', 'refunded', 'assigned', 'noted'] as const satisfies UnmatchedStatus[]
