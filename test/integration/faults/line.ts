import { randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Data } from '../../support/client.ts'
import type { Shop } from '../../support/shop.ts'

type Change = (answer: Data) => unknown
type Met = { readonly on: RegExp; readonly work: (answer: Answer) => Promise<Answer | 'cut'> | Answer | 'cut' }
type Answer = { status: number; headers: Record<string, string>; body: Buffer }
export type Heard = { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }

export type Line = Awaited<ReturnType<typeof startLine>>

/**
 * The way between a server and the emulated channel. It hears every request, and holds back or changes the answers a test names; what
 * it changed it signs again with the channel's own key, so that nothing but the content is wrong.
 */
export async function startLine() {
  const connected = Promise.withResolvers<Pick<Shop, 'emulator'> & { readonly emulatorOrigin: string }>()
  const heard: Heard[] = []
  const waiting: Met[] = []
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return { origin, heard, hold, change, replace, connect: connected.resolve, close }

  /** The next answer to what matches waits until it is let go, or cut. */
  function hold(on: RegExp) {
    const [arrived, end] = [Promise.withResolvers<void>(), Promise.withResolvers<'go' | 'cut'>()]
    waiting.push({
      on,
      work: async (answer) => {
        arrived.resolve()
        return (await end.promise) === 'go' ? answer : 'cut'
      },
    })
    return { arrived: arrived.promise, letGo: () => end.resolve('go'), cut: () => end.resolve('cut') }
  }

  /** The next answer to what matches says something else, genuinely signed. */
  function change(on: RegExp, how: Change, headers: Record<string, string> = {}): void {
    waiting.push({ on, work: (answer) => signed(answer, Buffer.from(JSON.stringify(how(JSON.parse(answer.body.toString())))), headers) })
  }

  /** The next answer to what matches is this text, genuinely signed. */
  function replace(on: RegExp, text: string): void {
    waiting.push({ on, work: (answer) => signed({ ...answer, status: 200 }, Buffer.from(text), {}) })
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    heard.push({ method, url, headers, body: body.toString() })
    const nth = waiting.findIndex(({ on }) => on.test(`${method} ${url}`))
    const [met] = nth < 0 ? [] : waiting.splice(nth, 1)
    const answer = await forward({ method, url, headers, body })
    const changed = met === undefined ? answer : await met.work(answer)
    if (changed === 'cut') return void response.destroy()
    response.writeHead(changed.status, { ...changed.headers, 'content-length': String(changed.body.length) })
    response.end(changed.body)
  }

  async function forward(asked: { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }): Promise<Answer> {
    const { emulatorOrigin } = await connected.promise
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = asked.headers
    const answer = await fetch(emulatorOrigin + asked.url, {
      method: asked.method,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      ...(asked.body.length === 0 ? {} : { body: new Uint8Array(asked.body) }),
    })
    const { 'transfer-encoding': _encoding, connection: _again, ...rest } = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: rest, body: Buffer.from(await answer.arrayBuffer()) }
  }

  async function signed(answer: Answer, body: Buffer, headers: Record<string, string>): Promise<Answer> {
    const { emulator } = await connected.promise
    const { publicKey } = emulator.credentials()
    return {
      ...answer,
      headers: { ...answer.headers, ...signatureOf(body, { ...publicKey, serial: publicKey.id }, emulator.now()), ...headers },
      body,
    }
  }
}

/** The four headers of a message of the channel, under the serial that is named. */
export function signatureOf(body: Uint8Array, { serial, privateKey }: { serial: string; privateKey: string }, now: number) {
  const timestamp = String(Math.floor(now / 1000))
  const nonce = randomBytes(16).toString('hex')
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': sign('sha256', message, privateKey).toString('base64'),
    'wechatpay-serial': serial,
  }
}
