import { listOf, pageQuery } from '../../../shared/api/order.ts'
import {
  endpoint,
  endpointChange,
  endpointParams,
  endpointWithSecret,
  event,
  eventParams,
  eventQuery,
  newEndpoint,
  resend,
  rotation,
} from '../../../shared/api/webhook.ts'
import type { Events } from '../../core/events.ts'
import type { WebhookEndpoints } from '../../core/webhook-endpoints.ts'
import { presentPage } from '../present.ts'
import { presentEndpoint, presentEvent } from '../present-webhook.ts'
import { type Route, route } from '../route.ts'

type Parts = { readonly webhookEndpoints: WebhookEndpoints; readonly events: Events }

/** Where a merchant's events go, and the log of them. */
export function webhookRoutes({ webhookEndpoints, events }: Parts): Route[] {
  return [...endpointRoutes(webhookEndpoints), ...eventRoutes(events)]
}

function endpointRoutes(endpoints: WebhookEndpoints): Route[] {
  return [
    route({
      method: 'get',
      path: '/webhook-endpoints',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listWebhookEndpoints',
      summary: 'List where events go, oldest first',
      query: pageQuery,
      answer: listOf(endpoint),
      handle: async ({ query }, { who }) => presentPage(await endpoints.list(who.merchantId, query), presentEndpoint),
    }),
    route({
      method: 'post',
      path: '/webhook-endpoints',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'createWebhookEndpoint',
      summary: 'Be told of events; the secret that signs them is shown this once',
      body: newEndpoint,
      example: { url: 'https://shop.example/webhooks', types: ['payment.succeeded', 'refund.succeeded'] },
      status: 201,
      answer: endpointWithSecret,
      isAnswerSecret: true,
      handle: async ({ body }, { who }) => withSecret(await endpoints.create(who.merchantId, body)),
    }),
    route({
      method: 'get',
      path: '/webhook-endpoints/:endpointId',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getWebhookEndpoint',
      summary: 'Read an endpoint',
      params: endpointParams,
      answer: endpoint,
      handle: async ({ params }, { who }) => presentEndpoint(await endpoints.get(who.merchantId, params.endpointId)),
    }),
    route({
      method: 'patch',
      path: '/webhook-endpoints/:endpointId',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'changeWebhookEndpoint',
      refusals: ['CONFLICT'],
      summary: 'Change what is given, leave the rest; enable one that said it was gone',
      params: endpointParams,
      body: endpointChange,
      example: { status: 'enabled' },
      answer: endpoint,
      handle: async ({ params, body: { types, ...change } }, { who }) =>
        presentEndpoint(
          await endpoints.change(who.merchantId, params.endpointId, {
            ...change,
            ...(types === undefined ? {} : { types: types ?? undefined }),
          }),
        ),
    }),
    route({
      method: 'delete',
      path: '/webhook-endpoints/:endpointId',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'removeWebhookEndpoint',
      refusals: ['CONFLICT'],
      summary: 'Be told no more',
      params: endpointParams,
      answer: endpoint,
      handle: async ({ params }, { who }) => presentEndpoint(await endpoints.remove(who.merchantId, params.endpointId)),
    }),
    route({
      method: 'post',
      path: '/webhook-endpoints/:endpointId/rotate-secret',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'rotateWebhookSecret',
      summary: 'A new secret; for a day both sign',
      params: endpointParams,
      body: rotation,
      bodyIsOptional: true,
      example: { overlapHours: 24 },
      answer: endpointWithSecret,
      isAnswerSecret: true,
      handle: async ({ params, body }, { who }) =>
        withSecret(await endpoints.rotateSecret(who.merchantId, params.endpointId, body.overlapHours)),
    }),
  ]
}

function eventRoutes(events: Events): Route[] {
  return [
    route({
      method: 'get',
      path: '/events',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listEvents',
      summary: 'What happened, newest first, and who was told',
      query: eventQuery,
      answer: listOf(event),
      handle: async ({ query: { limit, cursor, ...filter } }, { who }) =>
        presentPage(await events.list(who.merchantId, filter, { limit, cursor }), presentEvent),
    }),
    route({
      method: 'get',
      path: '/events/:eventId',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getEvent',
      summary: 'Read an event',
      params: eventParams,
      answer: event,
      handle: async ({ params }, { who }) => presentEvent(await events.get(who.merchantId, params.eventId)),
    }),
    route({
      method: 'post',
      path: '/events/:eventId/resend',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'resendEvent',
      summary: 'Tell an event once more',
      params: eventParams,
      body: resend,
      bodyIsOptional: true,
      example: {},
      answer: event,
      handle: async ({ params, body }, { who }) => presentEvent(await events.resend(who.merchantId, params.eventId, body.endpointId)),
    }),
  ]
}

function withSecret({ endpoint: made, secret }: Awaited<ReturnType<WebhookEndpoints['create']>>) {
  return { ...presentEndpoint(made), secret: secret.reveal() }
}
