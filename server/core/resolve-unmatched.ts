import { asOrderId, asOwnId, type KeyId, type MerchantId, type OrderId, type UnmatchedId } from '../../shared/kernel/ids.ts'
import { isCurrency, type Money, moneyOf } from '../../shared/kernel/money.ts'
import type { PayType } from '../../shared/kernel/pay.ts'
import { type Instant, later } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { newId } from '../lib/ids.ts'
import { findAttemptByNumber } from '../store/attempts.ts'
import { findRefund } from '../store/refunds.ts'
import { findUnmatched } from '../store/unmatched.ts'
import { AppError, channelRefusal } from './error.ts'
import { loadToPay, type OrderToPay } from './load.ts'
import type { Parts } from './parts.ts'
import type { Attempt } from './rules/attempt.ts'
import {
  type Confirmed,
  decideAssign,
  decideGiveBack,
  decideNoted,
  isSameResolution,
  orderForStranger,
  type ResolveAsk,
  type Resolved,
} from './rules/decide-unmatched.ts'
import { decision, type Note, together } from './rules/decision.ts'
import type { Success } from './rules/report.ts'
import { isReversalContradicted } from './rules/reversal.ts'
import { differenceNow, type Unmatched } from './rules/unmatched.ts'

export type Staff = { readonly merchantId: MerchantId; readonly keyId: KeyId }

/** What the money is settled with: its attempt, or one that stands for it, and the order that is meant, where there is one. */
type Place = { readonly account: ChannelAccount; readonly attempt: Attempt; readonly isNew: boolean; readonly view: OrderToPay | undefined }
type Moving = Exclude<ResolveAsk, { kind: 'note' }>

/** Something else of the order changed at the same moment; each time the channel is asked anew. */
const maxRounds = 3
const minuteMs = 60_000

export type ResolveUnmatched = ReturnType<typeof makeResolveUnmatched>

/**
 * Staff's ways on with money that fits nothing. Nothing is moved on the word of the list: the channel is asked first, and goes by its
 * verified answer only when that is the money which is listed.
 */
