import { z } from 'zod'
import { eventTypes } from '../kernel/events.ts'
import { readName } from '../kernel/ids.ts'
import { deliveryStatuses } from '../kernel/states.ts'
import { instant, line, orderId, page, webUrl } from './inputs.ts'

const endpointId = z
  .string()
  .transform((text, context) => readName('EndpointId', text) ?? context.addIssue('is no endpoint') ?? z.NEVER)
  .meta({ example: 'whe_019b7f5e8a7c7d1f' })
const eventId = z
  .string()
  .transform((text, context) => readName('EventId', text) ?? context.addIssue('is no event') ?? z.NEVER)
  .meta({ example: 'evt_019b7f5e8a7c7d1f' })
const types = z
  .array(z.enum(eventTypes))
  .min(1)
  .max(eventTypes.length)
  .meta({ description: 'What it is told of; of everything when absent', example: ['payment.succeeded', 'refund.succeeded'] })

/** POST /webhook-endpoints */
export const newEndpoint = z.strictObject({ url: webUrl, types: types.optional(), description: line(200).optional() })

/** PATCH /webhook-endpoints/:endpointId; `types: null` asks for everything again, `description: null` takes it away. */
export const endpointChange = z.strictObject({
  url: webUrl.optional(),
  types: types.nullable().optional(),
  description: line(200).nullable().optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
})

/** POST /webhook-endpoints/:endpointId/rotate-secret */
export const rotation = z.strictObject({
  overlapHours: z.int().min(0).max(168).optional().meta({ description: 'How long the former secret signs as well; 24 when absent' }),
})

export const endpointParams = z.object({ endpointId })
export const eventParams = z.object({ eventId })
export const eventQuery = z.strictObject({
  ...page,
  type: z.enum(eventTypes).optional(),
  orderId: orderId.optional(),
  from: instant.optional(),
  to: instant.optional(),
})

/** POST /events/:eventId/resend; without an endpoint, to every one that is told of such events. */
export const resend = z.strictObject({ endpointId: endpointId.optional() })

const time = z.string().meta({ description: 'RFC 3339, +08:00', example: '2026-01-02T03:04:05+08:00' })

export const endpoint = z
  .object({
    endpointId: z.string().meta({ example: 'whe_019b7f5e8a7c7d1f' }),
    url: z.string().meta({ example: 'https://shop.example/webhooks' }),
    types: z
      .array(z.enum(eventTypes))
      .nullable()
      .meta({ description: 'What it is told of; of everything when null', example: ['payment.succeeded', 'refund.succeeded'] }),
    description: z.string().nullable().meta({ example: 'the shop’s own server' }),
    status: z.enum(['enabled', 'disabled']),
    disabledWhy: z.string().nullable().meta({ description: 'Such as an answer of 410: gone', example: null }),
    createdAt: time,
  })
  .meta({ id: 'WebhookEndpoint', description: 'Where events go' })

export const endpointWithSecret = endpoint
  .extend({
    secret: z.string().meta({ description: 'Signs what is sent; shown this once', example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }),
  })
  .meta({ id: 'NewWebhookEndpoint' })

export const delivery = z
  .object({
    deliveryId: z.string().meta({ example: 'dlv_019b7f5e8a7c7d1f' }),
    endpointId: z.string().meta({ example: 'whe_019b7f5e8a7c7d1f' }),
    status: z.enum(deliveryStatuses),
    tries: z.array(
      z.object({
        at: time,
        ms: z.int().meta({ description: 'How long it took', example: 85 }),
        outcome: z.string().meta({ example: 'delivered' }),
        statusCode: z.int().nullable().meta({ description: 'Null when no answer came', example: 200 }),
        detail: z.string().nullable().meta({ description: 'The beginning of a refusal', example: null }),
      }),
    ),
    nextAt: time.nullable().meta({ example: null }),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Delivery', description: 'An event on its way to an endpoint, with every try' })

export const event = z
  .object({
    id: z.string().meta({ description: 'The same at every delivery', example: 'evt_019b7f5e8a7c7d1f' }),
    type: z.enum(eventTypes),
    timestamp: time,
    orderId: z.string().nullable().meta({ example: 'T20260102-1' }),
    data: z
      .record(z.string(), z.unknown())
      .meta({ description: 'As the webhook of this type carries it', example: { orderId: 'T20260102-1' } }),
    deliveries: z.array(delivery),
  })
  .meta({ id: 'Event', description: 'Something that happened, as it is told' })
