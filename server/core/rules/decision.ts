import type { AccountId, EndpointId, InboxId, MerchantId, OrderId, PaymentId, RefundId, TransactionId } from '../../../shared/kernel/ids.ts'
import type { Minor, Money } from '../../../shared/kernel/money.ts'
import type { ChannelName, PayAction, PayType } from '../../../shared/kernel/pay.ts'
import type { AttemptStatus, DeliveryStatus, OrderStatus, RefundStatus } from '../../../shared/kernel/states.ts'
import type { Instant } from '../../../shared/kernel/time.ts'
import type { Attempt } from './attempt.ts'
import type { NewEvent } from './event.ts'
import type { Order } from './order.ts'
import type { Report } from './reconciliation.ts'
import type { Refund } from './refund.ts'
import type { NewTask, TaskKind } from './task.ts'
import type { Resolution, Unmatched, UnmatchedMoney } from './unmatched.ts'
import type { Delivery, DeliveryTry } from './webhook.ts'

/**
 * What a rule wants written, as data. All of it is written in one transaction, or, when one of the changes finds its row in
 * another state than the rule knew, none of it: then the rule is asked again with fresh rows.
 */
export type Decision = {
  readonly changes: readonly Change[]
  readonly events: readonly NewEvent[]
  readonly tasks: readonly NewTask[]
  /** Tasks that have nothing left to do once this is written. */
  readonly ended: readonly EndedTask[]
  readonly notes: readonly Note[]
}

export type EndedTask = { readonly kind: TaskKind; readonly merchantId: MerchantId; readonly subject: string }

export type Change =
  | { readonly kind: 'insertOrder'; readonly order: Order }
  /** Counts one more attempt of a pending order; lost when the order is no longer pending or another attempt was counted meanwhile. */
  | {
      readonly kind: 'countAttempt'
      readonly merchantId: MerchantId
      readonly orderId: OrderId
      readonly attemptCount: number
      /** How it is being paid now. */
      readonly channel: ChannelName
      readonly payType: PayType
    }
  | { readonly kind: 'insertAttempt'; readonly attempt: Attempt }
  | {
      readonly kind: 'moveOrder'
      readonly merchantId: MerchantId
      readonly orderId: OrderId
      readonly from: readonly OrderStatus[]
      readonly to: OrderStatus
      /** The order as the rule knew it, for those who are told of the move. */
      readonly about: Order
      /** Given where the move is about all attempts: lost when one was added meanwhile. */
      readonly attemptCount?: number
      readonly set: {
        readonly paid?: Minor
        readonly keptPaymentId?: PaymentId
        /** Given where the attempt comes with the move. */
        readonly attemptCount?: number
        readonly channel?: ChannelName
        /** Null: by which means is not known. */
        readonly payType?: PayType | null
        readonly transactionId?: TransactionId
        readonly paidAt?: Instant
        readonly closedAt?: Instant
      }
    }
  | {
      readonly kind: 'moveAttempt'
      readonly merchantId: MerchantId
      readonly orderId: OrderId
      readonly paymentId: PaymentId
      readonly from: readonly AttemptStatus[]
      readonly to: AttemptStatus
      /** The attempt as the rule knew it, for those who are told of the move. */
      readonly about: Attempt
      /** Lost when the channel is asked to undo it meanwhile. */
      readonly unlessReversing?: boolean
      readonly set: {
        readonly kept?: boolean
        readonly paid?: Money
        readonly transactionId?: TransactionId
        readonly action?: PayAction
        readonly actionExpiresAt?: Instant
        readonly channelState?: string
        readonly failure?: string
        readonly succeededAt?: Instant
        readonly closedAt?: Instant
      }
    }
  /** From now on the channel undoes it; lost when it is no longer live, or is being undone already. */
  | { readonly kind: 'markReversing'; readonly merchantId: MerchantId; readonly paymentId: PaymentId; readonly at: Instant }
  /** A fresh action for an attempt that is open already; lost when it is not. */
  | {
      readonly kind: 'renewAction'
      readonly merchantId: MerchantId
      readonly paymentId: PaymentId
      readonly action: PayAction
      readonly actionExpiresAt: Instant
      readonly channelState?: string | undefined
    }
  /** Takes an amount out of what can be refunded and counts the refund; lost when there is not so much left, or `countMax` are made. */
  | {
      readonly kind: 'reserveRefund'
      readonly merchantId: MerchantId
      readonly orderId: OrderId
      readonly amount: Minor
      readonly countMax: number
    }
  | { readonly kind: 'insertRefund'; readonly refund: Refund }
  | {
      readonly kind: 'moveRefund'
      readonly merchantId: MerchantId
      readonly orderId: OrderId
      readonly refundId: RefundId
      readonly from: readonly RefundStatus[]
      readonly to: RefundStatus
      /** The refund as the rule knew it, for those who are told of the move. */
      readonly about: Refund
      readonly set: { readonly channelRefundId?: string; readonly failure?: string; readonly succeededAt?: Instant }
    }
  /** The reserved amount went back to the payer. */
  | { readonly kind: 'bookRefund'; readonly merchantId: MerchantId; readonly orderId: OrderId; readonly amount: Minor }
  /** The reserved amount can be refunded again. */
  | { readonly kind: 'releaseRefund'; readonly merchantId: MerchantId; readonly orderId: OrderId; readonly amount: Minor }
  /** A day was compared with its bill. */
  | { readonly kind: 'saveReconciliation'; readonly reconciliation: Reconciliation }
  | { readonly kind: 'insertInbox'; readonly entry: InboxEntry }
  | { readonly kind: 'insertUnmatched'; readonly unmatched: UnmatchedMoney }
  /** Staff settled money that was listed; lost when somebody did before. */
  | { readonly kind: 'resolveUnmatched'; readonly unmatched: Unmatched; readonly resolution: Resolution }
  /** One try of a delivery and what it is now; lost when it is not pending any more, or another try was written meanwhile. */
  | {
      readonly kind: 'writeTry'
      readonly delivery: Delivery
      readonly to: DeliveryStatus
      readonly tries: number
      readonly nextAt: Instant | undefined
      readonly made: DeliveryTry
    }
  /** An event is told once more, from the first step, or now when its next try waits; lost when it is being told already. */
  | { readonly kind: 'redeliver'; readonly delivery: Delivery; readonly at: Instant }
  | { readonly kind: 'disableEndpoint'; readonly merchantId: MerchantId; readonly endpointId: EndpointId; readonly why: string }

