import { asOrderId, asOwnId, asRefundId } from '../../shared/kernel/ids.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import { asInstant, chinaDay, later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { findAttempt } from '../store/attempts.ts'
import { findOrder } from '../store/orders.ts'
import { firstSuccess, listReconciliations, newestDay } from '../store/reconciliations.ts'
import { findRefund } from '../store/refunds.ts'
import { sweep } from '../store/sweep.ts'
import type { Checks } from './check.ts'
import type { Close } from './close.ts'
import type { DeliverWebhook } from './deliver-webhook.ts'
import type { Parts } from './parts.ts'
import { type Reconcile, yesterday } from './reconcile.ts'
import { billReadyAt, hasOpenRepairs, nextDay } from './rules/reconciliation.ts'
import { codeSyncEveryMs, isByCode, isUndecidedTooLong } from './rules/reversal.ts'
import { type Alive, nextTry, type Task, type TaskKind, type TaskResult } from './rules/task.ts'
import type { SendRefund } from './send-refund.ts'

export type TaskHandlers = Record<TaskKind, (task: Task, alive: Alive) => Promise<TaskResult>>

/** Keys are fetched anew well within the 12 h that WeChat asks for. */
const keysEveryMs = 6 * 60 * 60 * 1000
const secondLookMs = 15_000
/** A day less than the channel's three months. */
const billsKeptMs = 89 * 24 * 60 * 60 * 1000
const openDaysMs = 8 * 24 * 60 * 60 * 1000
/** Bills are fetched within so long after ten. */
const spreadMs = 256 * 2000
/** Two minutes at a counter; after that, as any other payment. */
const codeSyncTries = 24
const sweepEveryMs = 60 * 60 * 1000

/** Task kind → use case. */
export function makeTaskHandlers({
  db,
  runtime,
  accounts,
  close,
  checks,
  sendRefund,
  reconcile,
  askChannel,
  deliverWebhook,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'askChannel'> & { readonly close: Close } & {
  checks: Checks
  sendRefund: SendRefund
  reconcile: Reconcile
  deliverWebhook: DeliverWebhook
}): TaskHandlers {
  return {
    'payment.sync': syncPayment,
    'order.expire': expireOrder,
    'refund.send': send,
    'refund.sync': syncRefund,
    'bill.reconcile': reconcileBills,
    'keys.refresh': refreshKeys,
    'store.sweep': sweepStore,
    'webhook.deliver': deliverWebhook,
  }

  /** Asks what became of an attempt, for as long as it may still be paid; once its order needs it no more, closes it. */
  async function syncPayment(task: Task): Promise<TaskResult> {
    const attempt = await findAttempt(db, task.merchantId, asOwnId('PaymentId', task.subject))
    if (!attempt || !isLiveAttempt(attempt.status)) return 'done'
    const order = await findOrder(db, task.merchantId, attempt.orderId)
    const isToEnd = order?.status !== 'pending' || (isByCode(attempt) && isUndecidedTooLong(attempt, runtime.now()))
    if (!isToEnd) await checks.askAboutAttempt(attempt)
    else await close.attempt(attempt)
    const fresh = await findAttempt(db, task.merchantId, attempt.paymentId)
    if (!fresh || !isLiveAttempt(fresh.status)) return 'done'
    return isByCode(fresh) && task.tries < codeSyncTries ? { again: later(runtime.now(), codeSyncEveryMs) } : again(task)
  }

  async function expireOrder(task: Task): Promise<TaskResult> {
    const orderId = asOrderId(task.subject)
    const order = await findOrder(db, task.merchantId, orderId)
    if (order?.status !== 'pending') return 'done'
    // The clock that wrote the task may have been ahead of this one.
    if (order.expiresAt > runtime.now()) return { again: order.expiresAt }
    const closing = await close.order(task.merchantId, orderId, 'expired')
    return closing.is === 'open' || closing.is === 'held' ? again(task) : 'done'
  }

  async function send(task: Task): Promise<TaskResult> {
    const refund = await findRefund(db, task.merchantId, asRefundId(task.subject))
    if (refund?.status !== 'pending') return 'done'
    return (await sendRefund(refund)) === 'again' ? again(task) : 'done'
  }

  async function syncRefund(task: Task): Promise<TaskResult> {
    const refund = await findRefund(db, task.merchantId, asRefundId(task.subject))
    if (refund?.status !== 'processing') return 'done'
    await checks.askAboutRefund(refund)
    const fresh = await findRefund(db, task.merchantId, refund.refundId)
    return fresh?.status === 'processing' ? again(task) : 'done'
  }

  /** Every finished day that was not compared yet, oldest first; after that, when the next bill is ready. */
  async function reconcileBills(task: Task, alive: Alive): Promise<TaskResult> {
    const account = accounts.named(task.subject)
    if (!account?.bill) return 'done'
    const newest = await newestDay(db, account)
    await reconcileOpenDays(account, alive)
    for (let day = newest === undefined ? await firstDay(account) : nextDay(newest); ; day = nextDay(day)) {
      const readyAt = billReadyAt(day)
      // Not all installations at once.
      if (readyAt > runtime.now()) return { again: later(asInstant(readyAt), (spreadMs * (runtime.randomBytes(1)[0] ?? 0)) / 256) }
      await reconcileDay(account, day, alive)
    }
  }

  /** Where nothing was compared yet: the day of the first payment, as far back as the channel keeps bills, or yesterday. */
  async function firstDay(account: ChannelAccount): Promise<string> {
    const before = yesterday(runtime.now())
    const first = await firstSuccess(db, account)
    if (first === undefined) return before
    const oldest = later(runtime.now(), -billsKeptMs)
    const day = chinaDay(asInstant(Math.max(first, oldest)))
    // The earlier of the two, as the text that it is.
    return [day, before].sort()[0] ?? before
  }

  /** Days of the last week on which something could not be put right, such as a refund made elsewhere while ours was under way. */
  async function reconcileOpenDays(account: ChannelAccount, alive: Alive): Promise<void> {
    const today = chinaDay(runtime.now())
    const recent = await listReconciliations(db, account, chinaDay(later(runtime.now(), -openDaysMs)))
    for (const { day, report, completedAt } of recent)
      if (hasOpenRepairs(report) && chinaDay(completedAt) < today) await reconcile.run(account, day, alive)
  }

  /** What could be put right and was not met something in its way, such as a node that lags: once more, a moment later. */
  async function reconcileDay(account: ChannelAccount, day: string, alive: Alive): Promise<void> {
    const { report } = await reconcile.run(account, day, alive)
    if (!hasOpenRepairs(report)) return
    await runtime.sleep(secondLookMs)
    await reconcile.run(account, day, alive)
  }

  async function refreshKeys(task: Task): Promise<TaskResult> {
    const account = accounts.named(task.subject)
    if (!account?.refreshKeys) return 'done'
    const asked = await askChannel(
      account,
      'refreshKeys',
      { merchantId: task.merchantId, orderId: asOrderId('-'), number: task.subject },
      async (one) => one.refreshKeys?.(),
    )
    return asked.ok ? { again: later(runtime.now(), keysEveryMs) } : again(task)
  }

  async function sweepStore(): Promise<TaskResult> {
    await sweep(db, runtime.now())
    return { again: later(runtime.now(), sweepEveryMs) }
  }

  function again(task: Task): TaskResult {
    return { again: nextTry(task.kind, task.tries, runtime.now()) }
  }
}
