import { z } from 'zod'
import { eventTypes } from '../kernel/events.ts'
import { readName } from '../kernel/ids.ts'
import { deliveryStatuses } from '../kernel/states.ts'
import { instant, line, orderId, page, webUrl } from './inputs.ts'

const endpointId = z.string().transform((text, context) => readName('EndpointId', text) ?? context.addIssue('is no endpoint') ?? z.NEVER)
const eventId = z.string().transform((text, context) => readName('EventId', text) ?? context.addIssue('is no event') ?? z.NEVER)
const types = z
  .array(z.enum(eventTypes))
  .min(1)
  .max(eventTypes.length)
  .meta({ description: 'What it is told of; of everything when absent', example: ['payment.succeeded', 'refund.succeeded'] })

/** POST /webhook-endpoints */
export const newEndpoint = z.strictObject({ url: webUrl, types: types.optional(), description: line(200).optional() })

/** PATCH /webhook-endpoints/:endpointId; `types: null` asks for everything again. */
export const endpointChange = z.strictObject({
  url: webUrl.optional(),
  types: types.nullable().optional(),
  description: line(200).optional(),
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
    endpointId: z.string(),
    url: z.string(),
    types: z.array(z.enum(eventTypes)).nullable(),
    description: z.string().nullable(),
    status: z.enum(['enabled', 'disabled']),
    disabledWhy: z.string().nullable(),
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
    deliveryId: z.string(),
    endpointId: z.string(),
    status: z.enum(deliveryStatuses),
    tries: z.array(
      z.object({
        at: time,
        ms: z.int(),
        outcome: z.string(),
        statusCode: z.int().nullable(),
        detail: z.string().nullable(),
      }),
    ),
    nextAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({ id: 'Delivery', description: 'An event on its way to an endpoint, with every try' })

export const event = z
  .object({
    id: z.string(),
    type: z.enum(eventTypes),
    timestamp: time,
    orderId: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
    deliveries: z.array(delivery),
  })
  .meta({ id: 'Event', description: 'Something that happened, as it is told' })
