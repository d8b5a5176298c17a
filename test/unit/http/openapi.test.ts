import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { openApiDocument } from '../../../server/http/openapi.ts'
import { type Document, missingExample, type Operation } from '../../../server/http/openapi-examples.ts'
import { route } from '../../../server/http/route.ts'
import { errorCodeNames, errorCodes } from '../../../shared/kernel/codes.ts'
import { eventTypes } from '../../../shared/kernel/events.ts'
import { scopes } from '../../../shared/kernel/scopes.ts'
import { apiDocument, contractProblems, pointer, problemsBy } from '../../support/api-contract.ts'

type Listed = { readonly path: string; readonly method: string; readonly operation: Operation; readonly where: readonly string[] }

const listed = (kind: 'paths' | 'webhooks'): Listed[] =>
  Object.entries(apiDocument[kind]).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, where: [kind, path, method] })),
  )
const operations = listed('paths')
const webhooks = listed('webhooks')

describe('the OpenAPI document', () => {
  it('gives every operation a name of its own, a line that says what it does, and a group that is described', () => {
    const names = [...operations, ...webhooks].map(({ operation }) => operation.operationId)
    const groups = apiDocument.tags.map(({ name }) => name)

    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(30)
    for (const { operation } of [...operations, ...webhooks]) {
      expect(operation.summary.length).toBeGreaterThan(5)
      expect(operation['x-summary-zh']).toMatch(/[\u4e00-\u9fff]/)
      expect(groups).toEqual(expect.arrayContaining([...operation.tags]))
    }
  })

  it.each([...operations, ...webhooks].map((listed) => [listed.operation.operationId, listed] as const))(
    'has examples for %s that its own schemas take, each made of something',
    (_name, { operation, where }) => {
      const bodies = [
        ...contentsOf(operation.requestBody, [...where, 'requestBody']),
        ...Object.entries(operation.responses).flatMap(([status, response]) =>
          response.$ref === undefined ? contentsOf(response, [...where, 'responses', status]) : [],
        ),
      ]

      for (const { schemaAt, examples } of bodies) {
        expect(examples.length).toBeGreaterThan(0)
        for (const example of examples) {
          expect(JSON.stringify(example)).not.toContain(`"${missingExample}"`)
          expect(problemsBy(schemaAt, example)).toEqual([])
        }
      }
    },
  )

  it('has examples of parameters that their schemas take', () => {
    const given = [...operations, ...webhooks].flatMap(({ operation, where }) =>
      (operation.parameters ?? []).flatMap(({ name, schema, example = schema?.example }, nth) =>
        example === undefined
          ? []
          : [{ name, problems: problemsBy(`#/${pointer([...where, 'parameters', String(nth), 'schema'])}`, example) }],
      ),
    )

    expect(given.length).toBeGreaterThan(40)
    expect(given.filter(({ problems }) => problems.length > 0)).toEqual([])
  })

  it('describes every refusal with the codes that its status stands for, an example of each, and when to ask again', () => {
    const refusals = Object.entries(apiDocument.components.responses)

    expect(refusals.length).toBeGreaterThan(8)
    for (const [name, response] of refusals) {
      const [, status = '', codes = ''] = /^Refused(\d+)_(.*)$/.exec(name) ?? []
      const [body] = contentsOf(response, ['components', 'responses', name])
      const named = errorCodeNames.filter((code) => `_${codes}_`.includes(`_${code}_`))
      expect(body?.examples).toHaveLength(named.length)
      for (const code of named) {
        const other = code === 'SIGN_ERROR' ? [502] : code === 'INVALID_REQUEST' ? [413, 415, 431] : []
        expect([errorCodes[code], ...other]).toContain(Number(status))
      }
      for (const example of body?.examples ?? []) expect(problemsBy(body?.schemaAt ?? '', example)).toEqual([])
      if (status === '429' || Number(status) >= 500) expect(Object.keys(response.headers ?? {})).toContain('Retry-After')
    }
  })

  it('has a webhook for every event, with the three headers that prove it and the answers that count', () => {
    expect(webhooks.map(({ path }) => path)).toEqual(eventTypes)
    for (const { operation } of webhooks) {
      const headers = operation.parameters?.map((header) => [header.name, header.in, header.required])
      expect(headers).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, 'header', true]))
      expect(Object.keys(operation.responses)).toEqual(['410', '2XX', 'default'])
    }
  })

  it('says of every operation of a merchant’s which scope its key has to carry', () => {
    for (const { operation } of operations.filter((one) => one.operation.security?.some((scheme) => 'merchantKey' in scheme)))
      expect(scopes).toContain(operation.security?.[0]?.merchantKey?.[0])
  })

  it('asks of every POST that belongs to somebody, and of no other, for an Idempotency-Key', () => {
    for (const { method, path, operation } of operations) {
      const takesKey = operation.parameters?.some(({ $ref }) => $ref?.endsWith('/Idempotency-Key')) ?? false
      expect([path, takesKey]).toEqual([path, method === 'post' && (operation.security ?? []).length > 0])
    }
  })

  it('names the public address it was given, and its own where there is none', () => {
    const given = { routes: [], doors: [] }

    expect(openApiDocument({ ...given, publicUrl: 'https://pay.example.com' }).servers).toEqual([{ url: 'https://pay.example.com' }])
    expect(openApiDocument({ ...given, publicUrl: undefined }).servers).toEqual([{ url: '/' }])
  })

  it('shows at once where a route has a member without an example', () => {
    const bare = route({
      method: 'get',
      path: '/things',
      operationId: 'getThings',
      audience: 'public',
      summary: { en: 'Things', zh: '东西' },
      answer: z.object({ name: z.string() }),
      handle: async () => ({ name: 'thing' }),
    })

    const document = openApiDocument({ routes: [bare], doors: [], publicUrl: undefined })

    expect(JSON.stringify(document.paths)).toContain(`"name":"${missingExample}"`)
  })
})

