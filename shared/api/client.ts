import type { z } from 'zod'
import { readEnvelope } from '../client/api-error.ts'
import type { App, PayAction, PayType } from '../kernel/pay.ts'
import type { order as orderSchema, refund as refundSchema } from './order.ts'
import type { product as productSchema } from './product.ts'

export { ApiError } from '../client/api-error.ts'

export type OrderAnswer = z.output<typeof orderSchema>
export type RefundAnswer = z.output<typeof refundSchema>
export type ProductAnswer = z.output<typeof productSchema>
export type PageAnswer<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null }
export type SessionAnswer = { readonly token: string; readonly expiresIn: number }

export type ApiRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly isPublic: boolean
  readonly idempotencyKey?: string | undefined
}
export type ApiAnswer = { readonly status: number; readonly body: unknown }
/** Carries a request and adds who asks. Rejects when no answer came. */
export type Transport = (request: ApiRequest) => Promise<ApiAnswer>

export type PayerClient = ReturnType<typeof makePayerClient>

/**
 * The payer's interface (contract 4), typed. Amounts, prices and states are the server's; nothing is reckoned here.
 *
 * @param newKey makes the idempotency key of a request that must not happen twice.
 * @throws ApiError from every method.
 */
export function makePayerClient(transport: Transport, newKey: () => string) {
  return {
    login: (ask: { code: string; app: App }) =>
      data<SessionAnswer>({ method: 'POST', path: '/cashier/session', body: ask, isPublic: true }),
    products: (cursor?: string) =>
      data<PageAnswer<ProductAnswer>>({ method: 'GET', path: `/cashier/products${query(cursor)}`, isPublic: true }),
    product: (productId: string) =>
      data<ProductAnswer>({ method: 'GET', path: `/cashier/products/${encodeURIComponent(productId)}`, isPublic: true }),
    createOrder: (items: ReadonlyArray<{ productId: string; quantity: number }>) =>
      data<OrderAnswer>({ method: 'POST', path: '/cashier/orders', body: { items }, isPublic: false, idempotencyKey: newKey() }),
    orders: (cursor?: string) => data<PageAnswer<OrderAnswer>>({ method: 'GET', path: `/cashier/orders${query(cursor)}`, isPublic: false }),
    order: (orderId: string) => data<OrderAnswer>({ method: 'GET', path: orderPath(orderId), isPublic: false }),
    pay: (orderId: string, payType: PayType) =>
      data<{ action: PayAction }>({ method: 'POST', path: `${orderPath(orderId)}/pay`, body: { payType }, isPublic: false }),
    cancel: (orderId: string) => data<OrderAnswer>({ method: 'POST', path: `${orderPath(orderId)}/cancel`, isPublic: false }),
  }

  async function data<Data>(request: ApiRequest): Promise<Data> {
    return readEnvelope<Data>(await transport(request))
  }
}

function orderPath(orderId: string): string {
  return `/cashier/orders/${encodeURIComponent(orderId)}`
}

function query(cursor: string | undefined): string {
  return cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`
}
