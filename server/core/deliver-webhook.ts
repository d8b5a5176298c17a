import { asOwnId } from '../../shared/kernel/ids.ts'
import { formatInstant } from '../../shared/kernel/time.ts'
import { NetworkFailure, type StreamedAnswer } from '../lib/runtime.ts'
import type { Sealer } from '../lib/seal.ts'
import { webhookHeaders } from '../lib/standard-webhook.ts'
import { findDelivery } from '../store/deliveries.ts'
import { findEvent } from '../store/events.ts'
import { findEndpoint } from '../store/webhook-endpoints.ts'
import { assert } from './error.ts'
import type { Parts, WebhookPolicy } from './parts.ts'
import { decideTry } from './rules/decide-delivery.ts'
import type { Alive, Task, TaskResult } from './rules/task.ts'
import { type DeliveryTry, outcomeOf, type StoredEvent, type WebhookEndpoint } from './rules/webhook.ts'
import { secretPurpose } from './webhook-endpoints.ts'

/** Of an answer that says no, so much is kept for whoever looks into it. */
const excerptBytes = 300
const answerMaxBytes = 1024 * 1024

export type DeliverWebhook = ReturnType<typeof makeDeliverWebhook>

/** Tells an endpoint of an event: one try, written with what follows from it. */
export function makeDeliverWebhook({
  db,
  runtime,
  commit,
  sealer,
  webhook,
}: Pick<Parts, 'db' | 'runtime' | 'commit'> & { readonly sealer: Sealer; readonly webhook: WebhookPolicy }) {
  return async function deliver(task: Task, alive: Alive): Promise<TaskResult> {
    const delivery = await findDelivery(db, task.merchantId, asOwnId('DeliveryId', task.subject))
    if (delivery?.status !== 'pending') return 'done'
    // A try that was written just before a crash has put the next one off.
    if (delivery.nextAt !== undefined && delivery.nextAt > runtime.now()) return { again: delivery.nextAt }
    const event = await findEvent(db, delivery.merchantId, delivery.eventId)
    assert(event, `event ${delivery.eventId} is there`)
    const endpoint = await findEndpoint(db, delivery.merchantId, delivery.endpointId)
    await alive()
    const made = endpoint?.status === 'enabled' ? await tell(endpoint, event) : dropped(endpoint)
    const chance = (runtime.randomBytes(1)[0] ?? 0) / 256
    const { decision, nextAt } = decideTry({ delivery, event, endpoint, made, chance })
    await commit(decision)
    return nextAt === undefined ? 'done' : { again: nextAt }
  }

  async function tell(endpoint: WebhookEndpoint, event: StoredEvent): Promise<DeliveryTry> {
    const at = runtime.now()
    const body = payloadOf(event)
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Shouyin-Webhooks/1',
      ...webhookHeaders({ id: event.eventId, timestamp: Math.floor(at / 1000), body, secrets: secretsOf(endpoint) }),
    }
    try {
      const answer = await runtime.download({
        method: 'POST',
        url: endpoint.url,
        headers,
        body: new TextEncoder().encode(body),
        timeoutMs: webhook.timeoutMs,
        maxBytes: answerMaxBytes,
        publicOnly: !webhook.allowPrivate,
      })
      const outcome = outcomeOf(answer.status)
      const detail = await excerptOf(answer)
      return { at, ms: runtime.now() - at, outcome, statusCode: answer.status, detail: outcome === 'delivered' ? undefined : detail }
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      const outcome = error.isBlocked ? 'blocked' : error.isTimeout ? 'timeout' : 'unreachable'
      return { at, ms: runtime.now() - at, outcome, detail: error.message, isTls: error.isTls }
    }
  }

  function secretsOf({ endpointId, sealedSecret, former }: WebhookEndpoint) {
    const isRolling = former !== undefined && former.until > runtime.now()
    return [sealedSecret, ...(isRolling ? [former.sealedSecret] : [])].map((sealed) => sealer.open(secretPurpose, endpointId, sealed))
  }

  function dropped(endpoint: WebhookEndpoint | undefined): DeliveryTry {
    const detail = endpoint === undefined ? 'the endpoint was removed' : 'the endpoint is disabled'
    return { at: runtime.now(), ms: 0, outcome: 'dropped', detail }
  }
}

/** The bytes a receiver gets, the same at every try. */
export function payloadOf({ eventId, type, createdAt, data }: StoredEvent): string {
  return `{"id":${JSON.stringify(eventId)},"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(formatInstant(createdAt))},"data":${data}}`
}

/** The beginning of an answer; the status is the answer, so what goes wrong while more is read is nobody's concern. */
async function excerptOf({ chunks }: StreamedAnswer): Promise<string | undefined> {
  try {
    for await (const chunk of chunks) return new TextDecoder().decode(chunk.subarray(0, excerptBytes)).replace(/\p{Cc}+/gu, ' ')
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
  }
  return undefined
}
