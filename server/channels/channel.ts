import type { Words } from '../../shared/kernel/codes.ts'
import type { AccountId, AppId, OpenId, OutRefundNo, OutTradeNo, TransactionId } from '../../shared/kernel/ids.ts'
import type { Currency, Money } from '../../shared/kernel/money.ts'
import type { App, ChannelName, PayAction, PayType } from '../../shared/kernel/pay.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Attempt, PrepareAsk } from '../core/rules/attempt.ts'
import type { Bill, BillKind } from '../core/rules/bill.ts'
import type { Finding } from '../core/rules/finding.ts'
import type { Refund } from '../core/rules/refund.ts'
import type { RefundReport, TradeReport } from '../core/rules/report.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'

/** A channel as the registry lists it: what it can do as data, and how an account on it is made from the environment. */
export type ChannelDefinition = {
  readonly name: ChannelName
  readonly label: Words
  /** Names of the environment: any of them says that an owner has set the channel up. `NAME_FILE` goes with each. */
  readonly credentials: readonly string[]
  /** Other names of the environment that it reads. */
  readonly settings: readonly string[]
  /** How a folder `pays/<name>/` describes an account: the `type` in its e.json, and which member stands for which name above. */
  readonly folder: { readonly type: string; readonly members: Readonly<Record<string, string>> }
  /** The account the environment (or a folder) describes; undefined when its names are not set. Problems go to `settings.refuse`. */
  fromEnvironment(settings: Settings): AccountSource | undefined
}

/** Credentials that were read and checked; opening makes the keys and pools of one account. */
export type AccountSource = { open(tools: AccountTools): ChannelAccount }

export type AccountTools = {
  readonly account: AccountId
  readonly runtime: Runtime
  readonly log: Log
  /** What the account keeps over restarts and shares with other instances, such as platform certificates. */
  readonly keepsake: Keepsake
  /** Told how far our clock is ahead of the channel's, by an answer's date. */
  readonly clockSeen: (aheadMs: number) => void
}

/** A small text of an account in the store, by name. A later one replaces an earlier one. */
export type Keepsake = {
  load(name: string): Promise<string | undefined>
  save(name: string, text: string): Promise<void>
}

/** One set of credentials on a channel, ready to be used. Every method but the readers throws ChannelError. */
export type ChannelAccount = {
  readonly channel: ChannelName
  readonly account: AccountId
  readonly label: Words
  readonly payTypes: readonly PayType[]
  readonly currencies: readonly Currency[]
  readonly limits: ChannelLimits
  /** The merchant number to which money goes; a report of another is a mismatch. */
  readonly merchantRef: string
  /** The app under which a means of payment, or a login, runs; undefined when none is configured. */
  appIdFor(means: PayType | App): AppId | undefined

  /** Asks for a payment. Asking again with the same parameters is allowed and gives a fresh action. */
  prepare(ask: PrepareAsk): Promise<Prepared>
  query(ask: TradeAsk): Promise<TradeReport>
  /** Resolves when the channel says that the number can no longer be paid. */
  close(ask: TradeAsk): Promise<void>
  /**
   * Undoes a payment by the payer's code whose outcome nobody knows: an unpaid one can no longer be paid, a paid one goes back.
   * Resolves when the channel says that it is done; present where `MICROPAY` is among the pay types. @throws ChannelError, `unknown`
   * also when the channel wants to be called again.
   */
  reverse?(ask: TradeAsk): Promise<void>
  refund(ask: RefundAsk): Promise<RefundReport>
  queryRefund(ask: RefundQuery): Promise<RefundReport>
  /** Whether a notification says, unverified, that it is this account's: how one without a name in its address finds its account. */
  addressedTo(raw: RawNotice): Addressee
  /** @throws NoticeError when the bytes are not, verifiably, the channel's. */
  readNotification(notice: RawNotice): Promise<Notice>
  /** The channel's own words for "taken" and "refused". */
  acknowledge(
    outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
  ): Acknowledgement

  /** Exchanges a login code. Absent where the channel has no login. */
  login?(ask: {
    readonly app: App
    readonly code: string
  }): Promise<{ readonly openId: OpenId; readonly appId: AppId; readonly unionId?: string | undefined }>
  /** The channel's own way to learn who pays in its browser. Absent where there is none. */
  readonly oauth?: OAuth | undefined
  /** Fetches what the channel signs with; run by a task now and then. Absent where keys never change. */
  refreshKeys?(): Promise<void>
  /** A finished day's bill, as a stream; see its own rules. Absent where the channel has none. @throws ChannelError */
  bill?(ask: { readonly kind: BillKind; readonly day: string }): Promise<Bill>
  /** Whether the flow of funds is told as well, for a second opinion on the bill of payments. */
  readonly hasFundFlow?: boolean | undefined
  /** Another try of a refund that the payer's card could not receive. Absent where the channel has no such call. @throws ChannelError */
  repairRefund?(ask: RepairAsk): Promise<RefundReport>
  /** Looks at its own credentials, and asks the channel about them: what is right and wrong, with the remedy. Never throws ChannelError. */
  diagnose?(ask: DiagnoseAsk): Promise<readonly Finding[]>
  /** The origin that is asked; one on this machine is an emulator. */
  readonly upstream?: string | undefined
  /** When what the account signs or verifies with ends; of those that follow each other, the last. Absent where nothing has an end. */
  certificates?(): readonly CertificateEnd[]
  /** Ends pools and timers. */
  end?(): Promise<void>
}