describe('an answer', () => {
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'req_1' })
  const session = { method: 'POST', path: '/api/v1/cashier/session', headers }
  const refused = { success: false, error: 'no', code: 'PARAM_ERROR', details: {}, requestId: 'req_1' }

  it('that is as the document says has no problem', () => {
    expect(contractProblems({ ...session, status: 200, body: { success: true, data: { token: 't', expiresIn: 1 } } })).toEqual([])
    expect(contractProblems({ ...session, status: 400, body: refused })).toEqual([])
  })

  it.each([
    ['a member too many', { status: 200, body: { success: true, data: { token: 't', expiresIn: 1, openid: 'o' } } }],
    ['a member too few', { status: 200, body: { success: true, data: { token: 't' } } }],
    ['something beside the envelope', { status: 200, body: { success: true, data: { token: 't', expiresIn: 1 }, debug: 1 } }],
    ['a code that the status does not carry', { status: 400, body: { ...refused, code: 'ORDERPAID' } }],
    ['a status that is not listed', { status: 418, body: refused }],
    ['details that nobody described', { status: 400, body: { ...refused, details: { stack: 'at main' } } }],
    ['no word about when to ask again', { status: 503, body: { ...refused, code: 'UNAVAILABLE' } }],
    ['another content type', { status: 200, body: undefined, headers: new Headers({ 'content-type': 'text/html', 'x-request-id': 'r' }) }],
    ['no request id', { status: 400, body: refused, headers: new Headers({ 'content-type': 'application/json' }) }],
  ])('with %s is found', (_what, answer) => {
    expect(contractProblems({ ...session, ...answer })).toHaveLength(1)
  })

  it('at an address that nobody described can only be a refusal', () => {
    const nowhere = { method: 'GET', path: '/api/v1/nowhere', headers }

    expect(contractProblems({ ...nowhere, status: 404, body: { ...refused, code: 'NOT_FOUND' } })).toEqual([])
    expect(contractProblems({ ...nowhere, status: 200, body: { success: true, data: {} } })).not.toEqual([])
  })
})

/** Each body with its examples, and where its schema is. */
function contentsOf(
  spoken: Operation['requestBody'] | Document['components']['responses'][string],
  where: readonly string[],
): Array<{ schemaAt: string; examples: unknown[] }> {
  return Object.entries(spoken?.content ?? {}).flatMap(([type, content]) => {
    if (content.schema === undefined) return []
    const examples = content.examples === undefined ? [content.example] : Object.values(content.examples).map(({ value }) => value)
    return [{ schemaAt: `#/${pointer([...where, 'content', type, 'schema'])}`, examples }]
  })
}
