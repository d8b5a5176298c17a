import { asTransactionId, defaultMerchant, type MerchantId } from '../../shared/kernel/ids.ts'
import type { Money } from '../../shared/kernel/money.ts'
import { findAttemptByNumber, listAttemptsOf } from '../store/attempts.ts'
import { findOrder } from '../store/orders.ts'
import { findRefundByNumber } from '../store/refunds.ts'
import { findListed } from '../store/unmatched.ts'
import { assert } from './error.ts'
import type { Parts } from './parts.ts'
import type { Attempt } from './rules/attempt.ts'
import { adoptRefund, decideRefund, type RefundVerdict } from './rules/decide-refund.ts'
import { decideTrade, type TradeVerdict } from './rules/decide-trade.ts'
import { type Decision, decision, type InboxEntry, type Note, together } from './rules/decision.ts'
import type { RefundReport, TradeReport } from './rules/report.ts'
import type { UnmatchedMoney } from './rules/unmatched.ts'

/** What comes with a report: the notification it was in, and notes of the call that brought it. */
export type Along = {
  readonly inbox?: Omit<InboxEntry, 'verdict' | 'merchantId' | 'orderId'> | undefined
  readonly notes?: readonly Note[] | undefined
  /** The channel refused for good to undo the payment: what it says of it stands. */
  readonly isReversalOver?: boolean | undefined
}

/** A decision that lost so often in a row is not unlucky but wrong. */
const maxRounds = 20

export type Settle = ReturnType<typeof makeSettle>

/**
 * The one door for what a channel says: a notification, a query, the answer of a call, a line of a bill. Reads what is known, asks
 * the rule, writes its decision; when somebody else was faster, all of it again.
 */
