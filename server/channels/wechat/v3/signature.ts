import type { Runtime } from '../../../lib/runtime.ts'
import type { WechatV3Credentials } from '../account.ts'

const nonceAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const nonceLength = 32

export type Signer = ReturnType<typeof makeSigner>

/** Signs for the merchant: requests (fact sheet §3) and what a client hands to WeChat (§6). */
export function makeSigner(
  { mchid, serialNo, privateKey }: Pick<WechatV3Credentials, 'mchid' | 'serialNo' | 'privateKey'>,
  runtime: Pick<Runtime, 'now' | 'randomBytes' | 'signRsaSha256'>,
) {
  return { authorization, sign, newNonce: () => newNonce(runtime), timestamp: () => String(Math.floor(runtime.now() / 1000)) }

  /** The Authorization header for exactly these bytes. */
  async function authorization(request: {
    readonly method: string
    readonly pathAndQuery: string
    readonly body: Uint8Array
  }): Promise<string> {
    const timestamp = String(Math.floor(runtime.now() / 1000))
    const nonce = newNonce(runtime)
    const signature = await sign(requestMessage({ ...request, timestamp, nonce }))
    return authorizationHeader({ mchid, nonce, timestamp, serialNo, signature })
  }

  /** Standard Base64 of RSASSA-PKCS1-v1_5 with SHA-256. */
  async function sign(bytes: Uint8Array): Promise<string> {
    return Buffer.from(await runtime.signRsaSha256(privateKey, bytes)).toString('base64')
  }
}

/** METHOD, path with query, timestamp, nonce and body, each ended by a line feed. */
export function requestMessage({
  method,
  pathAndQuery,
  timestamp,
  nonce,
  body,
}: {
  method: string
  pathAndQuery: string
  timestamp: string
  nonce: string
  body: Uint8Array
}): Uint8Array {
  return Buffer.concat([Buffer.from(`${method}\n${pathAndQuery}\n${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
}

/** Timestamp, nonce and the raw body, each ended by a line feed; an empty body leaves its line empty. */
export function answerMessage({ timestamp, nonce, body }: { timestamp: string; nonce: string; body: Uint8Array }): Uint8Array {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
}

/** Four lines that a payer's client hands to WeChat; an app's last line is the bare prepay id. */
export function payMessage({
  appId,
  timeStamp,
  nonceStr,
  last,
}: {
  appId: string
  timeStamp: string
  nonceStr: string
  last: string
}): Uint8Array {
  return Buffer.from(`${appId}\n${timeStamp}\n${nonceStr}\n${last}\n`)
}

export function authorizationHeader({
  mchid,
  nonce,
  timestamp,
  serialNo,
  signature,
}: {
  mchid: string
  nonce: string
  timestamp: string
  serialNo: string
  signature: string
}): string {
  return `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="${serialNo}",signature="${signature}"`
}

function newNonce(runtime: Pick<Runtime, 'randomBytes'>): string {
  return Array.from(runtime.randomBytes(nonceLength), (byte) => nonceAlphabet[byte % nonceAlphabet.length]).join('')
}
