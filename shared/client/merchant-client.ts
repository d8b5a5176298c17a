import type { OrderAnswer, ProductAnswer, RefundAnswer } from '../api/client.ts'
import { addressOf, queryOf } from './addresses.ts'
import type {
  AccountAnswer,
  AssignUnmatched,
  ChangeProduct,
  ChangeSeries,
  ListOrders,
  ListRefunds,
  ListUnmatched,
  NewOrder,
  NewProduct,
  NewRefund,
  NoteUnmatched,
  NumberSeriesAnswer,
  PageOf,
  PayingAnswer,
  PayOrder,
  ReconcileDay,
  ReconciliationAnswer,
  RefundUnmatched,
  RepairRefund,
  SettleRefund,
  TimelineAnswer,
  UnmatchedAnswer,
} from './answers.ts'
import { type Call, type CallOptions, type CallRuntime, type CallTransport, makeCall, type RetryPolicy, usualPolicy } from './calls.ts'
import { listing } from './listing.ts'
import { paymentCalls } from './payment-calls.ts'
import { endpointCalls, eventCalls } from './webhook-calls.ts'

export type MerchantClient = ReturnType<typeof makeMerchantClient>

type Given = {
  readonly transport: CallTransport
  readonly runtime: CallRuntime
  readonly policy?: Partial<RetryPolicy>
}

/**
 * The merchant's interface, typed by the schemas that the server reads requests with. Runs wherever there is a transport: Node,
 * browsers and WeChat; nothing of the platform is touched here. Amounts are decimal strings of the major unit, times RFC 3339.
 *
 * @throws ApiError from every method, after every try that could help.
 */
export function makeMerchantClient({ transport, runtime, policy = {} }: Given) {
  const call = makeCall({ transport, runtime, policy: { ...usualPolicy, ...policy } })
  return {
    orders: orderCalls(call),
    refunds: refundCalls(call),
    products: productCalls(call),
    reconciliations: reconciliationCalls(call),
    unmatched: unmatchedCalls(call),
    payments: paymentCalls(call),
    webhookEndpoints: endpointCalls(call),
    events: eventCalls(call),
    accounts: { list: () => call<{ items: AccountAnswer[] }>({ method: 'GET', path: '/accounts' }) },
    orderNumbers: { draw: (options?: CallOptions) => call<{ orderId: string }>({ method: 'POST', path: '/order-numbers', ...options }) },
    notifications: { forward },
    numberSeries: {
      list: () => call<{ items: NumberSeriesAnswer[] }>({ method: 'GET', path: '/number-series' }),
      change: (series: NumberSeriesAnswer['series'], change: ChangeSeries) =>
        call<NumberSeriesAnswer>({ method: 'PATCH', path: addressOf('number-series', series), body: change }),
    },
  }

  /**
   * Passes on what a channel told an address of the caller's own; the channel's own signature is its credential. Tried once: who is not
   * answered tells it again.
   */
  async function forward(
    at: { readonly channel: AccountAnswer['channel']; readonly account: string },
    raw: { contentType: string; text: string },
  ) {
    const path = addressOf('payments', at.channel, 'notify', ...(at.account === 'default' ? [] : [at.account]))
    return transport({ method: 'POST', path, raw, timeoutMs: { ...usualPolicy, ...policy }.tryTimeoutMs })
  }
}

