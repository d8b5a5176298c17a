import { asOwnId, type EventId } from '../../shared/kernel/ids.ts'
import { asInstant, type Instant } from '../../shared/kernel/time.ts'
import type { Change } from '../core/rules/decision.ts'
import type { NewEvent } from '../core/rules/event.ts'
import { type Delivery, deliveryIdOf, isToldOf, type WebhookEndpoint } from '../core/rules/webhook.ts'
import type { Tx } from './database.ts'
import { insertIgnore } from './insert-ignore.ts'
import { orNull } from './json-column.ts'
import type { Schema } from './schema.ts'
import { listEnabledEndpoints } from './webhook-endpoints.ts'

const detailMax = 500

type EventRow = Pick<NewEvent, 'merchantId' | 'type' | 'at'> & { readonly eventId: EventId }

/** In the transaction that writes events: one delivery to each endpoint that wants to be told, with the task that does it. */
export async function insertDeliveries(tx: Tx, events: readonly EventRow[]): Promise<void> {
  const endpoints = await listEnabledEndpoints(tx, [...new Set(events.map((event) => event.merchantId))])
  const rows = events.flatMap((event) =>
    endpoints
      .filter((endpoint) => endpoint.merchantId === event.merchantId && isToldOf(endpoint, event.type))
      .map((endpoint) => newDelivery(event, endpoint)),
  )
  if (rows.length === 0) return
  await tx.query.insertInto('deliveries').values(rows).execute()
  await tx.query
    .insertInto('tasks')
    .values(rows.map((row) => taskOf(row)))
    .execute()
}

function newDelivery({ merchantId, eventId, at }: EventRow, { endpointId }: WebhookEndpoint): Schema['deliveries'] {
  return {
    merchant_id: merchantId,
    delivery_id: deliveryIdOf(eventId, endpointId),
    event_id: eventId,
    endpoint_id: endpointId,
    status: 'pending',
    tries: 0,
    next_at: at,
    created_at: at,
    finished_at: null,
  }
}

/** A delivery's task is known by its delivery; its lane is the endpoint, so that one that never answers holds up no other. */
function taskOf(row: Schema['deliveries']): Schema['tasks'] {
  return {
    merchant_id: row.merchant_id,
    kind: 'webhook.deliver',
    subject: row.delivery_id,
    task_id: asOwnId('TaskId', row.delivery_id.replace('dlv_', 'tsk_')),
    run_at: row.next_at ?? row.created_at,
    tries: 0,
    lease_owner: '',
    lease_until: asInstant(0),
    queue: 'webhooks',
    lane: row.endpoint_id,
  }
}

export async function writeTry(tx: Tx, change: Extract<Change, { kind: 'writeTry' }>): Promise<boolean> {
  const { delivery, to, tries, nextAt, made } = change
  const { merchantId, deliveryId } = delivery
  const result = await tx.query
    .updateTable('deliveries')
    .set({ status: to, tries, next_at: orNull(nextAt), finished_at: to === 'pending' ? null : made.at })
    .where('merchant_id', '=', merchantId)
    .where('delivery_id', '=', deliveryId)
    .where('status', '=', 'pending')
    .where('tries', '=', delivery.tries)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) return false
  await tx.query
    .insertInto('delivery_tries')
    .values({
      merchant_id: merchantId,
      delivery_id: deliveryId,
      try_id: tryIdOf(made.at, tries),
      at: made.at,
      ms: made.ms,
      outcome: made.outcome,
      status_code: orNull(made.statusCode),
      detail: orNull(made.detail?.slice(0, detailMax)),
    })
    .execute()
  return true
}

/** Sorts by time; a delivery that is begun again counts from one again, at another time. */
function tryIdOf(at: Instant, tries: number): string {
  return `${String(at).padStart(14, '0')}-${tries}`
}

/** Begins a delivery anew: made when the event never went to that endpoint, from the first step when it did; one that waits does not. */
export async function redeliver(tx: Tx, { delivery, at }: Extract<Change, { kind: 'redeliver' }>): Promise<boolean> {
  const row: Schema['deliveries'] = {
    merchant_id: delivery.merchantId,
    delivery_id: delivery.deliveryId,
    event_id: delivery.eventId,
    endpoint_id: delivery.endpointId,
    status: 'pending',
    tries: 0,
    next_at: at,
    created_at: at,
    finished_at: null,
  }
  const isNew = (await insertIgnore(tx, 'deliveries', [row])) > 0
  if (!isNew && !(await beginAnew(tx, delivery, at)) && !(await bringForward(tx, delivery, at))) return false
  const task = taskOf(row)
  if ((await insertIgnore(tx, 'tasks', [task])) > 0) return true
  await tx.query.updateTable('tasks').set({ run_at: at }).where('task_id', '=', task.task_id).where('run_at', '>', at).execute()
  return true
}

async function beginAnew(tx: Tx, { merchantId, deliveryId }: Delivery, at: Instant): Promise<boolean> {
  const result = await tx.query
    .updateTable('deliveries')
    .set({ status: 'pending', tries: 0, next_at: at, finished_at: null })
    .where('merchant_id', '=', merchantId)
    .where('delivery_id', '=', deliveryId)
    .where('status', 'in', ['succeeded', 'failed'])
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Its step on the ladder stays what it was. */
async function bringForward(tx: Tx, { merchantId, deliveryId }: Delivery, at: Instant): Promise<boolean> {
  const result = await tx.query
    .updateTable('deliveries')
    .set({ next_at: at })
    .where('merchant_id', '=', merchantId)
    .where('delivery_id', '=', deliveryId)
    .where('status', '=', 'pending')
    .where('next_at', '>', at)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export async function disableEndpoint(tx: Tx, change: Extract<Change, { kind: 'disableEndpoint' }>): Promise<true> {
  await tx.query
    .updateTable('webhook_endpoints')
    .set({ status: 'disabled', disabled_why: change.why })
    .where('merchant_id', '=', change.merchantId)
    .where('endpoint_id', '=', change.endpointId)
    .execute()
  return true
}