export function makeResolveUnmatched({
  db,
  runtime,
  policy,
  accounts,
  commit,
  askChannel,
}: Pick<Parts, 'db' | 'runtime' | 'policy' | 'accounts' | 'commit' | 'askChannel'>) {
  /**
   * Settles it once: the same resolution again is answered as the first was.
   *
   * @throws AppError NOT_FOUND; CONFLICT when it was settled in another way; ORDERPAID when the order has its money; INVALID_REQUEST when
   * the channel can do nothing with it, or has other money than is listed: then only a note settles it; and as the channel's failure
   * says. Whatever is thrown, nothing was moved.
   */
  return async function resolve(staff: Staff, unmatchedId: UnmatchedId, ask: ResolveAsk): Promise<Unmatched> {
    for (let round = 0; round < maxRounds; round++) {
      const money = await findUnmatched(db, staff.merchantId, unmatchedId)
      if (!money) throw new AppError('NOT_FOUND', `money ${unmatchedId} is not listed`)
      if (money.resolution) return settledBefore(money, ask)
      const done =
        ask.kind === 'note'
          ? decideNoted({ money, by: staff.keyId, note: ask.note, now: runtime.now() })
          : await moved(money, { by: staff.keyId, ask }).catch((error: unknown) => unlessSettled(money, error))
      if (done && (await commit(done.decision))) return done.unmatched
    }
    throw new AppError('CONFLICT', `money ${unmatchedId} or its order is being changed by others at this moment; try again`, {
      retryAfterSeconds: 1,
    })
  }

  /** Who settles it at the same moment leaves other things to be found than were there: his doing is no refusal. */
  async function unlessSettled({ merchantId, unmatchedId }: Unmatched, error: unknown): Promise<undefined> {
    const fresh = error instanceof AppError ? await findUnmatched(db, merchantId, unmatchedId) : undefined
    if (fresh?.resolution === undefined) throw error
    return undefined
  }

  async function settledBefore(money: Unmatched, ask: ResolveAsk): Promise<Unmatched> {
    const { resolution, unmatchedId } = money
    if (resolution && isSameResolution(resolution, ask) && (await isSameReason(money, ask))) return money
    throw new AppError('CONFLICT', `money ${unmatchedId} is settled already: ${resolution?.status}, ${resolution?.note}`, {
      details: { unmatchedId },
    })
  }

  async function isSameReason({ merchantId, resolution }: Unmatched, ask: ResolveAsk): Promise<boolean> {
    if (ask.kind !== 'refund' || ask.reason === undefined || resolution?.refundId === undefined) return true
    return (await findRefund(db, merchantId, resolution.refundId))?.reason === ask.reason
  }

  async function moved(money: Unmatched, { by, ask }: { readonly by: KeyId; readonly ask: Moving }): Promise<Resolved> {
    const place = await placeOf(money, ask)
    const { success, note } = await confirmed(money, place)
    const now = runtime.now()
    const { account, attempt, isNew, view } = place
    // What stands for money of nobody's carries what the channel says of it.
    const own: Attempt = isNew ? { ...attempt, ask: { ...attempt.ask, appId: success.appId ?? attempt.ask.appId } } : attempt
    const given: Confirmed = { money, success, attempt: own, isNew, by, note: ask.note, now }
    assertInTime(ask, success, account, now)
    const done = ask.kind === 'refund' ? givenBack(given, place, ask) : decideAssign({ ...given, ...assignedTo(view) })
    return { ...done, decision: together(done.decision, decision({ notes: [note] })) }
  }

  function givenBack(given: Confirmed, { view }: Place, { reason }: { readonly reason?: string | undefined }): Resolved {
    const { money, success, now } = given
    const notifyUrl = policy.notifyUrl(money.channel, money.account)
    return decideGiveBack({ ...given, order: view?.order ?? orderForStranger(money, success, now), reason, notifyUrl })
  }

  /** @throws AppError when it cannot be expressed, before anybody is asked. */
  async function placeOf(money: Unmatched, ask: Moving): Promise<Place> {
    const { channel, outTradeNo, reason, merchantId } = money
    if (reason === 'unknown_refund') throw onlyByNote('it went back already')
    const account = accounts.find(channel, money.account)
    if (!account) throw onlyByNote(`the account ${money.account} of ${channel} is not set up on this server any more`)
    const attempt = await findAttemptByNumber(db, channel, money.account, outTradeNo)
    if (attempt) assertCanSucceed(money, attempt, runtime.now())
    const orderId = ask.kind === 'assign' ? ask.orderId : attempt?.orderId
    const view = orderId === undefined ? undefined : await loadToPay(db, merchantId, orderId)
    if (ask.kind === 'assign') assertAssignable(money, view, attempt?.orderId)
    return attempt ? { account, attempt, isNew: false, view } : { account, attempt: strangerOf(money, account, orderId), isNew: true, view }
  }

  /** An attempt as it would have been, had we asked: by which means it was paid is not known. */
  function strangerOf(money: Unmatched, account: ChannelAccount, orderId = asOrderId(money.unmatchedId)): Attempt {
    const { merchantId, outTradeNo, channel, seenAt } = money
    const payType = meansOf(account)
    const appId = account.appIdFor(payType)
    if (appId === undefined) throw onlyByNote(`the account ${account.account} of ${channel} has no app to ask by`)
    return {
      merchantId,
      paymentId: asOwnId('PaymentId', newId(runtime, 'pay')),
      orderId,
      outTradeNo,
      channel,
      account: account.account,
      merchantRef: account.merchantRef,
      status: 'sent',
      ask: {
        outTradeNo,
        payType,
        appId,
        amount: moneyIn(money),
        description: money.detail,
        notifyUrl: policy.notifyUrl(channel, account.account),
        expiresAt: seenAt,
        startedAt: seenAt,
      },
      createdAt: runtime.now(),
    }
  }

  /** Asks the channel now. @throws AppError as its failure says, and INVALID_REQUEST when it has other money, or none. */
  async function confirmed(money: Unmatched, { account, attempt, isNew }: Place): Promise<{ success: Success; note: Note }> {
    const { merchantId, orderId, outTradeNo } = attempt
    const asked = await askChannel(account, 'query', { merchantId, orderId, number: outTradeNo }, (channel) => channel.query(attempt))
    const difference = asked.ok ? differenceNow(money, asked.value, attempt.merchantRef) : undefined
    const outcome = asked.ok ? asked.value.outcome : undefined
    if (difference === undefined && outcome?.status === 'succeeded') return { success: outcome, note: asked.note }
    if (!isNew) await commit(decision({ notes: [asked.note] }))
    if (!asked.ok) throw channelRefusal(asked.failure)
    throw new AppError('INVALID_REQUEST', `the channel does not have the money that is listed: ${difference}; nothing was changed`, {
      details: { difference },
      hint: {
        zh: `渠道当前的说法与清单不符（${difference}），未作任何变更；若无需处理，请用 POST /unmatched/:unmatchedId/note 登记`,
        en: `What the channel says now is not what is listed (${difference}); nothing was changed. If there is nothing to do, settle it by POST /unmatched/:unmatchedId/note`,
      },
    })
  }
}

