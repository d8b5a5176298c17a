import type { z } from 'zod'
import type {
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
  unmatched,
} from '../api/order.ts'
import type { newProduct, productChange } from '../api/product.ts'
import type { newReconciliation, reconciliation } from '../api/reconciliation.ts'
import type { changeSeries, numberSeries } from '../api/series.ts'

/** What the client sends and gets, as the server's own schemas have it. Types only: no schema runs in a client. */
export type NewOrder = z.input<typeof newOrder>
export type PayOrder = z.input<typeof payOrder>
export type NewRefund = z.input<typeof newRefund>
export type RepairRefund = z.input<typeof retryRefund>
export type SettleRefund = z.input<typeof settleRefund>
export type NewProduct = z.input<typeof newProduct>
export type ChangeProduct = z.input<typeof productChange>
export type ChangeSeries = z.input<typeof changeSeries>
export type ReconcileDay = z.input<typeof newReconciliation>

export type PageOf = Query<typeof pageQuery>
export type ListOrders = Query<typeof orderQuery>
export type ListRefunds = Query<typeof refundQuery>

export type PayingAnswer = z.output<typeof paying>
export type TimelineAnswer = z.output<typeof timelineEntry>
export type UnmatchedAnswer = z.output<typeof unmatched>
export type ReconciliationAnswer = z.output<typeof reconciliation>
export type NumberSeriesAnswer = z.output<typeof numberSeries>

/** An address carries text; a number of items is what a caller has. */
type Query<Schema extends z.ZodType> = Omit<z.input<Schema>, 'limit'> & { readonly limit?: number | undefined }
