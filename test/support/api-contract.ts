import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { openApiDocument } from '../../server/http/openapi.ts'
import type { Document, Operation } from '../../server/http/openapi-examples.ts'
import { allRoutes, doors } from '../../server/http/routes/all.ts'

type Seen = { readonly method: string; readonly path: string; readonly status: number; readonly headers: Headers; readonly body: unknown }
type Known = { readonly method: string; readonly template: string; readonly pattern: RegExp; readonly operation: Operation }

/** The document as any server of this program publishes it: the routes' parts are for answering alone. */
export const apiDocument: Document = openApiDocument({ routes: allRoutes({} as never), doors, publicUrl: 'https://pay.example.com' })

const operations: readonly Known[] = Object.entries(apiDocument.paths)
  .flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      pattern: patternOf(template),
      operation,
    })),
  )
  // What is named in full comes before what any name fits.
  .sort((one, other) => one.template.split('{').length - other.template.split('{').length)

const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'api', ...apiDocument })
const validators = new Map<string, ValidateFunction>()

/** The operation that answers an address; undefined where none does. */
export function operationOf(method: string, path: string): Operation | undefined {
  const [address = ''] = path.split('?')
  return operations.find((one) => one.method === method && one.pattern.test(address))?.operation
}

/**
 * Everything in which an answer differs from the document: a status that is not listed, a member too many, a code that the operation
 * does not name, a header that is missing.
 */
export function contractProblems(given: Seen): string[] {
  const isHead = given.method === 'HEAD'
  const seen = isHead ? { ...given, method: 'GET' } : given
  const operation = operationOf(seen.method, seen.path)
  // Nothing is described there, so all that can be said is no.
  if (!operation) return seen.path.startsWith('/api/') && !isHead ? problemsBy('#/components/schemas/Failure', seen.body) : []
  const response = operation.responses[seen.status]
  if (!response) return [`${operation.operationId} does not list ${seen.status}`]
  const where =
    response.$ref ?? `#/${pointer(['paths', templateOf(operation), seen.method.toLowerCase(), 'responses', String(seen.status)])}`
  const { content, headers = {} } = response.$ref === undefined ? response : (apiDocument.components.responses[nameIn(response.$ref)] ?? {})
  return [...headerProblems(headers, seen), ...eventProblems(seen.body), ...(isHead ? [] : contentProblems(content, where, seen))]
}

/** The events in an answer carry what their webhooks carry. */
function eventProblems(body: unknown): string[] {
  return eventsIn(body).flatMap(({ id, type, timestamp, data }) =>
    problemsBy(`#/${pointer(['webhooks', type, 'post', 'requestBody', 'content', 'application/json', 'schema'])}`, {
      id,
      type,
      timestamp,
      data,
    }),
  )
}

type Told = { readonly id: unknown; readonly type: string; readonly timestamp: unknown; readonly data: unknown }

function eventsIn(body: unknown): Told[] {
  const { data } = (body ?? {}) as { data?: { items?: Told[] } & Partial<Told> }
  return (data?.items ?? [data]).filter((item): item is Told => typeof item?.type === 'string' && item.type in apiDocument.webhooks)
}

function headerProblems(headers: Readonly<Record<string, unknown>>, { headers: given, status }: Seen): string[] {
  const required = ['X-Request-Id', ...(status === 429 || status >= 500 ? ['Retry-After'] : [])]
  return required.filter((name) => name in headers && given.get(name) === null).map((name) => `${name} is missing`)
}

function contentProblems(content: Readonly<Record<string, unknown>> | undefined, where: string, { headers, body }: Seen): string[] {
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  if (content === undefined) return type === '' ? [] : [`there is a body of ${type}, none is described`]
  const described = content[type]
  if (described === undefined) return [`${type} is not described`]
  const hasSchema = typeof described === 'object' && described !== null && 'schema' in described
  return hasSchema ? problemsBy(`${where}/${pointer(['content', type, 'schema'])}`, body) : []
}

/** What is wrong with a value by the schema at a place of the document. */
export function problemsBy(where: string, value: unknown): string[] {
  const validate = validators.get(where) ?? ajv.compile({ $ref: `api${where}` })
  validators.set(where, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

/** Names as a JSON pointer within an address. */
export function pointer(names: readonly string[]): string {
  return names.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
}

function templateOf(operation: Operation): string {
  return operations.find((one) => one.operation === operation)?.template ?? ''
}

function nameIn(ref: string): string {
  return ref.split('/').at(-1) ?? ''
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`)
}
