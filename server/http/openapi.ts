import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi'
import { failure, success } from '../../shared/api/envelope.ts'
import type { Door, Route } from './route.ts'
import { apiPrefix } from './router.ts'

const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .max(128)
    .optional()
    .meta({ description: 'The first final answer is kept for 24 h and given again byte for byte' }),
})

const security: Record<Door['audience'], Array<Record<string, string[]>>> = {
  public: [],
  // A notification carries its channel's signature, which no scheme of OpenAPI describes.
  channel: [],
  merchant: [{ merchantKey: [] }],
  payer: [{ session: [] }],
}

/** The OpenAPI 3.1 document, from the very schemas that validate. */
export function openApiDocument(routes: readonly Route[], doors: readonly Door[]): unknown {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const route of routes) describe(route, operation(route))
  for (const door of doors) describe(door, doorOperation(door))
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Shouyin',
      version: '1',
      description: 'A self-hosted WeChat cashier. Amounts go in as decimal strings of the major unit; times are RFC 3339.',
    },
    paths,
    components: {
      securitySchemes: {
        merchantKey: { type: 'http', scheme: 'bearer', description: 'A merchant key, sk_…' },
        session: { type: 'http', scheme: 'bearer', description: 'The token of POST /cashier/session' },
      },
    },
  })

  function describe({ method, path }: Pick<Route, 'method' | 'path'>, described: ZodOpenApiOperationObject): void {
    const template = apiPrefix + path.replace(/:(\w+)/g, '{$1}')
    paths[template] = { ...paths[template], [method]: described }
  }
}

/** An address without the envelope: its answers are named, not described member by member. */
function doorOperation({ path, audience, summary, answers }: Door): ZodOpenApiOperationObject {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  const responses = Object.entries(answers).map(([status, type]) => [
    status,
    { description: Number(status) < 300 ? 'Done' : 'Refused', ...(type === undefined ? {} : { content: { [type]: {} } }) },
  ])
  return {
    summary,
    security: security[audience],
    requestParams: { path: params },
    responses: Object.fromEntries(responses),
  }
}

function operation({ method, audience, summary, params, query, body, bodyIsOptional, status, answer }: Route): ZodOpenApiOperationObject {
  const json = (schema: typeof answer) => ({ 'application/json': { schema } })
  const refusals = [
    '400',
    ...(audience === 'public' ? [] : ['401']),
    ...(params === undefined ? [] : ['404']),
    ...(method === 'get' ? [] : ['409', '422']),
    '429',
    '500',
    ...(method === 'get' ? [] : ['502', '504']),
  ]
  return {
    summary,
    security: security[audience],
    requestParams: {
      ...(params === undefined ? {} : { path: params as never }),
      ...(query === undefined ? {} : { query: query as never }),
      ...(method === 'post' ? { header: idempotencyHeader as never } : {}),
    },
    ...(body === undefined ? {} : { requestBody: { required: !bodyIsOptional, content: json(body) } }),
    responses: {
      [String(status)]: { description: 'Done', content: json(success(answer)) },
      ...Object.fromEntries(refusals.map((code) => [code, { description: 'Refused; the code says why', content: json(failure) }])),
    },
  }
}
