import type { MerchantId, RefundId } from '../../shared/kernel/ids.ts'
import type { RepairAsk } from '../channels/channel.ts'
import { Secret } from '../lib/secret.ts'
import { findRefund } from '../store/refunds.ts'
import type { Checks } from './check.ts'
import { AppError, channelRefusal } from './error.ts'
import type { Parts } from './parts.ts'
import { decideSettledByHand } from './rules/decide-refund.ts'
import { decision } from './rules/decision.ts'
import type { Refund } from './rules/refund.ts'
import type { Settle } from './settle.ts'

/** Where an abnormal refund shall go: a card of the payer's, or the merchant's own account, to be handed over there. */
export type RetryAsk =
  | { readonly to: 'card'; readonly bankType: string; readonly bankAccount: string; readonly realName: string }
  | { readonly to: 'merchant' }

export type ByHand = { readonly outcome: 'succeeded' | 'closed'; readonly note: string }

export type MendRefunds = ReturnType<typeof makeMendRefunds>

/** The operator's ways on with a refund that the payer's account could not receive. */
export function makeMendRefunds({
  db,
  runtime,
  accounts,
  commit,
  askChannel,
  settle,
  checks,
}: Pick<Parts, 'db' | 'runtime' | 'accounts' | 'commit' | 'askChannel'> & { settle: Settle; checks: Pick<Checks, 'askAboutRefund'> }) {
  return { retry, settleByHand }

  /**
   * Sends it another way, under its own number. The card's number and name are sealed for the channel and kept nowhere.
   *
   * @throws AppError NOT_FOUND; INVALID_REQUEST when it is not abnormal or the channel has no such call; as the channel's failure says,
   * after asking what became of it.
   */
  async function retry(merchantId: MerchantId, refundId: RefundId, ask: RetryAsk): Promise<Refund> {
    const refund = await abnormal(merchantId, refundId)
    const { outRefundNo, channelRefundId, orderId } = refund
    const account = accounts.find(refund.channel, refund.account)
    if (!account?.repairRefund || channelRefundId === undefined)
      throw new AppError('INVALID_REQUEST', `refund ${refundId} cannot be sent another way; settle it by hand with a note`)
    const asked = await askChannel(account, 'repairRefund', { merchantId, orderId, number: outRefundNo }, async (one) =>
      one.repairRefund?.(repairOf(ask, { outRefundNo, channelRefundId })),
    )
    if (asked.ok && asked.value) await settle.refund(asked.value, { notes: [asked.note] })
    else await commit(decision({ notes: [asked.note] }))
    if (!asked.ok) {
      await checks.askAboutRefund(refund)
      const fresh = await findRefund(db, merchantId, refundId)
      if (fresh?.status === 'abnormal') throw channelRefusal(asked.failure)
    }
    return current(merchantId, refundId)
  }

  /**
   * The money went back some other way (`succeeded`), or it stays with the merchant (`closed`): somebody vouches for it with a note.
   *
   * @throws AppError NOT_FOUND; INVALID_REQUEST when it is not abnormal any more.
   */
  async function settleByHand(merchantId: MerchantId, refundId: RefundId, { outcome, note }: ByHand): Promise<Refund> {
    const refund = await abnormal(merchantId, refundId)
    if (!(await commit(decideSettledByHand(refund, outcome, note, runtime.now())))) await abnormal(merchantId, refundId)
    return current(merchantId, refundId)
  }

  async function abnormal(merchantId: MerchantId, refundId: RefundId): Promise<Refund> {
    const refund = await current(merchantId, refundId)
    if (refund.status === 'abnormal') return refund
    throw new AppError('INVALID_REQUEST', `refund ${refundId} is ${refund.status}; only an abnormal one is mended`)
  }

  async function current(merchantId: MerchantId, refundId: RefundId): Promise<Refund> {
    const refund = await findRefund(db, merchantId, refundId)
    if (!refund) throw new AppError('NOT_FOUND', `refund ${refundId} does not exist`)
    return refund
  }
}

function repairOf(ask: RetryAsk, refund: Pick<RepairAsk, 'outRefundNo' | 'channelRefundId'>): RepairAsk {
  if (ask.to === 'merchant') return { ...refund, to: 'merchant' }
  const { bankType, bankAccount, realName } = ask
  return { ...refund, to: 'payerCard', bankType, bankAccount: new Secret(bankAccount), realName: new Secret(realName) }
}
