import { isLiveAttempt } from '../../../shared/kernel/states.ts'
import type { TradeState } from '../../../shared/kernel/trade-states.ts'
import type { Attempt } from './attempt.ts'
import type { Order } from './order.ts'
import type { TradeReport } from './report.ts'

/** What the channel has just said of a payment, in the words of the one-step interface. */
export function tradeStateOf(report: TradeReport, attempt: Attempt, order: Order): TradeState {
  const { outcome } = report
  switch (outcome.status) {
    case 'succeeded':
      return isGivenBack(attempt, order) ? 'REFUND' : 'SUCCESS'
    case 'closed':
      return attempt.reversingAt === undefined ? 'CLOSED' : 'REVOKED'
    case 'failed':
      return 'PAYERROR'
    case 'pending':
      return /PAYING/.test(outcome.said) ? 'USERPAYING' : 'NOTPAY'
    // A number that has not arrived, or was never opened, can still be paid as far as we know.
    case 'notFound':
      return recordedState(attempt, order)
  }
}

/** What our books say of it. */
export function recordedState(attempt: Attempt, order: Order): TradeState {
  if (isLiveAttempt(attempt.status)) return attempt.ask.payType === 'MICROPAY' ? 'USERPAYING' : 'NOTPAY'
  if (attempt.status === 'succeeded') return isGivenBack(attempt, order) ? 'REFUND' : 'SUCCESS'
  if (attempt.status === 'failed') return 'PAYERROR'
  return attempt.reversingAt === undefined ? 'CLOSED' : 'REVOKED'
}

/** Something of it went back, or all of it, as surplus. */
function isGivenBack(attempt: Attempt, order: Order): boolean {
  return attempt.kept === false || (attempt.paymentId === order.keptPaymentId && order.refunded > 0)
}
