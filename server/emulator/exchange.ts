import type { IncomingMessage, ServerResponse } from 'node:http'

const bodyMaxBytes = 1024 * 1024

/** A request with its whole body, and the way to answer it. */
export type Exchange = {
  readonly method: string
  /** Path with query, as it stood in the request line. */
  readonly url: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  readonly remoteAddress: string
  readonly response: ServerResponse
}

/** Reads a request; undefined when it is cut off or too long, and then it is answered already. */
export async function readExchange(request: IncomingMessage, response: ServerResponse): Promise<Exchange | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyMaxBytes) {
      answer(response, 413, { code: 'PARAM_ERROR', message: '请求体过大' })
      return undefined
    }
    chunks.push(chunk)
  }
  const url = request.url ?? '/'
  const { pathname, searchParams } = new URL(url, 'http://emulator')
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
  return {
    method: request.method ?? 'GET',
    url,
    path: pathname,
    query: searchParams,
    headers,
    body: Buffer.concat(chunks),
    remoteAddress: request.socket?.remoteAddress ?? '127.0.0.1',
    response,
  }
}

/** Answers with JSON, text or bytes, and the headers given. */
export function answer(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
    'Content-Length': String(bytes.length),
    ...headers,
  })
  response.end(bytes)
}
