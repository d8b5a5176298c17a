import {
  type AccountId,
  asOutTradeNo,
  asOwnId,
  firstOutTradeNo,
  type MerchantId,
  type OpenId,
  type OrderId,
  type OutTradeNo,
} from '../../shared/kernel/ids.ts'
import type { ChannelName, PayType } from '../../shared/kernel/pay.ts'
import { isLiveAttempt } from '../../shared/kernel/states.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { newId } from '../lib/ids.ts'
import { findAttempt } from '../store/attempts.ts'
import type { Checks } from './check.ts'
import { type Close, notClosed } from './close.ts'
import { AppError, assert } from './error.ts'
import { loadToPay, type OrderToPay } from './load.ts'
import type { Numbers } from './numbers.ts'
import type { Payer } from './orders.ts'
import type { Parts } from './parts.ts'
import type { PayerOf } from './payer-of.ts'
import type { Prepare, Usable } from './prepare.ts'
import { type Attempt, hasUsableAction, type PayMeans, type PrepareAsk, sameMeans } from './rules/attempt.ts'
import { decideAttempt } from './rules/decide-order.ts'
import { drawFrom, orderNumber } from './rules/order-number.ts'
import { walletOf } from './rules/payment-code.ts'
import { isByCode } from './rules/reversal.ts'

export type PayAsk = {
  readonly channel?: ChannelName | undefined
  readonly account?: AccountId | undefined
  readonly payType: PayType
  /** Given by a merchant's server. */
  readonly openId?: OpenId | undefined
  /** The code the payer shows at a counter. */
  readonly authCode?: string | undefined
  /** Given by a payer's session. */
  readonly payer?: Payer | undefined
  readonly clientIp?: string | undefined
  readonly returnUrl?: string | undefined
}

export type Paying = Usable & { readonly attempt: Attempt }

type Means = PayMeans & {
  readonly payerId?: Attempt['payerId']
  readonly clientIp?: string | undefined
  readonly returnUrl?: string | undefined
}

/** New attempts that one request may make, when the channel says of each number that it is closed or used. */
const maxRounds = 8

export type Payments = ReturnType<typeof makePayments>

