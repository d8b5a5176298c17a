import type { Middleware } from 'koa'
import { koaBody } from 'koa-body'
import { NumberText, parseJson } from '../lib/json.ts'
import { fieldProblem } from './failures.ts'

const bodyMaxBytes = 100 * 1024
/** Members that are money: what they were written as counts, `1e3` is no amount. */
const moneyMembers = new Set(['amount', 'price', 'refundAmount'])

const readText = koaBody({
  json: false,
  urlencoded: false,
  multipart: false,
  text: true,
  textTypes: ['application/json'],
  textLimit: bodyMaxBytes,
  // One letter a byte, so that the bytes can be looked at as they came.
  encoding: 'latin1',
  parsedMethods: ['POST', 'PATCH', 'DELETE'] as never,
  onError: (error) => {
    throw isTooLarge(error)
      ? fieldProblem('body', `is larger than ${bodyMaxBytes} bytes`, 'INVALID_REQUEST', 413)
      : fieldProblem('body', 'could not be read whole')
  },
})

/** Reads a JSON body into `ctx.state.json`; undefined when there is none. */
export const jsonBody: Middleware = async (ctx, next) => {
  const { headers } = ctx.req
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (!hasBody) {
    ctx.state.json = undefined
    return next()
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw fieldProblem('Content-Encoding', 'is not taken; send the body as it is', 'INVALID_REQUEST', 415)
  if (!ctx.is('application/json')) throw fieldProblem('Content-Type', 'has to be application/json', 'INVALID_REQUEST', 415)
  await readText(ctx, async () => {})
  const text: unknown = ctx.request.body
  ctx.state.json = readJson(typeof text === 'string' ? text : '')
  return next()
}

function readJson(latin1: string): unknown {
  const parsed = parseJson(Buffer.from(latin1, 'latin1'), { keepNumbers: true })
  if ('problem' in parsed) throw fieldProblem('body', parsed.problem)
  return plainNumbers(parsed.value)
}

/** Money stays the text it was written as; other numbers become numbers. Depth is bounded by the parser. */
function plainNumbers(value: unknown, name = ''): unknown {
  if (value instanceof NumberText) return moneyMembers.has(name) ? value.text : Number(value.text)
  if (Array.isArray(value)) return value.map((member) => plainNumbers(member))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainNumbers(member, key)]))
}

function isTooLarge(error: Error): boolean {
  return 'status' in error && error.status === 413
}
