import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What happens to one request: it passes; the line is cut before the server hears it, or after it did the work; somebody on the way
 * answers in its place; it arrives twice, and the first answer is lost.
 */
export type Mishap =
  | 'pass'
  | 'cutBefore'
  | 'cutAfter'
  | 'twice'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }

export type Line = Awaited<ReturnType<typeof startBadLine>>

/** A way to a server on which things go wrong, one for each request in turn; then all is well. */
export async function startBadLine(target: () => string) {
  const mishaps: Mishap[] = []
  const keys: Array<string | undefined> = []
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The idempotency key of each request that came. */
    keys,
    meet: (...next: Mishap[]) => {
      mishaps.splice(0, mishaps.length, ...next)
      keys.length = 0
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    keys.push(request.headers['idempotency-key']?.toString())
    const mishap = mishaps.shift() ?? 'pass'
    if (mishap === 'cutBefore') return void response.destroy()
    if (typeof mishap === 'object') return void response.writeHead(mishap.status, mishap.headers).end(mishap.text ?? '')
    const sent = () => forward(request, Buffer.concat(chunks))
    const answers = mishap === 'twice' ? await Promise.all([sent(), sent()]) : [await sent()]
    const answer = answers.at(-1)
    if (mishap === 'cutAfter' || answer === undefined) return void response.destroy()
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  async function forward({ method, url, headers }: IncomingMessage, body: Buffer) {
    const { host: _host, connection: _connection, 'content-length': _length, ...rest } = headers
    const answer = await fetch(target() + url, {
      method: method ?? 'GET',
      headers: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    })
    const { 'transfer-encoding': _encoding, connection: _again, ...given } = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: given, body: Buffer.from(await answer.arrayBuffer()) }
  }
}
