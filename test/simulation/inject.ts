import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

export type InjectedRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
}
export type InjectedAnswer = { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer }
type Callback = (request: IncomingMessage, response: ServerResponse) => unknown

/** Hands a request to a server's callback without a socket, and calls back with the whole answer. */
export function inject(callback: Callback, given: InjectedRequest, onAnswer: (answer: InjectedAnswer) => void): void {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: '127.0.0.1' })
  const request = new IncomingMessage(socket)
  const body = Buffer.from(given.body ?? new Uint8Array())
  const headers: Record<string, string> = { host: 'shop.test', ...lowerCase(given.headers) }
  if (body.length > 0) headers['content-length'] = String(body.length)
  Object.assign(request, { method: given.method, url: given.url, headers, httpVersion: '1.1', complete: true })
  request.rawHeaders = Object.entries(headers).flat()
  if (body.length > 0) request.push(body)
  request.push(null)
  callback(request, collecting(request, onAnswer))
}

/** A response that keeps what is written to it. */
function collecting(request: IncomingMessage, onAnswer: (answer: InjectedAnswer) => void): ServerResponse {
  const response = new ServerResponse(request)
  const chunks: Buffer[] = []
  let isOver = false
  const take = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string))
  }
  response.writeHead = ((status: number, given: Record<string, string> = {}) => {
    response.statusCode = status
    for (const [name, value] of Object.entries(given)) response.setHeader(name, value)
    return response
  }) as never
  response.write = ((chunk: unknown) => {
    take(chunk)
    return true
  }) as never
  response.end = ((chunk?: unknown) => {
    if (isOver) return response
    isOver = true
    take(chunk)
    Object.assign(response, { finished: true })
    onAnswer({ status: response.statusCode, headers: headersOf(response), body: Buffer.concat(chunks) })
    process.nextTick(() => response.emit('finish'))
    return response
  }) as never
  return response
}

function headersOf(response: ServerResponse): Record<string, string> {
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