function assertCanSucceed({ reason, merchantId }: Unmatched, attempt: Attempt, now: Instant): void {
  const { outTradeNo, status } = attempt
  if (attempt.merchantId !== merchantId) throw onlyByNote(`the number ${outTradeNo} is another merchant’s`)
  if (status === 'succeeded') throw onlyByNote(`${outTradeNo} is paid in the books of order ${attempt.orderId}`)
  if (reason !== 'mismatch') throw onlyByNote(`${outTradeNo} is an attempt of order ${attempt.orderId} by now; check that order`)
  if (attempt.reversingAt !== undefined && !isReversalContradicted(attempt, now))
    throw new AppError('CONFLICT', `${outTradeNo} is being undone at the channel; try again once that is over`, { retryAfterSeconds: 60 })
}

function assertAssignable(money: Unmatched, view: OrderToPay | undefined, ownOrderId: OrderId | undefined): void {
  const { order } = assignedTo(view)
  if (ownOrderId !== undefined && ownOrderId !== order.orderId)
    throw refuse('orderId', `is not ${ownOrderId}, for whose attempt it was paid; refund it, and have the other order paid`)
  if (order.status === 'succeeded') throw new AppError('ORDERPAID', `order ${order.orderId} is paid already`)
  if (order.amount.currency !== money.currency)
    throw refuse('orderId', `is of an order in ${order.amount.currency}; this is ${money.currency}`)
}

function assignedTo(view: OrderToPay | undefined): OrderToPay {
  if (!view) throw new Error('money is assigned to an order')
  return view
}

/** @throws AppError INVALID_REQUEST when the channel takes no refund of it any more. */
function assertInTime({ kind }: Moving, { succeededAt }: Success, { limits, label }: ChannelAccount, now: Instant): void {
  if (kind !== 'refund' || later(succeededAt, limits.refundWithinMs) >= now) return
  throw onlyByNote(`${label.en} refunds within ${Math.floor(limits.refundWithinMs / (24 * 60 * minuteMs))} days of payment; this is older`)
}

/** Any means but a payer's code, which is asked about in a way of its own. */
function meansOf({ payTypes }: ChannelAccount): PayType {
  return payTypes.find((one) => one === 'NATIVE') ?? payTypes.find((one) => one !== 'MICROPAY') ?? 'NATIVE'
}

function moneyIn({ amountMinor, currency }: Unmatched): Money {
  if (!isCurrency(currency)) throw onlyByNote(`${currency} is no currency that this server knows`)
  return moneyOf(amountMinor, currency)
}

function onlyByNote(why: string): AppError {
  return new AppError('INVALID_REQUEST', `${why}; settle it by a note (POST /unmatched/:unmatchedId/note)`)
}

function refuse(path: string, problem: string): AppError {
  return new AppError('INVALID_REQUEST', `${path} ${problem}`, { details: { fields: [{ path, problem }] } })
}