export type DiagnoseAsk = {
  readonly now: Instant
  /** Otherwise only what is at hand is looked at. */
  readonly isOnline: boolean
  readonly notifyUrl: string
  /** A number that nobody has used or will use. */
  newNumber(): OutTradeNo
}

/** `merchant`: ours, to sign with or to show; `platform`: the channel's, to verify with; `root`: what theirs are held against. */
export type CertificateEnd = { readonly certificate: 'merchant' | 'mutual_tls' | 'platform' | 'root'; readonly endsAt: Instant }

export type ChannelLimits = {
  readonly descriptionMaxBytes: number
  /** Numbers the channel takes, where it takes fewer than WeChat does. */
  readonly outTradeNo?: RegExp | undefined
  readonly refundsPerOrder: number
  readonly refundWithinMs: number
  /** Two refunds of one order are at least this far apart. */
  readonly refundIntervalMs: number
  /** A number is taken once: asking again under it is refused as used, even with the same parameters. */
  readonly isAskedOnce?: boolean | undefined
  /** The channel learns of an order when its payer opens it: one that can be paid may be unknown there. */
  readonly isUnknownUntilOpened?: boolean | undefined
  /** A number the channel does not know may still be on its way for so long. */
  readonly notFoundIsUnknownMs: number
}

/** An attempt as a call about it needs it. */
export type TradeAsk = Pick<Attempt, 'outTradeNo' | 'transactionId' | 'channelState' | 'ask'>

export type RefundQuery = Pick<
  Refund,
  'outRefundNo' | 'outTradeNo' | 'transactionId' | 'channelRefundId' | 'amount' | 'total' | 'createdAt'
>

export type Addressee = 'this' | 'another' | 'unsaid'

/** Who pays, as the channel's own pages find out: the browser goes to `url`, comes back with a code, the code gives an openid. */
export type OAuth = {
  /** The openid is for one payment and never kept. */
  readonly isForOnePayment: boolean
  url(ask: { readonly redirectUri: string; readonly state: string }): string
  /** @throws ChannelError */
  openId(ask: { readonly code: string }): Promise<{ readonly openId: OpenId; readonly appId: AppId }>
}

export type Prepared = {
  readonly action: PayAction
  readonly actionExpiresAt: Instant
  /** What the channel said of the payment already, as when the payer's code was scanned. */
  readonly report?: TradeReport | undefined
  /** What the channel wants back at the next call, JSON it alone reads. */
  readonly channelState?: string | undefined
}

export type RefundAsk = {
  readonly outTradeNo: OutTradeNo
  readonly transactionId?: TransactionId | undefined
  readonly outRefundNo: OutRefundNo
  readonly amount: Money
  /** What was paid. */
  readonly total: Money
  readonly reason?: string | undefined
  readonly notifyUrl: string
  readonly createdAt: Instant
}

/** Where an abnormal refund goes instead: another card of the payer's, or the merchant's own account, to be settled by hand. */
export type RepairAsk = { readonly outRefundNo: OutRefundNo; readonly channelRefundId: string } & (
  | { readonly to: 'payerCard'; readonly bankType: string; readonly bankAccount: Secret; readonly realName: Secret }
  | { readonly to: 'merchant' }
)

export type RawNotice = { readonly headers: Readonly<Record<string, string | undefined>>; readonly body: Uint8Array }

/** A notification whose signature verified. */
export type Notice = { readonly notifyId: string } & (
  | { readonly kind: 'trade'; readonly report: TradeReport }
  | { readonly kind: 'refund'; readonly report: RefundReport }
  /** Genuine, about something the product does not deal with. */
  | { readonly kind: 'ignored'; readonly said: string }
)

export type Acknowledgement = { readonly status: number; readonly contentType?: string | undefined; readonly body: string }
