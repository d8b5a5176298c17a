import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Data } from './client.ts'

/** A request as it arrived. */
export type Asked = {
  readonly method: string
  readonly path: string
  /** What stood in the address or in the body, decoded. */
  readonly members: Readonly<Record<string, string>>
  readonly body: string
  readonly appCode: string | undefined
  readonly signType: string | undefined
  /** Whether the client key signed exactly what arrived, in upper case. */
  readonly isSigned: boolean
}
type Hash = 'md5' | 'sha256'
export type Reply = {
  readonly status?: number
  /** The answer; a text is the body as it is to stand there, and signed. */
  readonly says?: object | string | undefined
  readonly hash?: Hash
  /** What becomes of the signature on its way; undefined leaves the header out. */
  readonly sign?: (signature: string) => string | undefined
  /** Instead of all that: bytes that nobody signed. */
  readonly raw?: string | Buffer
  readonly fault?: 'silent' | 'reset' | 'cut'
}

export type QfpayStandIn = Awaited<ReturnType<typeof startQfpayStandIn>>

export const clientKey = '3F1B0C7A9D5E4682B1C0D9E8F7A6B5C4'
export const appCode = 'D00DFEED00000000000000000000A001'

/**
 * QFPay as the other end of a line, with none of the product's code: it keeps what it was asked, answers what a test wants, and makes
 * notices. A reply is found by the path that was called; the replies of one path come one after the other, and the last one stays.
 */
export async function startQfpayStandIn() {
  const replies = new Map<string, Reply[]>()
  const asked: Asked[] = []
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return { origin, asked, answer, reset, close }

  function answer(path: string, ...next: Reply[]): void {
    replies.set(path, next)
  }

  function reset(): void {
    replies.clear()
    asked.length = 0
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const { pathname: path, searchParams } = new URL(request.url ?? '', origin)
    const members = Object.fromEntries([...searchParams, ...new URLSearchParams(body)])
    const signType = headerOf(request, 'x-qf-signtype')
    const right = signedMembers(members, signType === 'SHA256' ? 'sha256' : 'md5')
    asked.push({
      method: request.method ?? '',
      path,
      members,
      body,
      appCode: headerOf(request, 'x-qf-appcode'),
      signType,
      isSigned: headerOf(request, 'x-qf-sign') === right,
    })
    send(response, nextReply(path))
  }

  function nextReply(path: string): Reply {
    const all = replies.get(path) ?? []
    return (all.length > 1 ? all.shift() : all[0]) ?? { status: 404, raw: 'no reply was given' }
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const { status = 200, says = {}, hash = 'md5', sign = (same) => same, raw, fault } = reply
  if (fault === 'silent') return
  if (fault === 'reset') return void response.destroy()
  const body = raw ?? (typeof says === 'string' ? says : pythonJson(says))
  const signature = raw === undefined ? sign(signedBytes(body, hash)) : undefined
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...(signature === undefined ? {} : { 'X-QF-SIGN': signature }),
    ...(fault === 'cut' ? { 'content-length': Buffer.byteLength(body) + 10 } : {}),
  })
  if (fault === 'cut') response.write(body, () => response.destroy())
  else response.end(body)
}

/** A notice as it arrives; `body` stands for bytes that are no members at all. */
export function notice(members: Data, { hash = 'md5', key = clientKey, body }: { hash?: Hash; key?: string; body?: Buffer | string } = {}) {
  const bytes = Buffer.from(body ?? pythonJson(members))
  return { headers: { 'content-type': 'application/json', 'x-qf-sign': signedBytes(bytes, hash, key) }, body: bytes }
}

/** As Python writes it: a blank after commas and colons, and escapes for all that is not ASCII. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${pythonJson(name)}: ${pythonJson(member)}`)
      .join(', ')}}`
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The signature of members: by name in ASCII order, as they are, the key behind. */
export function signedMembers(members: Readonly<Record<string, string>>, hash: Hash = 'md5'): string {
  const names = Object.keys(members)
    .filter((name) => name !== 'sign')
    .sort()
  const joined = names.map((name) => `${name}=${members[name]}`).join('&')
  return createHash(hash).update(joined, 'utf8').update(clientKey).digest('hex').toUpperCase()
}

function signedBytes(body: string | Buffer, hash: Hash, key = clientKey): string {
  return createHash(hash).update(body).update(key).digest('hex').toUpperCase()
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