/** What came of comparing a day's bill with the books. */
export type Reconciliation = {
  readonly channel: ChannelName
  readonly account: AccountId
  readonly day: string
  readonly merchantId: MerchantId
  /** The reading of the bill that it comes from. */
  readonly runId: string
  readonly report: Report
  readonly completedAt: Instant
}

/** A verified notification, kept as it came; the same one comes once however often it is sent. */
export type InboxEntry = {
  readonly inboxId: InboxId
  readonly channel: ChannelName
  readonly account: AccountId
  readonly notifyId: string
  readonly merchantId?: MerchantId | undefined
  readonly orderId?: OrderId | undefined
  readonly receivedAt: Instant
  readonly verdict: string
  readonly body: string
}

/** A line of an order's timeline: a call and its answer, a notification, a transition. Secrets are masked before they get here. */
export type Note = {
  readonly merchantId: MerchantId
  readonly orderId: OrderId
  readonly at: Instant
  readonly kind: 'call' | 'notification' | 'transition' | 'request' | 'webhook'
  readonly title: string
  readonly detail: Readonly<Record<string, unknown>>
}

const nothing: Decision = { changes: [], events: [], tasks: [], ended: [], notes: [] }

/** A decision of the given parts; what is not given is empty. */
export function decision(parts: Partial<Decision>): Decision {
  return { ...nothing, ...parts }
}

/** One decision that does what several do, in their order. */
export function together(...decisions: readonly Decision[]): Decision {
  return {
    changes: decisions.flatMap((one) => one.changes),
    events: decisions.flatMap((one) => one.events),
    tasks: decisions.flatMap((one) => one.tasks),
    ended: decisions.flatMap((one) => one.ended),
    notes: decisions.flatMap((one) => one.notes),
  }
}
