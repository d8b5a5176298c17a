import { createCipheriv, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { selfSigned } from './self-signed.ts'

export type Asked = { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
/** The four headers of a signed message; a list goes out as a header that comes so many times. */
export type Signed = Record<string, string | string[]>
export type Reply = {
  readonly status?: number
  /** An object goes out as JSON, anything else as it stands. */
  readonly body?: unknown
  /** By the public key unless it says otherwise; `change` spoils what was right. */
  readonly by?: Signer
  readonly change?: (headers: Signed) => Signed
  /** The instant under which it is signed. */
  readonly at?: number
  readonly headers?: Record<string, string>
  /** Takes the request and never answers, or cuts the line. */
  readonly fault?: 'silent' | 'reset'
}
type Signer = { readonly serial: string; readonly key: KeyObject }
type Platform = Signer & { readonly pem: string }

export type WechatStandIn = Awaited<ReturnType<typeof startWechatStandIn>>

const yearMs = 365 * 24 * 60 * 60 * 1000
const pair = promisify(generateKeyPair)

/**
 * WeChat Pay as the other end of a line, with keys of its own and none of the product's code: it keeps what it was asked, answers what
 * a test wants, gives out its certificates, and makes notifications.
 *
 * @param now the instant in ms under which it signs.
 */
export async function startWechatStandIn(now: () => number) {
  const [merchant, payment, platform, successor, stranger] = await Promise.all([newKey(), newKey(), newKey(), newKey(), newKey()])
  const apiV3Key = 'an-api-v3-key-of-thirty-two-byte'
  const publicKey: Signer = { serial: 'PUB_KEY_ID_0000000000000024101100397200000006', key: payment.privateKey }
  const validity = { from: now() - yearMs, to: now() + yearMs }
  const certify = (serial: string, key: KeyObject, given = validity): Platform => ({
    serial,
    key,
    pem: selfSigned(key, { serial, ...given }),
  })
  const certificates = {
    first: certify('5157F09EFDC096DE15EBE81A47057A7232F1B8E1', platform.privateKey),
    second: certify('6157F09EFDC096DE15EBE81A47057A7232F1B8E2', successor.privateKey, { ...validity, from: now() - 1000 }),
  }
  const asked: Asked[] = []
  const replies: Reply[] = []
  let given: readonly Platform[] = [certificates.first]

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  return {
    origin,
    asked,
    apiV3Key,
    merchant,
    payment,
    publicKey,
    stranger: { ...publicKey, key: stranger.privateKey },
    certificates,
    answer,
    give,
    notice,
    close,
  }

  /** The next answers, one each; the last one stays. */
  function answer(...next: Reply[]): void {
    replies.splice(0, replies.length, ...next)
  }

  /** Which certificates are handed out from now on; the first one's key signs the list. */
  function give(...platforms: Platform[]): void {
    given = platforms
  }

  /** A notification as it arrives: names in lower case. What it holds is sealed unless the body is given. */
  function notice({ type = 'TRANSACTION.SUCCESS', holds = {}, key = apiV3Key, resource = {}, body, by = publicKey, at = now() }: Noticed) {
    const whole = {
      id: 'EV-2018022511223320873',
      event_type: type,
      resource: { ...seal(JSON.stringify(holds), key, 'transaction'), ...resource },
    }
    const bytes = Buffer.from(body ?? JSON.stringify(whole))
    return { headers: { 'content-type': 'application/json', ...signatureHeaders(bytes, by, at) }, body: bytes }
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    asked.push({ method, url, headers, body: Buffer.concat(chunks) })
    send(response, url === '/v3/certificates' ? certificatesReply() : nextReply())
  }

  function send(
    response: ServerResponse,
    { status = 200, body = '', by = publicKey, change = (same) => same, at = now(), headers, fault }: Reply,
  ): void {
    if (fault === 'silent') return
    if (fault === 'reset') return void response.destroy()
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    response.writeHead(status, { ...change(signatureHeaders(bytes, by, at)), ...headers })
    response.end(bytes)
  }

  function nextReply(): Reply {
    return (replies.length > 1 ? replies.shift() : replies[0]) ?? { status: 404 }
  }

  function certificatesReply(): Reply {
    const data = given.map(({ serial, pem }) => ({ serial_no: serial, encrypt_certificate: seal(pem, apiV3Key, 'certificate') }))
    const [by = publicKey] = given
    return { body: { data }, by }
  }
}

type Noticed = {
  readonly type?: string
  /** What is sealed inside. */
  readonly holds?: unknown
  readonly key?: string
  /** Members of `resource` that replace the right ones. */
  readonly resource?: Record<string, unknown>
  /** Instead of the whole. */
  readonly body?: string | Buffer
  readonly by?: Signer
  readonly at?: number
}

function newKey() {
  return pair('rsa', { modulusLength: 2048 })
}

function signatureHeaders(body: Buffer, { serial, key }: Signer, at: number) {
  const timestamp = String(Math.floor(at / 1000))
  const nonce = randomBytes(16).toString('hex')
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': sign('sha256', message, key).toString('base64'),
    'wechatpay-serial': serial,
  }
}

function seal(text: string, key: string, associatedData: string) {
  const nonce = randomBytes(6).toString('hex')
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData))
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
  return { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: associatedData, ciphertext }
}
