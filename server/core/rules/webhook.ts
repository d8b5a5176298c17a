import type { EventType } from '../../../shared/kernel/events.ts'
import { asOwnId, type DeliveryId, type EndpointId, type EventId, type MerchantId, type OrderId } from '../../../shared/kernel/ids.ts'
import type { DeliveryStatus } from '../../../shared/kernel/states.ts'
import { type Instant, later } from '../../../shared/kernel/time.ts'

export const endpointStatuses = ['enabled', 'disabled'] as const
export type EndpointStatus = (typeof endpointStatuses)[number]

/** Where a merchant wants to be told. Its secrets are sealed; only a delivery opens them. */
export type WebhookEndpoint = {
  readonly merchantId: MerchantId
  readonly endpointId: EndpointId
  readonly url: string
  /** Undefined: of everything. */
  readonly types?: readonly EventType[] | undefined
  readonly description?: string | undefined
  readonly status: EndpointStatus
  readonly disabledWhy?: string | undefined
  readonly sealedSecret: string
  /** While a secret rolls, the one before signs as well. */
  readonly former?: { readonly sealedSecret: string; readonly until: Instant } | undefined
  readonly createdAt: Instant
}

/** An event as it stands in the log. */
export type StoredEvent = {
  readonly merchantId: MerchantId
  readonly eventId: EventId
  readonly type: EventType
  readonly orderId: OrderId
  readonly createdAt: Instant
  /** JSON, fixed when it was written. */
  readonly data: string
}

/** One event on its way to one endpoint. */
export type Delivery = {
  readonly merchantId: MerchantId
  readonly deliveryId: DeliveryId
  readonly eventId: EventId
  readonly endpointId: EndpointId
  readonly status: DeliveryStatus
  /** Since it was begun, or begun again. */
  readonly tries: number
  readonly nextAt?: Instant | undefined
  readonly createdAt: Instant
  readonly finishedAt?: Instant | undefined
}

export const tryOutcomes = ['delivered', 'refused', 'gone', 'redirected', 'timeout', 'unreachable', 'blocked', 'dropped'] as const
export type TryOutcome = (typeof tryOutcomes)[number]

/** What came of one try: a row of its own. */
export type DeliveryTry = {
  readonly at: Instant
  readonly ms: number
  readonly outcome: TryOutcome
  readonly statusCode?: number | undefined
  readonly detail?: string | undefined
  /** It was unreachable because its certificate, or all of TLS, is no good. */
  readonly isTls?: boolean | undefined
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How long after each failure the next try comes; after the last, no more (contract 6). */
const ladderMs = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
/** Receivers that were down are not met by all deliveries in the same moment. */
const jitterShare = 0.1

/**
 * When the next try comes after so many failures; undefined when none does.
 *
 * @param chance from 0 to 1: how much of the jitter, a tenth of the step at most, is added.
 */
export function nextDeliveryAt(failures: number, now: Instant, chance: number): Instant | undefined {
  const step = ladderMs[failures - 1]
  return step === undefined ? undefined : later(now, Math.round(step * (1 + jitterShare * chance)))
}

/** Which delivery carries an event to an endpoint: it follows from both, so it is made once. */
export function deliveryIdOf(eventId: EventId, endpointId: EndpointId): DeliveryId {
  return asOwnId('DeliveryId', `dlv_${eventId.slice(eventId.indexOf('_') + 1)}-${endpointId.slice(-16)}`)
}

/** Whether an endpoint is told of events of a type. */
export function isToldOf({ status, types }: Pick<WebhookEndpoint, 'status' | 'types'>, type: string): boolean {
  return status === 'enabled' && (types === undefined || types.some((one) => one === type))
}

/** What an answer means, by its status alone: any 2xx is a yes, 410 is never again, a redirect is not followed. */
export function outcomeOf(status: number): TryOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirected' : 'refused'
}
