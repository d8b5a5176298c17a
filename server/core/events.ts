import type { EndpointId, EventId, MerchantId } from '../../shared/kernel/ids.ts'
import { findDelivery, listDeliveries, listTries } from '../store/deliveries.ts'
import { type EventFilter, findEvent, listEvents } from '../store/events.ts'
import { findEndpoint, listEnabledEndpoints } from '../store/webhook-endpoints.ts'
import { AppError } from './error.ts'
import type { PageAsk } from './orders.ts'
import { paged } from './page.ts'
import type { Parts } from './parts.ts'
import { decision } from './rules/decision.ts'
import { type Delivery, type DeliveryTry, deliveryIdOf, isToldOf, type StoredEvent, type WebhookEndpoint } from './rules/webhook.ts'

export type EventView = {
  readonly event: StoredEvent
  readonly deliveries: ReadonlyArray<{ readonly delivery: Delivery; readonly tries: readonly DeliveryTry[] }>
}
export type Events = ReturnType<typeof makeEvents>

/** The log of what happened, and of who was told. */
export function makeEvents({ db, runtime, commit }: Pick<Parts, 'db' | 'runtime' | 'commit'>) {
  return { get, list, resend }

  /** @throws AppError NOT_FOUND */
  async function get(merchantId: MerchantId, eventId: EventId): Promise<EventView> {
    const event = await findEvent(db, merchantId, eventId)
    if (!event) throw new AppError('NOT_FOUND', `event ${eventId} does not exist`)
    const [view] = await withDeliveries(merchantId, [event])
    return view ?? { event, deliveries: [] }
  }

  /** Newest first. @throws AppError PARAM_ERROR when the cursor is none of ours. */
  async function list(
    merchantId: MerchantId,
    filter: EventFilter,
    page: PageAsk,
  ): Promise<{ items: EventView[]; nextCursor?: string | undefined }> {
    const { items, nextCursor } = await paged(listEvents(db, merchantId, filter, page))
    return { items: await withDeliveries(merchantId, items), nextCursor }
  }

  async function withDeliveries(merchantId: MerchantId, events: readonly StoredEvent[]): Promise<EventView[]> {
    const deliveries = await listDeliveries(
      db,
      merchantId,
      events.map(({ eventId }) => eventId),
    )
    const tries = await listTries(
      db,
      merchantId,
      deliveries.map(({ deliveryId }) => deliveryId),
    )
    return events.map((event) => ({
      event,
      deliveries: deliveries
        .filter(({ eventId }) => eventId === event.eventId)
        .map((delivery) => ({ delivery, tries: tries.get(delivery.deliveryId) ?? [] })),
    }))
  }

  /**
   * Tells an event once more, from the first step of the ladder; one whose next try waits is tried now.
   *
   * @param endpointId to this endpoint alone, whatever it usually hears; without it, to all that are told of such events.
   * @throws AppError NOT_FOUND; CONFLICT when there is nobody to tell.
   */
  async function resend(merchantId: MerchantId, eventId: EventId, endpointId?: EndpointId): Promise<EventView> {
    const { event } = await get(merchantId, eventId)
    const endpoints = endpointId === undefined ? await listeners(event) : [await enabled(merchantId, endpointId)]
    if (endpoints.length === 0) throw new AppError('CONFLICT', `no enabled webhook endpoint is told of ${event.type}`)
    for (const endpoint of endpoints) await redeliver(event, endpoint)
    return get(merchantId, eventId)
  }

  async function redeliver(event: StoredEvent, endpoint: WebhookEndpoint): Promise<void> {
    const { merchantId, eventId } = event
    const { endpointId } = endpoint
    const at = runtime.now()
    const deliveryId = deliveryIdOf(eventId, endpointId)
    const known = await findDelivery(db, merchantId, deliveryId)
    if (known?.status === 'pending' && (known.nextAt === undefined || known.nextAt <= at)) return
    const fresh: Delivery = { merchantId, deliveryId, eventId, endpointId, status: 'pending', tries: 0, createdAt: at }
    const note = {
      merchantId,
      orderId: event.orderId,
      at,
      kind: 'webhook',
      title: `webhook ${event.type}: sent again`,
      detail: { eventId, endpointId },
    } as const
    // Lost only to somebody who wants the same.
    await commit(decision({ changes: [{ kind: 'redeliver', delivery: known ?? fresh, at }], notes: [note] }))
  }

  async function listeners(event: StoredEvent): Promise<WebhookEndpoint[]> {
    return (await listEnabledEndpoints(db, [event.merchantId])).filter((endpoint) => isToldOf(endpoint, event.type))
  }

  async function enabled(merchantId: MerchantId, endpointId: EndpointId): Promise<WebhookEndpoint> {
    const endpoint = await findEndpoint(db, merchantId, endpointId)
    if (!endpoint) throw new AppError('NOT_FOUND', `webhook endpoint ${endpointId} does not exist`)
    if (endpoint.status !== 'enabled') throw new AppError('CONFLICT', `webhook endpoint ${endpointId} is disabled; enable it first`)
    return endpoint
  }
}