/** Starts the payment of an order: an attempt is written, then the channel is asked, then the answer is written. */
export function makePayments({
  db,
  runtime,
  policy,
  accounts,
  commit,
  close,
  prepare,
  payerOf,
  checks,
  numbers,
}: Pick<Parts, 'db' | 'runtime' | 'policy' | 'accounts' | 'commit'> & {
  readonly close: Close
  readonly prepare: Prepare
  readonly payerOf: PayerOf
  readonly checks: Pick<Checks, 'askAboutAttempt'>
  readonly numbers: Numbers
}) {
  return { pay }

  /**
   * Gives the payer something to pay with. An attempt of the same means is used again; one of other means is asked about and closed
   * at the channel first.
   *
   * @throws AppError ORDERPAID, ORDERCLOSED; PARAM_ERROR for means the account does not have; CONFLICT while the payer is paying by
   * other means; and what the channel's failure says: then the attempt stays, and paying again asks under the same number.
   */
  async function pay(merchantId: MerchantId, orderId: OrderId, ask: PayAsk): Promise<Paying> {
    for (let round = 0; round < maxRounds; round++) {
      const view = await loadToPay(db, merchantId, orderId)
      const account = accountFor(ask, view)
      assertPayable(view, account, runtime.now())
      const means = await meansOf(merchantId, account, ask)
      const done = await payOnce(view, account, means, round)
      if (done) return done
    }
    throw new AppError('CONFLICT', `order ${orderId} is being paid by someone else at this moment; try again`, { retryAfterSeconds: 1 })
  }

  function accountFor(ask: PayAsk, { order }: OrderToPay): ChannelAccount {
    const authCode = codeOf(ask)
    return accounts.pick({
      ...ask,
      appId: ask.payer?.appId,
      currency: order.amount.currency,
      wallet: authCode === undefined ? undefined : walletOf(authCode),
    })
  }

  /** One try; undefined when the order changed meanwhile or its number proved unusable, so that it is looked at afresh. */
  async function payOnce(view: OrderToPay, account: ChannelAccount, means: Means, round: number): Promise<Paying | undefined> {
    const live = view.attempts.filter((attempt) => isLiveAttempt(attempt.status))
    const same = live.find((attempt) => sameMeans(attempt, means))
    for (const other of live.filter((attempt) => attempt !== same)) {
      const closing = await close.attempt(other)
      if (closing.is === 'paid') return undefined
      if (closing.is === 'open') throw notClosed(closing.failure)
    }
    // A code that was sent is never sent again; what became of it is asked.
    if (same && isByCode(same)) return asked(same)
    if (same?.action && hasUsableAction(same, runtime.now()))
      return { attempt: same, action: same.action, actionExpiresAt: same.actionExpiresAt }
    const attempt = same ?? (await reserve(view, account, means, round))
    if (!attempt) return undefined
    const usable = await prepare(view.order, attempt, account)
    return usable && { attempt, action: usable.action, actionExpiresAt: usable.actionExpiresAt }
  }

  async function asked(attempt: Attempt): Promise<Paying> {
    await checks.askAboutAttempt(attempt)
    const fresh = await findAttempt(db, attempt.merchantId, attempt.paymentId)
    return { attempt: fresh ?? attempt, action: { type: 'none' } }
  }

  async function reserve(view: OrderToPay, account: ChannelAccount, means: Means, round: number): Promise<Attempt | undefined> {
    const { order } = view
    const isFirst = order.attemptCount === 0 && round === 0
    const number = await newNumber(order, account, means, isFirst)
    const ask = freeze(order, account, means, number)
    const { payerId } = means
    const { attempt, decision } = decideAttempt({
      order,
      paymentId: asOwnId('PaymentId', newId(runtime, 'pay')),
      channel: account.channel,
      account: account.account,
      merchantRef: account.merchantRef,
      payerId,
      ask,
      now: runtime.now(),
    })
    return (await commit(decision)) ? attempt : undefined
  }

  /** The order's own for the first attempt, where the channel takes it; payments by code may have a series of their own. */
  async function newNumber(order: OrderToPay['order'], account: ChannelAccount, means: Means, isFirst: boolean): Promise<OutTradeNo> {
    const byCode = means.payType === 'MICROPAY' ? await numbers.draw(order.merchantId, 'micropay') : undefined
    if (byCode !== undefined) return asOutTradeNo(byCode)
    if (isFirst && takesNumber(account, order.orderId)) return firstOutTradeNo(order.orderId)
    const inSeries = await numbers.draw(order.merchantId, 'order')
    return inSeries !== undefined && takesNumber(account, inSeries) ? asOutTradeNo(inSeries) : stampedNumber()
  }

  function stampedNumber(): OutTradeNo {
    return firstOutTradeNo(
      orderNumber({
        prefix: policy.orderNoPrefix,
        at: runtime.now(),
        installation: policy.installation,
        draw: drawFrom(newId(runtime, 'draw'), 0),
      }),
    )
  }

  function freeze(order: OrderToPay['order'], account: ChannelAccount, means: Means, outTradeNo: OutTradeNo): PrepareAsk {
    const { payType, appId, openId, authCode, clientIp, returnUrl } = means
    const notifyUrl = policy.notifyUrl(account.channel, account.account)
    return {
      outTradeNo,
      payType,
      appId,
      amount: order.amount,
      description: order.subject,
      notifyUrl,
      expiresAt: order.expiresAt,
      startedAt: runtime.now(),
      openId,
      authCode,
      clientIp,
      returnUrl: returnUrl ?? order.returnUrl,
    }
  }

  async function meansOf(merchantId: MerchantId, account: ChannelAccount, ask: PayAsk): Promise<Means> {
    const { payType, clientIp, returnUrl, authCode } = ask
    if (!account.payTypes.includes(payType))
      throw refuse('payType', `${payType} is not offered by ${account.channel}; one of ${account.payTypes.join(', ')}`)
    const appId = account.appIdFor(payType)
    if (appId === undefined) throw refuse('payType', `${payType} has no app set up on this server`)
    const payer = await payerOf(merchantId, { payType, appId, openId: ask.openId, payer: ask.payer })
    if (payType === 'MWEB' && clientIp === undefined) throw refuse('clientIp', 'is required for H5 payments')
    return { channel: account.channel, account: account.account, payType, appId, ...payer, authCode, clientIp, returnUrl }
  }
}

/** @throws AppError PARAM_ERROR when a code is missing, or is no wallet's. */
function codeOf({ payType, authCode }: PayAsk): string | undefined {
  if (payType !== 'MICROPAY') {
    if (authCode !== undefined) throw refuse('authCode', 'is for payType MICROPAY only')
    return undefined
  }
  if (authCode === undefined) throw refuse('authCode', 'is required for MICROPAY: the code the payer shows')
  if (walletOf(authCode) === undefined)
    throw refuse('authCode', 'is the payment code of no wallet: WeChat has 18 digits from 10 to 15, Alipay 16 to 24 from 25 to 30')
  return authCode
}

function takesNumber({ limits }: ChannelAccount, number: string): boolean {
  return limits.outTradeNo === undefined || limits.outTradeNo.test(number)
}

function assertPayable({ order }: OrderToPay, account: ChannelAccount, now: number): void {
  assert(order.amount.minor > 0, 'an order asks for something')
  if (order.status === 'succeeded') throw new AppError('ORDERPAID', `order ${order.orderId} is paid already`)
  if (order.status !== 'pending') throw new AppError('ORDERCLOSED', `order ${order.orderId} is closed; make a new one`)
  if (order.expiresAt <= now) throw new AppError('ORDERCLOSED', `order ${order.orderId} has expired; make a new one`)
  if (!account.currencies.includes(order.amount.currency))
    throw refuse('channel', `${account.channel} takes ${account.currencies.join(', ')}; this order is in ${order.amount.currency}`)
}

function refuse(path: string, problem: string): AppError {
  return new AppError('PARAM_ERROR', `${path}: ${problem}`, { details: { fields: [{ path, problem }] } })
}
