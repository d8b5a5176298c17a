import { generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { request } from 'undici'

/** What the emulator takes from outside of itself: time, timers, chance and the way to notify. A test may hand in its own. */
export type EmulatorRuntime = {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after so long; the returned function calls it off. */
  setTimer(ms: number, run: () => void): () => void
  randomBytes(count: number): Uint8Array
  /** RSASSA-PKCS1-v1_5 with SHA-256, off the event loop. */
  signRsaSha256(key: KeyObject, bytes: Uint8Array): Promise<Uint8Array>
  /** A new key of 2048 bits, in PEM. */
  makeRsaPair(): Promise<RsaPair>
  /** @throws when no whole answer came in time. */
  post(message: OutgoingPost): Promise<{ readonly status: number; readonly body?: string | undefined }>
}

export type RsaPair = { readonly privateKey: string; readonly publicKey: string }

export type OutgoingPost = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly timeoutMs: number
}

/** No channel reads more of an acknowledgement. */
const answerMaxLength = 1024

export function makeEmulatorRuntime(): EmulatorRuntime {
  return { now: () => Date.now(), setTimer, randomBytes: (count) => randomBytes(count), signRsaSha256, makeRsaPair, post }
}

function setTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1))
  timer.unref()
  return () => clearTimeout(timer)
}

async function post({ url, headers, body, timeoutMs }: OutgoingPost): Promise<{ status: number; body: string }> {
  const answer = await request(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) })
  return { status: answer.statusCode, body: (await answer.body.text()).slice(0, answerMaxLength) }
}

function signRsaSha256(key: KeyObject, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => sign('sha256', bytes, key, (error, signature) => (error ? reject(error) : resolve(signature))))
}

function makeRsaPair(): Promise<RsaPair> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
