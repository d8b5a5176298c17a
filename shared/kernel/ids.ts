import type { Brand } from './brand.ts'

export type MerchantId = Brand<string, 'MerchantId'>
/** The merchant's name for an order, unique within the merchant; ours when the merchant gives none. */
export type OrderId = Brand<string, 'OrderId'>
/** One attempt to pay an order (`pay_…`). */
export type PaymentId = Brand<string, 'PaymentId'>
/** A refund as the merchant names it (`ref_…` when we do). */
export type RefundId = Brand<string, 'RefundId'>
/** A person in one app (`usr_…`). */
export type PayerId = Brand<string, 'PayerId'>
export type ProductId = Brand<string, 'ProductId'>
export type EventId = Brand<string, 'EventId'>
/** Where events of a merchant go (`whe_…`). */
export type EndpointId = Brand<string, 'EndpointId'>
/** One event on its way to one endpoint. */
export type DeliveryId = Brand<string, 'DeliveryId'>
export type TaskId = Brand<string, 'TaskId'>
export type InboxId = Brand<string, 'InboxId'>
export type KeyId = Brand<string, 'KeyId'>
/** Money that fits nothing here, as it is listed (`unm_…`). */
export type UnmatchedId = Brand<string, 'UnmatchedId'>
/** One set of credentials on a channel; `default` comes from the environment. */
export type AccountId = Brand<string, 'AccountId'>
/** The number under which the channel knows an attempt. Sent once with one set of parameters, ever. */
export type OutTradeNo = Brand<string, 'OutTradeNo'>
/** The number under which the channel knows a refund. */
export type OutRefundNo = Brand<string, 'OutRefundNo'>
/** The channel's own number of a payment. */
export type TransactionId = Brand<string, 'TransactionId'>
export type AppId = Brand<string, 'AppId'>
/** A person's number within one app of WeChat. Never leaves the server. */
export type OpenId = Brand<string, 'OpenId'>

/**
 * What an order, and so the number of its first attempt, may be called: WeChat takes 6 to 32 of these characters; its bar is left
 * out because some partner pages do not list it.
 */
export const orderIdPattern = /^[0-9A-Za-z_\-*]{6,32}$/
/** What a refund may be called: WeChat's rule for `out_refund_no` without the bar and the at sign. */
export const refundIdPattern = /^[0-9A-Za-z_\-*]{1,64}$/
/** What a product, an account and our own ids look like. */
export const namePattern = /^[0-9A-Za-z_\-.]{1,64}$/

type Named = {
  MerchantId: MerchantId
  PaymentId: PaymentId
  PayerId: PayerId
  ProductId: ProductId
  EventId: EventId
  EndpointId: EndpointId
  DeliveryId: DeliveryId
  TaskId: TaskId
  InboxId: InboxId
  KeyId: KeyId
  AccountId: AccountId
  UnmatchedId: UnmatchedId
}

/** A merchant's order number, or undefined when it is none. */
export function readOrderId(text: string): OrderId | undefined {
  return orderIdPattern.test(text) ? (text as OrderId) : undefined
}

/** The number an order's first attempt carries: the order's own. */
export function firstOutTradeNo(orderId: OrderId): OutTradeNo {
  return orderId as string as OutTradeNo
}

/** A channel's number of an attempt, or undefined when it cannot be one of ours. */
export function readOutTradeNo(text: string): OutTradeNo | undefined {
  return orderIdPattern.test(text) ? (text as OutTradeNo) : undefined
}

export function readRefundId(text: string): RefundId | undefined {
  return refundIdPattern.test(text) ? (text as RefundId) : undefined
}

/** The number a refund carries at the channel: its own name, so a retry can never bring another. */
export function outRefundNoOf(refundId: RefundId): OutRefundNo {
  return refundId as string as OutRefundNo
}

/** A refund number as a channel names it, or undefined when it cannot be one of a refund we know. */
export function readOutRefundNo(text: string): OutRefundNo | undefined {
  return /^[0-9A-Za-z_\-*|@]{1,64}$/.test(text) ? (text as OutRefundNo) : undefined
}

/** One of our own names (ids with a type prefix, accounts, products), or undefined when it is none. */
export function readName<Kind extends keyof Named>(_kind: Kind, text: string): Named[Kind] | undefined {
  return namePattern.test(text) ? (text as Named[Kind]) : undefined
}

/** Text from a channel that the schema has read already: its number of a payment, an app, a person. */
export function asTransactionId(text: string): TransactionId {
  return text as TransactionId
}
export function asAppId(text: string): AppId {
  return text as AppId
}
export function asOpenId(text: string): OpenId {
  return text as OpenId
}

/** An id made by us: the prefix says of what, the rest is time-ordered and unguessable. */
export function asOwnId<Kind extends keyof Named>(_kind: Kind, text: string): Named[Kind] {
  return text as Named[Kind]
}
export function asOrderId(text: string): OrderId {
  return text as OrderId
}
export function asOutTradeNo(text: string): OutTradeNo {
  return text as OutTradeNo
}
export function asRefundId(text: string): RefundId {
  return text as RefundId
}

export const defaultMerchant = 'mer_default' as MerchantId
export const defaultAccount = 'default' as AccountId