export function makeSettle({
  db,
  runtime,
  policy,
  accounts,
  alarms,
  metrics,
  commit,
  askChannel,
}: Pick<Parts, 'db' | 'runtime' | 'policy' | 'accounts' | 'alarms' | 'metrics' | 'commit' | 'askChannel'>) {
  return { trade, refund }

  /** Settles what is said of a payment. `unmatched`: no attempt of ours has the number. */
  async function trade(report: TradeReport, along: Along = {}): Promise<TradeVerdict | 'unmatched'> {
    for (let round = 0; round < maxRounds; round++) {
      const attempt = await findAttemptByNumber(db, report.channel, report.account, report.outTradeNo)
      if (!attempt) return unmatched(report, along)
      const decided = await decideFor(attempt, report, along)
      if (await commit(together(decided.decision, beside(along, decided.verdict, attempt)))) {
        tell(decided.verdict, attempt, report)
        return decided.verdict
      }
    }
    throw new Error(`the report about ${report.outTradeNo} lost ${maxRounds} times in a row`)
  }

  async function decideFor(attempt: Attempt, report: TradeReport, { isReversalOver }: Along) {
    const order = await findOrder(db, attempt.merchantId, attempt.orderId)
    assert(order, `attempt ${attempt.paymentId} has its order`)
    const isOnly = order.attemptCount === 1
    const attempts = isOnly ? [attempt] : await listAttemptsOf(db, attempt.merchantId, attempt.orderId)
    const notifyUrl = policy.notifyUrl(attempt.channel, attempt.account)
    const given = { order, attempt, attempts, report, isReversalOver, policy: policy.latePayment, notifyUrl, now: runtime.now() }
    const decided = decideTrade(given)
    const isSettledByStaff = decided.verdict === 'mismatch' && (await isSettled(attempt.merchantId, report))
    return isSettledByStaff ? decideTrade({ ...given, isSettledByStaff }) : decided
  }

  /** Whether staff settled this payment already: by whatever figure it was listed, since notifications and bills may differ in that. */
  async function isSettled(merchantId: MerchantId, { channel, account, outTradeNo, outcome }: TradeReport): Promise<boolean> {
    if (outcome.status !== 'succeeded') return false
    const { transactionId } = outcome
    const listed = await findListed(db, { merchantId, channel, account, outTradeNo, transactionId })
    return listed?.resolution !== undefined
  }

  /** Settles what is said of a refund. A refund we never asked for is adopted; without a payment of ours it is `unmatched`. */
  async function refund(report: RefundReport, along: Along = {}): Promise<RefundVerdict | 'unmatched'> {
    for (let round = 0; round < maxRounds; round++) {
      const known = await findRefundByNumber(db, report.channel, report.account, report.outRefundNo)
      const attempt = await findAttemptByNumber(db, report.channel, report.account, report.outTradeNo)
      if (!attempt) return unmatchedRefund(report, along)
      if (!known && attempt.status !== 'succeeded' && !(await learnOfPayment(attempt))) return 'unmatched'
      const paid =
        known || attempt.status === 'succeeded' ? attempt : await findAttemptByNumber(db, report.channel, report.account, report.outTradeNo)
      // Read on a node that lags behind, it is not known to be paid yet: whoever told of it tells again.
      if (!paid || (!known && paid.status !== 'succeeded')) return 'unmatched'
      const now = runtime.now()
      const decided = known
        ? decideRefund({ refund: known, report, merchantRef: attempt.merchantRef, now })
        : adoptRefund({ attempt: paid, report, notifyUrl: policy.notifyUrl(report.channel, report.account), now })
      if (await commit(together(decided.decision, beside(along, decided.verdict, attempt)))) {
        tellRefund(decided.verdict, report)
        return decided.verdict
      }
      if (!known && round > 2) return giveUpAdopting(report)
    }
    throw new Error(`the report about refund ${report.outRefundNo} lost ${maxRounds} times in a row`)
  }

  /** A refund of a payment we do not know to be paid: the payment is asked about and settled first. */
  async function learnOfPayment(attempt: Attempt): Promise<boolean> {
    const account = accounts.find(attempt.channel, attempt.account)
    if (!account) return false
    const asked = await askChannel(
      account,
      'query',
      { merchantId: attempt.merchantId, orderId: attempt.orderId, number: attempt.outTradeNo },
      (channel) => channel.query(attempt),
    )
    if (!asked.ok) return false
    await trade(asked.value, { notes: [asked.note] })
    return asked.value.outcome.status === 'succeeded'
  }

  function giveUpAdopting(report: RefundReport): 'unmatched' {
    alarms.raise('unmatched_money', {
      channel: report.channel,
      account: report.account,
      outRefundNo: report.outRefundNo,
      reason: 'a refund made elsewhere exceeds what is left of the payment',
    })
    return 'unmatched'
  }

  /** Money that went back of a payment nobody here asked for. */
  async function unmatchedRefund(report: RefundReport, along: Along): Promise<'unmatched' | 'already'> {
    const { channel, account, outTradeNo, outRefundNo, amount, outcome } = report
    if (outcome.status !== 'succeeded' || amount === undefined) return 'unmatched'
    const detail = `refund ${outRefundNo} of ${outTradeNo}, for which nobody here asked`
    // By its own number, which notifications and bills both tell: the payment it is of may be listed as well.
    const transactionId = asTransactionId(outRefundNo)
    return listed({ channel, account, outTradeNo, transactionId, reason: 'unknown_refund', detail }, amount, along)
  }

  async function unmatched(report: TradeReport, along: Along): Promise<'unmatched' | 'already'> {
    const { channel, account, outTradeNo, outcome } = report
    if (outcome.status !== 'succeeded') return 'unmatched'
    const { transactionId, amount } = outcome
    const detail = `nobody here asked for ${outTradeNo}`
    return listed({ channel, account, outTradeNo, transactionId, reason: 'unknown_number', detail }, amount, along)
  }

  /** @returns `already` when staff have settled it. */
  async function listed(
    of: Pick<UnmatchedMoney, 'channel' | 'account' | 'outTradeNo' | 'transactionId' | 'reason' | 'detail'>,
    { minor: amountMinor, currency }: Money,
    along: Along,
  ): Promise<'unmatched' | 'already'> {
    const money: UnmatchedMoney = { ...of, merchantId: defaultMerchant, amountMinor, currency, seenAt: runtime.now() }
    const known = await findListed(db, money)
    const verdict = known?.resolution === undefined ? 'unmatched' : 'already'
    await commit(decision({ changes: [{ kind: 'insertUnmatched', unmatched: money }, ...inboxOf(along, verdict)] }))
    const { channel, account, outTradeNo, transactionId } = money
    if (verdict === 'unmatched')
      alarms.raiseListed('unmatched_money', { channel, account, outTradeNo, transactionId, amountMinor, currency })
    return verdict
  }

  function tell(verdict: TradeVerdict, attempt: Attempt, report: TradeReport): void {
    const { orderId, paymentId, outTradeNo } = attempt
    if (verdict === 'duplicate') metrics.duplicatePayments.count({})
    if (verdict === 'late') metrics.latePayments.count({})
    if (verdict === 'mismatch') alarms.raiseListed('amount_mismatch', { orderId, paymentId, outTradeNo })
    if (verdict === 'unknown_state')
      alarms.raise('unknown_state', { orderId, outTradeNo, said: 'said' in report.outcome ? report.outcome.said : undefined })
  }

  function tellRefund(verdict: RefundVerdict, report: RefundReport): void {
    const { outRefundNo } = report
    if (verdict === 'mismatch') alarms.raise('amount_mismatch', { outRefundNo })
    if (verdict === 'abnormal' || verdict === 'closed') alarms.raise('refund_failed', { outRefundNo, verdict })
  }
}

function beside(along: Along, verdict: string, attempt: Attempt): Decision {
  const { merchantId, orderId } = attempt
  const inbox = inboxOf(along, verdict, attempt)
  const told: Note[] =
    along.inbox === undefined
      ? []
      : [
          {
            merchantId,
            orderId,
            at: along.inbox.receivedAt,
            kind: 'notification',
            title: `${along.inbox.channel} notification: ${verdict}`,
            detail: { notifyId: along.inbox.notifyId, number: attempt.outTradeNo },
          },
        ]
  return decision({ changes: inbox, notes: [...(along.notes ?? []), ...told] })
}

function inboxOf(along: Along, verdict: string, attempt?: Attempt): Decision['changes'] {
  if (along.inbox === undefined) return []
  return [{ kind: 'insertInbox', entry: { ...along.inbox, verdict, merchantId: attempt?.merchantId, orderId: attempt?.orderId } }]
}
