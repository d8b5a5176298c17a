import type { DeliveryStatus } from '../../../shared/kernel/states.ts'
import { formatInstant, type Instant } from '../../../shared/kernel/time.ts'
import { type Change, type Decision, decision } from './decision.ts'
import { type Delivery, type DeliveryTry, nextDeliveryAt, type StoredEvent, type WebhookEndpoint } from './webhook.ts'

/**
 * Writes a try, and what follows from it: told, told again later, given up, or, when the endpoint is gone, never told again.
 *
 * @returns the decision, and when the next try comes. Lost when somebody else wrote a try of this delivery meanwhile.
 */
export function decideTry({
  delivery,
  event,
  endpoint,
  made,
  chance,
}: {
  readonly delivery: Delivery
  readonly event: StoredEvent
  readonly endpoint: Pick<WebhookEndpoint, 'url'> | undefined
  readonly made: DeliveryTry
  readonly chance: number
}): { readonly decision: Decision; readonly nextAt: Instant | undefined } {
  const { merchantId, endpointId } = delivery
  const tries = delivery.tries + 1
  const endsHere = made.outcome === 'delivered' || made.outcome === 'gone' || made.outcome === 'dropped'
  const nextAt = endsHere ? undefined : nextDeliveryAt(tries, made.at, chance)
  const to: DeliveryStatus = made.outcome === 'delivered' ? 'succeeded' : nextAt === undefined ? 'failed' : 'pending'
  const told = nextAt === undefined ? undefined : formatInstant(nextAt)
  const gone: Change[] =
    made.outcome === 'gone' ? [{ kind: 'disableEndpoint', merchantId, endpointId, why: 'it answered 410: it is gone' }] : []
  return {
    nextAt,
    decision: decision({
      changes: [{ kind: 'writeTry', delivery, to, tries, nextAt, made }, ...gone],
      notes: [
        {
          merchantId,
          orderId: event.orderId,
          at: made.at,
          kind: 'webhook',
          title: `webhook ${event.type}: ${made.outcome}`,
          detail: {
            eventId: event.eventId,
            endpointId,
            url: endpoint?.url,
            try: tries,
            statusCode: made.statusCode,
            ms: made.ms,
            nextAt: told,
          },
        },
      ],
    }),
  }
}
