import { asOrderId, type MerchantId, type OrderId, type PayerId } from '../../shared/kernel/ids.ts'
import { zero } from '../../shared/kernel/money.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { OrderStatus } from '../../shared/kernel/states.ts'
import { type Instant, later } from '../../shared/kernel/time.ts'
import { newId } from '../lib/ids.ts'
import { listAttempts } from '../store/attempts.ts'
import { findOrder, listOrders } from '../store/orders.ts'
import { listRefundsOf } from '../store/refunds.ts'
import { listNotes } from '../store/timeline.ts'
import { AppError } from './error.ts'
import { loadView, type OrderView } from './load.ts'
import type { Numbers } from './numbers.ts'
import type { OnceRecord } from './once.ts'
import { paged } from './page.ts'
import type { Parts } from './parts.ts'
import { decideCreate } from './rules/decide-order.ts'
import type { Note } from './rules/decision.ts'
import { type Order, type OrderContent, sameContent } from './rules/order.ts'
import { drawFrom, orderNumber } from './rules/order-number.ts'

export type { Payer } from '../identity/payer.ts'
export type { OrderView } from './load.ts'

export type NewOrder = {
  readonly orderId?: OrderId | undefined
  readonly content: OrderContent
  readonly expiresInSeconds?: number | undefined
}
export type OrderFilter = {
  readonly status?: OrderStatus | undefined
  readonly channel?: ChannelName | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  readonly payerId?: PayerId | undefined
}
export type PageAsk = { readonly limit: number; readonly cursor?: string | undefined }
export type TimelineEntry = Pick<Note, 'at' | 'kind' | 'title' | 'detail'>

const defaultLifeSeconds = 30 * 60
/** A number is drawn again when it is taken; so many taken in a row is no chance. */
const maxDraws = 50

export type Orders = ReturnType<typeof makeOrders>

export function makeOrders({
  db,
  runtime,
  policy,
  commit,
  numbers,
}: Pick<Parts, 'db' | 'runtime' | 'policy' | 'commit'> & { readonly numbers: Numbers }) {
  return { create, drawNumber, get, list, timeline }

  /**
   * Makes an order. The same number with the same content is the same order; a request that is run again after a crash finds the
   * number it drew the first time.
   *
   * @throws AppError CONFLICT when the number stands for another content.
   */
  async function create(merchantId: MerchantId, ask: NewOrder, once?: OnceRecord): Promise<OrderView> {
    if (ask.orderId !== undefined) return createNamed(merchantId, ask.orderId, ask, once)
    const drawNth = numbersFor(merchantId, once)
    for (let draw = 0; draw < maxDraws; draw++) {
      const orderId = await drawNth(draw)
      const order = newOrder(merchantId, orderId, ask, once)
      if (await commit(decideCreate(order))) return { order, attempts: [], refunds: [] }
      const taken = await findOrder(db, merchantId, orderId)
      if (once !== undefined && taken?.origin === once.recordId) return loadView(db, merchantId, orderId)
    }
    throw noFreeNumber()
  }

  /**
   * A number for an order that is made later. A request that is run again after a crash finds the number it drew.
   *
   * @throws AppError UNAVAILABLE when every number drawn was taken.
   */
  async function drawNumber(merchantId: MerchantId, once?: OnceRecord): Promise<OrderId> {
    const drawNth = numbersFor(merchantId, once)
    for (let draw = 0; draw < maxDraws; draw++) {
      const orderId = await drawNth(draw)
      if ((await findOrder(db, merchantId, orderId)) === undefined) return orderId
    }
    throw noFreeNumber()
  }

  /** The numbers one request may draw, by turn: those of the merchant's own series, or of the installation's form. */
  function numbersFor(merchantId: MerchantId, once: OnceRecord | undefined): (nth: number) => Promise<OrderId> {
    const at = once?.createdAt ?? runtime.now()
    const seed = once?.recordId ?? newId(runtime, 'draw')
    const { orderNoPrefix: prefix, installation } = policy
    return async (nth) => {
      const inSeries = await numbers.draw(merchantId, 'order', once && `${once.recordId}/${nth}`)
      return inSeries === undefined ? orderNumber({ prefix, at, installation, draw: drawFrom(seed, nth) }) : asOrderId(inSeries)
    }
  }

  async function createNamed(merchantId: MerchantId, orderId: OrderId, ask: NewOrder, once: OnceRecord | undefined): Promise<OrderView> {
    const order = newOrder(merchantId, orderId, ask, once)
    if (await commit(decideCreate(order))) return { order, attempts: [], refunds: [] }
    const view = await loadView(db, merchantId, orderId)
    if (sameContent(view.order, ask.content)) return view
    throw new AppError('CONFLICT', `order ${orderId} exists with other content`, { details: { orderId } })
  }

  function newOrder(
    merchantId: MerchantId,
    orderId: OrderId,
    { content, expiresInSeconds = defaultLifeSeconds }: NewOrder,
    once: OnceRecord | undefined,
  ): Order {
    const createdAt = runtime.now()
    const figures = { paid: zero, refunded: zero, refunding: zero, refundCount: 0, attemptCount: 0 }
    return {
      ...content,
      ...figures,
      merchantId,
      orderId,
      status: 'pending',
      origin: once?.recordId,
      createdAt,
      expiresAt: later(createdAt, expiresInSeconds * 1000),
    }
  }

  /** @throws AppError NOT_FOUND */
  async function get(merchantId: MerchantId, orderId: OrderId): Promise<OrderView> {
    return loadView(db, merchantId, orderId)
  }

  /** Newest first. @throws AppError PARAM_ERROR when the cursor is none of ours. */
  async function list(
    merchantId: MerchantId,
    filter: OrderFilter,
    page: PageAsk,
  ): Promise<{ items: OrderView[]; nextCursor?: string | undefined }> {
    const { items, nextCursor } = await paged(listOrders(db, merchantId, filter, page))
    const ids = items.map((order) => order.orderId)
    const [attempts, refunds] =
      ids.length === 0 ? [[], []] : await Promise.all([listAttempts(db, merchantId, ids), listRefundsOf(db, merchantId, ids)])
    const views = items.map((order) => ({
      order,
      attempts: attempts.filter((attempt) => attempt.orderId === order.orderId),
      refunds: refunds.filter((refund) => refund.orderId === order.orderId),
    }))
    return { items: views, nextCursor }
  }

  /** Every request, answer, notification and transition of an order, oldest first. @throws AppError NOT_FOUND */
  async function timeline(merchantId: MerchantId, orderId: OrderId): Promise<TimelineEntry[]> {
    await loadView(db, merchantId, orderId)
    return listNotes(db, merchantId, orderId)
  }
}

function noFreeNumber(): AppError {
  return new AppError('UNAVAILABLE', 'no free order number could be drawn; try again in a second', { retryAfterSeconds: 1 })
}