function orderCalls(call: Call) {
  const act = <Answer>(orderId: string, what: string, body?: unknown, options?: CallOptions) =>
    call<Answer>({ method: 'POST', path: addressOf('orders', orderId, what), ...bodyOf(body), ...options })
  return {
    ...listing<OrderAnswer, ListOrders>(call, '/orders'),
    create: (order: NewOrder, options?: CallOptions) => call<OrderAnswer>({ method: 'POST', path: '/orders', body: order, ...options }),
    get: (orderId: string) => call<OrderAnswer>({ method: 'GET', path: addressOf('orders', orderId) }),
    pay: (orderId: string, ask: PayOrder = {}, options?: CallOptions) => act<PayingAnswer>(orderId, 'pay', ask, options),
    check: (orderId: string, options?: CallOptions) => act<OrderAnswer>(orderId, 'check', undefined, options),
    cancel: (orderId: string, options?: CallOptions) => act<OrderAnswer>(orderId, 'cancel', undefined, options),
    refund: (orderId: string, ask: NewRefund = {}, options?: CallOptions) => act<RefundAnswer>(orderId, 'refunds', ask, options),
    /** Ends one attempt at the channel; the order stays and can be paid anew. */
    closeAttempt: (orderId: string, outTradeNo: string, options?: CallOptions) =>
      call<OrderAnswer>({ method: 'POST', path: addressOf('orders', orderId, 'attempts', outTradeNo, 'close'), ...options }),
    timeline: (orderId: string) => call<{ items: TimelineAnswer[] }>({ method: 'GET', path: addressOf('orders', orderId, 'timeline') }),
  }
}

function refundCalls(call: Call) {
  return {
    ...listing<RefundAnswer, ListRefunds>(call, '/refunds'),
    get: (refundId: string) => call<RefundAnswer>({ method: 'GET', path: addressOf('refunds', refundId) }),
    /** Sends an abnormal refund another way. */
    retry: (refundId: string, ask: RepairRefund, options?: CallOptions) =>
      call<RefundAnswer>({ method: 'POST', path: addressOf('refunds', refundId, 'retry'), body: ask, ...options }),
    /** Says of an abnormal refund how it was settled outside of the channel. */
    settle: (refundId: string, ask: SettleRefund, options?: CallOptions) =>
      call<RefundAnswer>({ method: 'POST', path: addressOf('refunds', refundId, 'settle'), body: ask, ...options }),
  }
}

function unmatchedCalls(call: Call) {
  const settle = (unmatchedId: string, how: string, body: unknown, options?: CallOptions) =>
    call<UnmatchedAnswer>({ method: 'POST', path: addressOf('unmatched', unmatchedId, how), body, ...options })
  return {
    ...listing<UnmatchedAnswer, ListUnmatched>(call, '/unmatched'),
    /** Gives all of it back. */
    refund: (unmatchedId: string, ask: RefundUnmatched, options?: CallOptions) => settle(unmatchedId, 'refund', ask, options),
    /** Keeps it for an order. */
    assign: (unmatchedId: string, ask: AssignUnmatched, options?: CallOptions) => settle(unmatchedId, 'assign', ask, options),
    /** Says how it was settled outside of the channel, or why there is nothing to do. */
    note: (unmatchedId: string, ask: NoteUnmatched, options?: CallOptions) => settle(unmatchedId, 'note', ask, options),
  }
}

function productCalls(call: Call) {
  return {
    ...listing<ProductAnswer, PageOf>(call, '/products'),
    create: (product: NewProduct, options?: CallOptions) =>
      call<ProductAnswer>({ method: 'POST', path: '/products', body: product, ...options }),
    get: (productId: string) => call<ProductAnswer>({ method: 'GET', path: addressOf('products', productId) }),
    change: (productId: string, change: ChangeProduct) =>
      call<ProductAnswer>({ method: 'PATCH', path: addressOf('products', productId), body: change }),
    withdraw: (productId: string) => call<ProductAnswer>({ method: 'DELETE', path: addressOf('products', productId) }),
  }
}

function reconciliationCalls(call: Call) {
  return {
    get: (date: string, of: Omit<ReconcileDay, 'date'> = {}) =>
      call<ReconciliationAnswer>({ method: 'GET', path: addressOf('reconciliations', date) + queryOf(of) }),
    run: (day: ReconcileDay, options?: CallOptions) =>
      call<ReconciliationAnswer>({ method: 'POST', path: '/reconciliations', body: day, ...options }),
  }
}

function bodyOf(body: unknown): { body?: unknown } {
  return body === undefined ? {} : { body }
}
