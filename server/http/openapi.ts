import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi'
import { failure, success } from '../../shared/api/envelope.ts'
import type { Audience, Route } from './route.ts'
import { apiPrefix } from './router.ts'

const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .max(128)
    .optional()
    .meta({ description: 'The first final answer is kept for 24 h and given again byte for byte' }),
})

const security: Record<Audience, Array<Record<string, string[]>>> = {
  public: [],
  merchant: [{ merchantKey: [] }],
  payer: [{ session: [] }],
}

/** The OpenAPI 3.1 document, from the very schemas that validate. */
export function openApiDocument(routes: readonly Route[]): unknown {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const route of routes) {
    const path = apiPrefix + route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
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
