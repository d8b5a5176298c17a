import { createPublicKey, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { issued, serialOf } from './alipay-certificates.ts'
import type { Data } from './client.ts'

/** A request as it arrived: what stood in the address and in the body, together. */
export type Asked = {
  readonly method: string
  readonly members: Readonly<Record<string, string>>
  /** What stood in `biz_content`. */
  readonly content: Data
  /** Whether the app that it names signed it, over exactly what arrived. */
  readonly isSigned: boolean
  readonly inAddress: readonly string[]
}
export type Reply = {
  readonly status?: number
  /** The answer's object; a text is the object as it is to stand there. */
  readonly says?: object | string | undefined
  /** Under which name it stands; by the method that was called unless it says otherwise. */
  readonly as?: string
  readonly by?: KeyObject
  readonly sign?: (signature: string) => unknown
  /** The certificate it says it is signed under. */
  readonly certificate?: string
  /** Instead of all that: the bytes as they are. */
  readonly raw?: string | Buffer
  readonly change?: (text: string) => string
  readonly fault?: 'silent' | 'reset'
}
type Signing = {
  readonly by?: KeyObject
  /** Leaves members out of what is signed. */
  readonly unsigned?: readonly string[]
  readonly withSignType?: boolean
}

export type AlipayStandIn = Awaited<ReturnType<typeof startAlipayStandIn>>

export const appId = '2021000000000001'
export const miniprogramAppId = '2021000000000002'
const yearMs = 365 * 24 * 60 * 60 * 1000
const pair = promisify(generateKeyPair)

/**
 * Alipay as the other end of a line, with keys of its own and none of the product's code: it keeps what it was asked, answers what a test
 * wants, and makes notices. A reply is found by the method that was called; the replies of one method come one after the other, and the
 * last one stays.
 */
export async function startAlipayStandIn(now: () => number) {
  const [app, miniprogram, alipay, successor, stranger, root] = await Promise.all(Array.from({ length: 6 }, newKey)).then(namedKeys)
  const replies = new Map<string, Reply[]>()
  const files = new Map<string, { readonly status: number; readonly bytes: Buffer }>()
  const asked: Asked[] = []
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const validity = { from: now() - yearMs, to: now() + yearMs }
  const authority = { key: root, name: 'Stand-in Root' }
  const certify = (key: KeyObject, serial: string, given = {}) =>
    issued({ holder: { key, name: `holder ${serial}` }, issuer: authority, serial, ...validity, ...given })
  const certificates = {
    root: issued({ holder: authority, issuer: authority, serial: '11', ...validity, mayIssue: true }),
    app: certify(app, '12'),
    alipay: certify(alipay, '13'),
    successor: certify(successor, '14'),
    outdated: certify(successor, '15', { to: now() - 1000 }),
    forged: certify(stranger, '16', { issuer: { key: stranger, name: 'Stand-in Root' } }),
    /** Made with the key of an app's certificate, which is below the root and may issue none. */
    belowApp: certify(stranger, '17', { issuer: { key: app, name: 'holder 12' } }),
  }

  return {
    origin,
    gateway: `${origin}/gateway.do`,
    asked,
    keys: { app, miniprogram, alipay, successor, stranger },
    certificates,
    answer,
    file,
    notice,
    reset,
    close,
  }

  function answer(method: string, ...next: Reply[]): void {
    replies.set(method, next)
  }

  /** Puts a file where a bill can be fetched. */
  function file(path: string, bytes: Buffer, status = 200): string {
    files.set(path, { bytes, status })
    return origin + path
  }

  function reset(): void {
    replies.clear()
    files.clear()
    asked.length = 0
  }

  /** A notice as it arrives, signed the way trade notices are. */
  function notice(members: Readonly<Record<string, string>>, { by = alipay, unsigned = [], withSignType = false }: Signing = {}) {
    const left = ['sign', ...(withSignType ? [] : ['sign_type']), ...unsigned]
    const all = { sign_type: 'RSA2', ...members }
    const signature = signed(joined(Object.entries(all).filter(([name]) => !left.includes(name))), by)
    const body = Buffer.from(new URLSearchParams({ ...all, sign: signature }).toString())
    return { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body }
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { pathname, searchParams } = new URL(request.url ?? '', origin)
    const found = files.get(pathname)
    if (found) return void response.writeHead(found.status).end(found.bytes)
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
    const members = Object.fromEntries([...searchParams, ...form])
    const method = members.method ?? ''
    const content: Data = members.biz_content === undefined ? undefined : JSON.parse(members.biz_content)
    asked.push({ method, members, content, isSigned: isSigned(members), inAddress: [...searchParams.keys()] })
    send(response, method, nextReply(method))
  }

  function isSigned({ sign: given = '', ...rest }: Record<string, string>): boolean {
    const key = rest.app_id === appId ? app : miniprogram
    return verify('sha256', Buffer.from(joined(Object.entries(rest))), createPublicKey(key), Buffer.from(given, 'base64'))
  }

  function nextReply(method: string): Reply {
    const all = replies.get(method) ?? []
    return (all.length > 1 ? all.shift() : all[0]) ?? { status: 404, raw: 'no reply was given' }
  }

  function send(response: ServerResponse, method: string, reply: Reply): void {
    const { status = 200, raw, change = (same) => same, fault } = reply
    if (fault === 'silent') return
    if (fault === 'reset') return void response.destroy()
    response.writeHead(status, { 'content-type': 'text/html;charset=utf-8' })
    response.end(raw ?? change(textOf(method, reply)))
  }

  function textOf(
    method: string,
    { says = {}, as = `${method.replaceAll('.', '_')}_response`, by = alipay, sign: spoil = (same) => same, certificate }: Reply,
  ): string {
    const object = typeof says === 'string' ? says : JSON.stringify(says)
    const signature = spoil(signed(object, by))
    const between = certificate === undefined ? '' : `,"alipay_cert_sn":"${serialOf(certificate)}"`
    return `{"${as}":${object}${between}${signature === undefined ? '' : `,"sign":${JSON.stringify(signature)}`}}`
  }
}

async function newKey(): Promise<KeyObject> {
  return (await pair('rsa', { modulusLength: 2048 })).privateKey
}

function namedKeys(keys: readonly KeyObject[]): readonly [KeyObject, KeyObject, KeyObject, KeyObject, KeyObject, KeyObject] {
  const [a, b, c, d, e, f] = keys
  if (!a || !b || !c || !d || !e || !f) throw new Error('six keys are needed')
  return [a, b, c, d, e, f]
}

function joined(pairs: ReadonlyArray<readonly [string, string]>): string {
  return [...pairs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function signed(text: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(text), key).toString('base64')
}
