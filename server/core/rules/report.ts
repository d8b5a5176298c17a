import type { Brand } from '../../../shared/kernel/brand.ts'
import type { AccountId, AppId, OpenId, OutRefundNo, OutTradeNo, TransactionId } from '../../../shared/kernel/ids.ts'
import type { Money } from '../../../shared/kernel/money.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { Instant } from '../../../shared/kernel/time.ts'

/** Where a report comes from. */
export type ReportSource = 'notification' | 'query' | 'answer' | 'bill'

type Origin = { readonly source: ReportSource; readonly channel: ChannelName; readonly account: AccountId }

export type TradeFacts = Origin & {
  readonly outTradeNo: OutTradeNo
  readonly outcome:
    | {
        readonly status: 'succeeded'
        readonly transactionId: TransactionId
        readonly amount: Money
        readonly merchantRef: string
        /** Undefined where the channel does not say it. */
        readonly appId?: AppId | undefined
        readonly openId?: OpenId | undefined
        /** Some of it, or all, was given back already; undefined where the channel does not say so. */
        readonly wentBack?: true | undefined
        /** The channel's time of success, not ours of hearing it. */
        readonly succeededAt: Instant
      }
    /** Can never be paid again. */
    | { readonly status: 'closed' }
    /** This try ended without money; for channels where that is final. */
    | { readonly status: 'failed'; readonly said: string }
    /** Not decided; `said` is the channel's word. A word nobody knows is here too. */
    | { readonly status: 'pending'; readonly said: string; readonly isKnownWord: boolean }
    /** The channel has never heard of the number. */
    | { readonly status: 'notFound' }
}

/** A payment that came, as its channel tells of it. */
export type Success = Extract<TradeFacts['outcome'], { status: 'succeeded' }>

export type RefundFacts = Origin & {
  readonly outRefundNo: OutRefundNo
  readonly outTradeNo: OutTradeNo
  readonly transactionId?: TransactionId | undefined
  readonly channelRefundId?: string | undefined
  readonly merchantRef?: string | undefined
  readonly amount?: Money | undefined
  readonly outcome:
    | { readonly status: 'succeeded'; readonly succeededAt: Instant }
    | { readonly status: 'processing' | 'abnormal' | 'closed' }
    | { readonly status: 'unknown'; readonly said: string }
    | { readonly status: 'notFound' }
}

/** What a channel says of a payment, verified and in our words. */
export type TradeReport = Brand<TradeFacts, 'TradeReport'>
/** What a channel says of a refund, verified and in our words. */
export type RefundReport = Brand<RefundFacts, 'RefundReport'>

/** Vouches that the facts come from bytes whose signature (or the bill's hash) was checked. Only channels call it. */
export function vouchForTrade(facts: TradeFacts): TradeReport {
  return facts as TradeReport
}

/** As {@link vouchForTrade}, for refunds. */
export function vouchForRefund(facts: RefundFacts): RefundReport {
  return facts as RefundReport
}
