import type { MerchantId, OrderId } from '../../shared/kernel/ids.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import type { ChannelFailure } from '../channels/failure.ts'
import { markAsked } from '../store/orders.ts'
import { channelRefusal } from './error.ts'
import { loadView, type OrderView } from './load.ts'
import type { Parts } from './parts.ts'
import type { Attempt } from './rules/attempt.ts'
import type { RefundVerdict } from './rules/decide-refund.ts'
import { decision } from './rules/decision.ts'
import type { Refund } from './rules/refund.ts'
import type { TradeReport } from './rules/report.ts'
import type { Settle } from './settle.ts'

/** Reading a pending order asks the channel, at most so often an order, over all instances (contract 4). */
const glanceEveryMs = 3000

/** Neither is there when the account is gone: nobody could be asked. */
type RefundAsked = { readonly verdict?: RefundVerdict | 'unmatched'; readonly failure?: ChannelFailure }

export type Checks = ReturnType<typeof makeChecks>

/** Asks the channel what became of an order and settles what it says. */
export function makeChecks({
  db,
  runtime,
  accounts,
  settle,
  commit,
  askChannel,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'commit' | 'askChannel'> & { readonly settle: Settle }) {
  return { check, glance, look, askAboutAttempt, askAboutRefund }

  /**
   * Asks now about every attempt that is not known to be paid, and every refund under way.
   *
   * @throws AppError as the channel's failure says, after everything that could be asked was.
   */
  async function check(merchantId: MerchantId, orderId: OrderId): Promise<OrderView> {
    const { attempts, refunds } = await loadView(db, merchantId, orderId)
    const failures = [
      ...(await Promise.all(
        attempts.filter((attempt) => attempt.status !== 'succeeded' && attempt.status !== 'failed').map(askAboutAttempt),
      )),
      ...(await Promise.all(
        refunds
          .filter((refund) => refund.status === 'pending' || refund.status === 'processing')
          .map(async (refund) => (await askAboutRefund(refund)).failure),
      )),
    ].filter((failure) => failure !== undefined)
    const [first] = failures
    if (first) throw channelRefusal(first)
    return loadView(db, merchantId, orderId)
  }

  /** The order as it is known, after asking the channel when that was not done a moment ago. The channel's failure is no failure here. */
  async function glance(merchantId: MerchantId, orderId: OrderId): Promise<OrderView> {
    const view = await loadView(db, merchantId, orderId)
    const live = view.order.status === 'pending' ? view.attempts.filter((attempt) => isLiveAttempt(attempt.status)) : []
    if (live.length === 0) return view
    if (!(await markAsked(db, merchantId, orderId, { now: runtime.now(), everyMs: glanceEveryMs }))) return view
    await Promise.all(live.map(askAboutAttempt))
    return loadView(db, merchantId, orderId)
  }

  /** Asks about one attempt and settles the answer; the failure when there was none. */
  async function askAboutAttempt(attempt: Attempt): Promise<ChannelFailure | undefined> {
    return (await look(attempt)).failure
  }

  /** As {@link askAboutAttempt}, with the channel's own word. Neither is there when the account is gone. */
  async function look(attempt: Attempt): Promise<{ readonly report?: TradeReport; readonly failure?: ChannelFailure }> {
    const account = accounts.find(attempt.channel, attempt.account)
    if (!account) return {}
    const { merchantId, orderId, outTradeNo } = attempt
    const asked = await askChannel(account, 'query', { merchantId, orderId, number: outTradeNo }, (channel) => channel.query(attempt))
    if (asked.ok) await settle.trade(asked.value, { notes: [asked.note] })
    else await commit(decision({ notes: [asked.note] }))
    return asked.ok ? { report: asked.value } : { failure: asked.failure }
  }

  /** Asks about one refund and settles the answer: what that came to, or the failure when there was none. */
  async function askAboutRefund(refund: Refund): Promise<RefundAsked> {
    const account = accounts.find(refund.channel, refund.account)
    if (!account) return {}
    const { merchantId, orderId, outRefundNo } = refund
    const asked = await askChannel(account, 'queryRefund', { merchantId, orderId, number: outRefundNo }, (channel) =>
      channel.queryRefund(refund),
    )
    if (asked.ok) return { verdict: await settle.refund(asked.value, { notes: [asked.note] }) }
    await commit(decision({ notes: [asked.note] }))
    return { failure: asked.failure }
  }
}
