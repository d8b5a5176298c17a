import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { TLSSocket } from 'node:tls'

export type V2Members = Readonly<Record<string, string>>
export type V2Asked = {
  readonly path: string
  readonly members: V2Members
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The name in the certificate that was shown. */
  readonly shown?: string | undefined
}
export type V2Reply = {
  readonly status?: number
  /** Beside those every answer has; an empty one is left out. */
  readonly members?: V2Members
  /** As the request was signed, unless it says otherwise. */
  readonly by?: SignType
  readonly key?: string
  readonly sign?: 'none' | 'wrong'
  /** Instead of signed members, as it stands. */
  readonly body?: string | Buffer
  /** Takes the request and never answers, or cuts the line. */
  readonly fault?: 'silent' | 'reset'
}
type SignType = 'MD5' | 'HMAC-SHA256'
type Trusting = { readonly cert: string; readonly key: string; readonly clients: string }

export type WechatV2StandIn = Awaited<ReturnType<typeof startWechatV2StandIn>>

/** Its MD5 begins with zeros, which a reading as a number would lose. */
export const v2Key = 'a-v2-key-of-thirty-two-chars-324'

/**
 * WeChat Pay's version 2 as the other end of a line, with cryptography and XML of its own and none of the product's code: it keeps what
 * it was asked, and answers what a test wants.
 *
 * @param tls asks everybody for a certificate of `clients`; without it the line is in clear.
 */
export async function startWechatV2StandIn(tls?: Trusting) {
  const asked: V2Asked[] = []
  const replies: V2Reply[] = []
  const serve: RequestListener = (request, response) => void take(request, response)
  const server = tls
    ? createTlsServer({ cert: tls.cert, key: tls.key, ca: tls.clients, requestCert: true, rejectUnauthorized: false }, serve)
    : createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : ''
  const origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  return { origin, asked, answer, close }

  /** The next answers, one each; the last one stays. */
  function answer(...next: V2Reply[]): void {
    replies.splice(0, replies.length, ...next)
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('utf8')
    const members = membersIn(body)
    const path = request.url ?? ''
    asked.push({ path, members, headers: request.headers, body, shown: nameOn(request) })
    const needsCertificate = tls !== undefined && path.startsWith('/secapi/') && !isKnownClient(request)
    send(response, members, needsCertificate ? { status: 400, body: '<html>400 No required SSL certificate was sent</html>' } : nextReply())
  }

  function nextReply(): V2Reply {
    return (replies.length > 1 ? replies.shift() : replies[0]) ?? { status: 404 }
  }
}

function send(response: ServerResponse, request: V2Members, reply: V2Reply): void {
  if (reply.fault === 'silent') return
  if (reply.fault === 'reset') return void response.destroy()
  response.writeHead(reply.status ?? 200, { 'content-type': 'text/plain' })
  response.end(reply.body ?? signedXml(answerTo(request, reply.members ?? {}), { by: typeIn(request), ...reply }))
}

/** What every answer says, as the request did. */
function answerTo({ appid = '', mch_id: mchid = '', sub_mch_id: sub = '', sub_appid: subApp = '' }: V2Members, said: V2Members): V2Members {
  const common = { return_code: 'SUCCESS', result_code: 'SUCCESS', appid, mch_id: mchid, sub_mch_id: sub, sub_appid: subApp }
  return { ...common, nonce_str: randomBytes(16).toString('hex'), ...said }
}

function typeIn({ sign_type: type }: V2Members): SignType {
  return type === 'HMAC-SHA256' ? 'HMAC-SHA256' : 'MD5'
}

/** Members in XML under the signature that the documents describe, or a spoilt one. */
export function signedXml(
  members: V2Members,
  { by = 'HMAC-SHA256', key = v2Key, sign }: { by?: SignType; key?: string; sign?: 'none' | 'wrong' } = {},
): string {
  const right = v2Signature(members, by, key)
  if (sign === 'none') return xmlOf(members)
  return xmlOf({ ...members, sign: sign === 'wrong' ? [...right].reverse().join('') : right })
}

export function v2Signature(members: V2Members, by: SignType, key = v2Key): string {
  const names = Object.keys(members).filter((name) => name !== 'sign' && members[name] !== '')
  const text = `${names
    .sort()
    .map((name) => `${name}=${members[name]}`)
    .join('&')}&key=${key}`
  const hash = by === 'MD5' ? createHash('md5').update(text) : createHmac('sha256', key).update(text)
  return hash.digest('hex').toUpperCase()
}

export function xmlOf(members: V2Members, root = 'xml'): string {
  const inside = Object.entries(members).map(([name, value]) => (value === '' ? '' : `<${name}><![CDATA[${value}]]></${name}>\n`))
  return `<${root}>\n${inside.join('')}</${root}>`
}

/** A refund's secret part, under the hex of the key's MD5. */
export function sealedReqInfo(members: V2Members, key = v2Key): string {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(key).digest('hex'), null)
  return Buffer.concat([cipher.update(xmlOf(members, 'root')), cipher.final()]).toString('base64')
}

/** The plainest reading there is: what the product writes has one level, CDATA and no attributes. */
function membersIn(body: string): V2Members {
  const found = body.matchAll(/<(\w+)>((?:<!\[CDATA\[[\s\S]*?\]\]>)+)<\/\1>/g)
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, '$1')]))
}

function nameOn({ socket }: IncomingMessage): string | undefined {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined
  return subject?.CN === undefined ? undefined : String(subject.CN)
}

function isKnownClient({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized
}
