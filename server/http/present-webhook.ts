import type { z } from 'zod'
import type { delivery as deliverySchema, endpoint as endpointSchema, event as eventSchema } from '../../shared/api/webhook.ts'
import { formatInstant, type Instant } from '../../shared/kernel/time.ts'
import type { EventView } from '../core/events.ts'
import type { WebhookEndpoint } from '../core/rules/webhook.ts'

export function presentEndpoint(endpoint: WebhookEndpoint): z.input<typeof endpointSchema> {
  const { endpointId, url, types, description, status, disabledWhy, createdAt } = endpoint
  return {
    endpointId,
    url,
    types: types === undefined ? null : [...types],
    description: description ?? null,
    status,
    disabledWhy: disabledWhy ?? null,
    createdAt: formatInstant(createdAt),
  }
}

export function presentEvent({ event, deliveries }: EventView): z.input<typeof eventSchema> {
  return {
    id: event.eventId,
    type: event.type,
    timestamp: formatInstant(event.createdAt),
    orderId: event.orderId === '-' ? null : event.orderId,
    // The very members that are sent.
    data: JSON.parse(event.data),
    deliveries: deliveries.map(presentDelivery),
  }
}

function presentDelivery({ delivery, tries }: EventView['deliveries'][number]): z.input<typeof deliverySchema> {
  const { deliveryId, endpointId, status, nextAt, finishedAt } = delivery
  return {
    deliveryId,
    endpointId,
    status,
    tries: tries.map(({ at, ms, outcome, statusCode, detail }) => ({
      at: formatInstant(at),
      ms,
      outcome,
      statusCode: statusCode ?? null,
      detail: detail ?? null,
    })),
    nextAt: time(nextAt),
    finishedAt: time(finishedAt),
  }
}

function time(at: Instant | undefined): string | null {
  return at === undefined ? null : formatInstant(at)
}
