import { createSign, createVerify, randomBytes, X509Certificate } from 'node:crypto'
import type { RunningEmulator } from '../../server/emulator/listen.ts'
import type { Data } from './client.ts'

export type Called = {
  readonly status: number
  readonly data: Data
  readonly headers: Headers
  readonly bytes: Buffer
  readonly isVerified: boolean
}
type Change = {
  headers?: Record<string, string>
  signedBody?: string
  timestamp?: number
  mchid?: string
  serial?: string
  /** When it waits no longer for the answer. */
  signal?: AbortSignal
  redirect?: 'follow' | 'manual'
  /** An answer that is no JSON in spite of its type is left alone. */
  isParsed?: boolean
}

/** A plain v3 client that shares nothing with the product: signs as the documents say, and verifies by the key an answer names. */
export function makeCaller(running: RunningEmulator) {
  const { emulator, origin } = running
  return { call, order }

  async function call(method: string, path: string, body?: unknown, change: Change = {}): Promise<Called> {
    const { mchid, merchant } = emulator.credentials()
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    const timestamp = String(change.timestamp ?? Math.floor(emulator.now() / 1000))
    const nonce = randomBytes(16).toString('hex')
    const signature = createSign('RSA-SHA256')
      .update(`${method}\n${path}\n${timestamp}\n${nonce}\n${change.signedBody ?? text}\n`)
      .sign(merchant.privateKey, 'base64')
    const authorization = `WECHATPAY2-SHA256-RSA2048 mchid="${change.mchid ?? mchid}",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="${change.serial ?? merchant.serial}",signature="${signature}"`
    const headers = {
      authorization,
      accept: 'application/json',
      'user-agent': 'caller/1',
      ...(text === '' ? {} : { 'content-type': 'application/json' }),
      ...change.headers,
    }
    const { signal = null, redirect = 'follow', isParsed = true } = change
    const answer = await fetch(origin + path, { method, headers, signal, redirect, ...(text === '' ? {} : { body: text }) })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const isJson = isParsed && answer.headers.get('content-type')?.includes('json') === true && bytes.length > 0
    const data: Data = isJson ? JSON.parse(bytes.toString()) : undefined
    return { status: answer.status, data, headers: answer.headers, bytes, isVerified: verified(answer.headers, bytes) }
  }

  function verified(headers: Headers, bytes: Buffer): boolean {
    const { publicKey, certificates } = emulator.credentials()
    const serial = headers.get('wechatpay-serial')
    const pem = certificates.find((one) => one.serial === serial)?.pem
    const key = serial === publicKey.id ? publicKey.publicKey : pem && new X509Certificate(pem).publicKey
    if (!key) return false
    const message = Buffer.concat([
      Buffer.from(`${headers.get('wechatpay-timestamp')}\n${headers.get('wechatpay-nonce')}\n`),
      bytes,
      Buffer.from('\n'),
    ])
    return createVerify('RSA-SHA256')
      .update(message)
      .verify(key, headers.get('wechatpay-signature') ?? '', 'base64')
  }

  /** A body for a Native order; a test spells out what matters to it. */
  function order(outTradeNo: string, given: Record<string, unknown> = {}): Data {
    const { mchid } = emulator.credentials()
    return {
      appid: emulator.environment().WECHAT_MINIPROGRAM_APP_ID,
      mchid,
      description: 'Tea',
      out_trade_no: outTradeNo,
      notify_url: 'http://127.0.0.1:9/notify',
      amount: { total: 100, currency: 'CNY' },
      ...given,
    }
  }
}
