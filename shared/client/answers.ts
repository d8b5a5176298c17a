import type { z } from 'zod'
import type { account } from '../api/account.ts'
import type {
  attempt,
  newOrder,
  newRefund,
  orderQuery,
  pageQuery,
  paying,
  payOrder,
  refundQuery,
  retryRefund,
  settleRefund,
  timelineEntry,
} from '../api/order.ts'
import type {
  appAnswer,
  closeAnswer,
  codeAnswer,
  codePayment,
  h5Answer,
  h5Payment,
  jsapiAnswer,
  nativeAnswer,
  nativePayment,
  payerPayment,
  paymentClose,
  paymentQuery,
  paymentRecord,
  paymentRefund,
  paymentRefundAnswer,
  tradeAnswer,
} from '../api/payment.ts'
import type { newProduct, productChange } from '../api/product.ts'
import type { newReconciliation, reconciliation } from '../api/reconciliation.ts'
import type { changeSeries, numberSeries } from '../api/series.ts'
import type { assignUnmatched, noteUnmatched, refundUnmatched, unmatched, unmatchedQuery } from '../api/unmatched.ts'
import type {
  delivery,
  endpoint,
  endpointChange,
  endpointWithSecret,
  event,
  eventQuery,
  newEndpoint,
  resend,
  rotation,
} from '../api/webhook.ts'

/** What the client sends and gets, as the server's own schemas have it. Types only: no schema runs in a client. */
export type NewOrder = z.input<typeof newOrder>
export type PayOrder = z.input<typeof payOrder>
export type NewRefund = z.input<typeof newRefund>
export type RepairRefund = z.input<typeof retryRefund>
export type SettleRefund = z.input<typeof settleRefund>
export type RefundUnmatched = z.input<typeof refundUnmatched>
export type AssignUnmatched = z.input<typeof assignUnmatched>
export type NoteUnmatched = z.input<typeof noteUnmatched>
export type NewProduct = z.input<typeof newProduct>
export type ChangeProduct = z.input<typeof productChange>
export type ChangeSeries = z.input<typeof changeSeries>
export type ReconcileDay = z.input<typeof newReconciliation>

export type PageOf = Query<typeof pageQuery>
export type ListOrders = Query<typeof orderQuery>
export type ListRefunds = Query<typeof refundQuery>
export type ListUnmatched = Query<typeof unmatchedQuery>

export type PayingAnswer = z.output<typeof paying>
export type TimelineAnswer = z.output<typeof timelineEntry>
export type UnmatchedAnswer = z.output<typeof unmatched>
export type ReconciliationAnswer = z.output<typeof reconciliation>
export type NumberSeriesAnswer = z.output<typeof numberSeries>

export type AttemptAnswer = z.output<typeof attempt>
export type AccountAnswer = z.output<typeof account>

export type NewPayment = z.input<typeof nativePayment>
export type PayerPayment = z.input<typeof payerPayment>
export type H5Payment = z.input<typeof h5Payment>
export type CodePayment = z.input<typeof codePayment>
export type RefundPayment = z.input<typeof paymentRefund>
export type ClosePayment = z.input<typeof paymentClose>
export type ListPayments = Query<typeof paymentQuery>
export type NativeAnswer = z.output<typeof nativeAnswer>
export type JsapiAnswer = z.output<typeof jsapiAnswer>
export type H5Answer = z.output<typeof h5Answer>
export type AppAnswer = z.output<typeof appAnswer>
export type CodeAnswer = z.output<typeof codeAnswer>
export type TradeAnswer = z.output<typeof tradeAnswer>
export type PaymentRefundAnswer = z.output<typeof paymentRefundAnswer>
export type CloseAnswer = z.output<typeof closeAnswer>
export type PaymentRecord = z.output<typeof paymentRecord>

export type NewEndpoint = z.input<typeof newEndpoint>
export type ChangeEndpoint = z.input<typeof endpointChange>
export type RotateSecret = z.input<typeof rotation>
export type Resend = z.input<typeof resend>
export type ListEvents = Query<typeof eventQuery>
export type EndpointAnswer = z.output<typeof endpoint>
export type EndpointWithSecret = z.output<typeof endpointWithSecret>
export type EventAnswer = z.output<typeof event>
export type DeliveryAnswer = z.output<typeof delivery>

/** An address carries text; a number of items is what a caller has. */
type Query<Schema extends z.ZodType> = Omit<z.input<Schema>, 'limit'> & { readonly limit?: number | undefined }
