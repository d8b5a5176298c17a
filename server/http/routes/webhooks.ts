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
      summary: { en: 'List where events go, oldest first', zh: '事件接收地址列表，旧的在前' },
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
      summary: { en: 'Be told of events; the secret that signs them is shown this once', zh: '添加事件接收地址；签名密钥只显示这一次' },
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
      summary: { en: 'Read an endpoint', zh: '读取一个接收地址' },
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
      summary: {
        en: 'Change what is given, leave the rest; enable one that said it was gone',
        zh: '只修改给出的内容；可重新启用已停用的地址',
      },
      params: endpointParams,
      body: endpointChange,
      example: { status: 'enabled' },
      answer: endpoint,
      handle: async ({ params, body: { types, description, ...change } }, { who }) =>
        presentEndpoint(
          await endpoints.change(who.merchantId, params.endpointId, {
            ...change,
            ...(types === undefined ? {} : { types: types ?? undefined }),
            ...(description === undefined ? {} : { description: description ?? undefined }),
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
      summary: { en: 'Be told no more', zh: '删除接收地址' },
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
      summary: { en: 'A new secret; for a day both sign', zh: '更换签名密钥；一天之内新旧密钥同时签名' },
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
      summary: { en: 'What happened, newest first, and who was told', zh: '事件列表与投递情况，新的在前' },
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
      summary: { en: 'Read an event', zh: '读取事件' },
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
      summary: { en: 'Tell an event once more, now', zh: '立即重新投递事件' },
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
