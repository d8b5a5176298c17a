import { constants, createPrivateKey, createPublicKey, type KeyObject, privateDecrypt, verify } from 'node:crypto'
import type { EmulatorCredentials } from './credentials.ts'
import { WechatError } from './errors.ts'
import type { EmulatorRuntime } from './runtime.ts'

const toleranceSeconds = 300
const headerPattern = /^WECHATPAY2-SHA256-RSA2048 (.+)$/
const memberPattern = /^(\w+)="([^"]*)"$/

export type SignedRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Checks a caller's Authorization as the gateway does. @throws WechatError 401 SIGN_ERROR */
export function assertSigned({ method, url, headers, body }: SignedRequest, { mchid, merchant }: EmulatorCredentials, nowMs: number): void {
  const match = headerPattern.exec(headers.authorization ?? '')
  if (!match) throw refused('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》')
  const members = new Map(
    (match[1] ?? '')
      .split(',')
      .map((part) => memberPattern.exec(part.trim()))
      .map((found) => [found?.[1] ?? '', found?.[2] ?? '']),
  )
  const [theirs, nonce, timestamp, serial, signature] = ['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'].map(
    (name) => members.get(name) ?? '',
  )
  if (!theirs || !nonce || !timestamp || !serial || !signature) throw refused('Http头Authorization值格式错误，缺少参数')
  if (theirs !== mchid) throw refused('商户号与签名不匹配')
  if (serial.toUpperCase() !== merchant.serial) throw refused('商户证书序列号有误')
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds)
    throw refused('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟')
  const message = Buffer.concat([Buffer.from(`${method}\n${url}\n${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  if (!verify('sha256', message, publicKeyOf(merchant.privateKey), Buffer.from(signature, 'base64'))) {
    throw refused('签名错误，请检查后再试', {
      sign_information: { method, url, truncated_sign_message: message.toString().slice(0, 120), sign_message_length: message.length },
    })
  }
}

/** The headers of a signed answer or notification. */
export async function signatureHeaders({
  body,
  key,
  nowMs,
  nonce,
  runtime,
}: {
  body: Buffer
  key: { serial: string; privateKey: string }
  nowMs: number
  nonce: string
  runtime: Pick<EmulatorRuntime, 'signRsaSha256'>
}): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  const signature = await runtime.signRsaSha256(privateKeyOf(key.privateKey), message)
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': Buffer.from(signature).toString('base64'),
    'Wechatpay-Serial': key.serial,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
}

/** Opens a sensitive member (RSA-OAEP with SHA-1); undefined when it was not sealed for this key. */
export function openSensitive(privateKeyPem: string, sealed: string): string | undefined {
  try {
    return privateDecrypt(
      { key: privateKeyOf(privateKeyPem), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from(sealed, 'base64'),
    ).toString()
  } catch {
    return undefined
  }
}

function refused(message: string, detail?: unknown): WechatError {
  return new WechatError(401, 'SIGN_ERROR', message, detail)
}

const privateKeys = new Map<string, KeyObject>()
const publicKeys = new Map<string, KeyObject>()

function privateKeyOf(pem: string): KeyObject {
  return remembered(privateKeys, pem, createPrivateKey)
}

function publicKeyOf(pem: string): KeyObject {
  return remembered(publicKeys, pem, createPublicKey)
}

/** Reading PEM costs more than a signature; keys are few. */
function remembered(keys: Map<string, KeyObject>, pem: string, read: (pem: string) => KeyObject): KeyObject {
  const known = keys.get(pem)
  if (known) return known
  const key = read(pem)
  keys.set(pem, key)
  return key
}
