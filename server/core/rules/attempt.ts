import type {
  AccountId,
  AppId,
  MerchantId,
  OpenId,
  OrderId,
  OutTradeNo,
  PayerId,
  PaymentId,
  TransactionId,
} from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { ChannelName, PayAction, PayType } from '../../../shared/kernel/pay.ts'
import type { AttemptStatus } from '../../../shared/kernel/states.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

/** One try to pay an order by one means, under a number of its own. */
export type Attempt = {
  readonly merchantId: MerchantId
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly outTradeNo: OutTradeNo
  readonly channel: ChannelName
  readonly account: AccountId
  /** The merchant number at the channel to which the money goes. */
  readonly merchantRef: string
  readonly status: AttemptStatus
  /** Unset until it succeeded; false for a success that is refunded as surplus. */
  readonly kept?: boolean | undefined
  readonly transactionId?: TransactionId | undefined
  /** What was paid, where staff settled that it was not what was asked for. */
  readonly paid?: Money | undefined
  readonly payerId?: PayerId | undefined
  /** What was, or will be, said to the channel. It never changes, so a retry sends the same bytes. */
  readonly ask: PrepareAsk
  readonly action?: PayAction | undefined
  readonly actionExpiresAt?: Instant | undefined
  /** What the channel's code keeps between calls, JSON that only it reads. */
  readonly channelState?: string | undefined
  /** Since when the channel is asked to undo it; only payments by the payer's code. */
  readonly reversingAt?: Instant | undefined
  readonly failure?: string | undefined
  readonly createdAt: Instant
  readonly succeededAt?: Instant | undefined
  readonly closedAt?: Instant | undefined
}

/** The business parameters of a payment, frozen when the attempt is written. */
export type PrepareAsk = {
  readonly outTradeNo: OutTradeNo
  readonly payType: PayType
  readonly appId: AppId
  readonly amount: Money
  readonly description: string
  readonly notifyUrl: string
  readonly expiresAt: Instant
  /** When it was first asked; a channel that wants the caller's time gets this one with every try. */
  readonly startedAt: Instant
  readonly openId?: OpenId | undefined
  /** The code the payer showed at a counter, good for one payment; only with `MICROPAY`. */
  readonly authCode?: string | undefined
  readonly clientIp?: string | undefined
  readonly returnUrl?: string | undefined
}

/** By which means a payer wants to pay: attempts of the same means can stand for each other. */
export type PayMeans = {
  readonly channel: ChannelName
  readonly account: AccountId
  readonly payType: PayType
  readonly appId: AppId
  readonly openId?: OpenId | undefined
  readonly authCode?: string | undefined
}

export function sameMeans(attempt: Attempt, means: PayMeans): boolean {
  return (
    attempt.channel === means.channel &&
    attempt.account === means.account &&
    attempt.ask.payType === means.payType &&
    attempt.ask.appId === means.appId &&
    attempt.ask.openId === means.openId &&
    attempt.ask.authCode === means.authCode
  )
}

/** What an attempt was, or would be, paid with. */
export function paidWith({ paid, ask }: Pick<Attempt, 'paid' | 'ask'>): Money {
  return paid ?? ask.amount
}

/** An action this close to its end is made anew: the payer needs time to use it. */
const actionMarginMs = 60_000

/** Whether an open attempt's action can be handed out again as it is. */
export function hasUsableAction(attempt: Attempt, now: Instant): boolean {
  return attempt.action !== undefined && attempt.actionExpiresAt !== undefined && attempt.actionExpiresAt - actionMarginMs > now
}
