import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { failure, success } from '../../shared/api/envelope.ts'
import type { ErrorCode } from '../../shared/kernel/codes.ts'
import { addExamples, type Document } from './openapi-examples.ts'
import { refusalName, refusalResponse, refusalsOf, refusalsOfDoor, takesKey } from './openapi-refusals.ts'
import { webhooksOf } from './openapi-webhooks.ts'
import { components, conventions, inBoth, security, tagList, tagOf } from './openapi-words.ts'
import type { Door, Route } from './route.ts'
import { apiPrefix } from './router.ts'

type Described = {
  readonly routes: readonly Route[]
  readonly doors: readonly Door[]
  /** The public origin; a document without one speaks of the address it came from. */
  readonly publicUrl: string | undefined
}
type Refused = Map<number, ErrorCode[]>

const common = [{ $ref: '#/components/parameters/X-Request-Id' }, { $ref: '#/components/parameters/Accept-Language' }]
const requestId = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }
const replayed = { 'Idempotent-Replayed': { $ref: '#/components/headers/Idempotent-Replayed' } }

/** The OpenAPI 3.1 document, from the very schemas that validate. */
export function openApiDocument({ routes, doors, publicUrl }: Described): Document {
  const refused = new Map<string, { status: number; codes: readonly ErrorCode[] }>()
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) add(route, operation(route, note(refusalsOf(route))))
  for (const door of doors) add(door, doorOperation(door, door.audience === 'channel' ? {} : note(refusalsOfDoor(door))))
  const made = createDocument({
    openapi: '3.1.1',
    info: { title: 'Shouyin 收银', version: '1', ...inBoth('description', conventions), license: { name: 'MIT' } },
    servers: [{ url: publicUrl ?? '/' }],
    tags: tagList,
    paths,
    webhooks: webhooksOf(),
    components: {
      ...components,
      schemas: { Failure: failure },
      responses: Object.fromEntries([...refused].map(([name, { status, codes }]) => [name, refusalResponse(status, codes)])),
    },
  })
  const document: Document = JSON.parse(JSON.stringify(made))
  addExamples(document)
  return document

  function add({ method, path }: Pick<Route, 'method' | 'path'>, described: ZodOpenApiOperationObject): void {
    const template = apiPrefix + path.replace(/:(\w+)/g, '{$1}')
    paths[template] = { ...paths[template], [method]: described }
  }

  /** Each refusal is described once, and spoken of by name. */
  function note(codesByStatus: Refused): Record<string, { $ref: string }> {
    return Object.fromEntries(
      [...codesByStatus].map(([status, codes]) => {
        const name = refusalName(status, codes)
        refused.set(name, { status, codes })
        return [String(status), { $ref: `#/components/responses/${name}` }]
      }),
    )
  }
}

function operation(route: Route, refusals: Record<string, { $ref: string }>): ZodOpenApiOperationObject {
  const { audience, scope, params, query, body, bodyIsOptional, example, status, answer } = route
  const key = takesKey(route)
  return {
    ...namesOf(route),
    security: scope === undefined ? security[audience] : [{ merchantKey: [scope] }],
    requestParams: {
      ...(params === undefined ? {} : { path: params as never }),
      ...(query === undefined ? {} : { query: query as never }),
    },
    parameters: [...(key ? [{ $ref: '#/components/parameters/Idempotency-Key' }] : []), ...common],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !bodyIsOptional,
            content: { 'application/json': { schema: body, ...(example === undefined ? {} : { example }) } },
          },
        }),
    responses: {
      [String(status)]: {
        description: 'Done',
        headers: { ...requestId, ...(key ? replayed : {}) },
        content: { 'application/json': { schema: success(answer) } },
      },
      ...refusals,
    },
  }
}

/** An address without the envelope: its answers are named by their content types. */
function doorOperation(door: Door, refusals: Record<string, { $ref: string }>): ZodOpenApiOperationObject {
  const { path, audience, takes, answers } = door
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])))
  const contentOf = (types: readonly string[]) => ({ content: Object.fromEntries(types.map((type) => [type, {}])) })
  const responses = Object.entries(answers).map(([status, types]) => [
    status,
    { description: Number(status) < 300 ? 'Done' : 'Refused', headers: requestId, ...(types.length === 0 ? {} : contentOf(types)) },
  ])
  return {
    ...namesOf(door),
    security: security[audience],
    requestParams: { path: params },
    parameters: common,
    ...(takes === undefined ? {} : { requestBody: { required: true, ...contentOf(takes) } }),
    responses: { ...refusals, ...Object.fromEntries(responses) },
  }
}

function namesOf({ operationId, summary, description, path }: Pick<Route, 'operationId' | 'summary' | 'description' | 'path'>) {
  const more = description === undefined ? {} : { description }
  return { operationId, tags: [tagOf(path)], ...inBoth('summary', summary), ...more }
}
