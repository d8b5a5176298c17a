import type { WebhookEvent } from '../api/webhook-event.ts'

/** Why a delivery is not believed. */
export type WebhookProblem = 'headers' | 'timestamp' | 'signature' | 'body'

/** A delivery that is not, verifiably, the server's, or is too old. Answer it with 400 and do nothing. */
export class WebhookError extends Error {
  readonly problem: WebhookProblem

  constructor(problem: WebhookProblem, message: string) {
    super(message)
    this.name = 'WebhookError'
    this.problem = problem
  }
}

type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>

type Delivery = {
  /** `whsec_…`; several while a secret rolls. */
  readonly secret: string | readonly string[]
  /** A `Headers`, or what Node's server has. */
  readonly headers: HeaderValues | { get(name: string): string | null }
  /** The very bytes that came, or their text; not JSON that was parsed and written again. */
  readonly body: Uint8Array | string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly toleranceSeconds?: number
}

export type VerifiedWebhook = {
  /** The same for all deliveries of one event: whoever has seen it has nothing to do. */
  readonly id: string
  /** When it was sent, milliseconds since 1970. */
  readonly sentAt: number
  /** The JSON that was signed. A newer server may tell of more types than these: pass over what you do not know. */
  readonly payload: WebhookEvent
}

const usualToleranceSeconds = 300
/** More than any sender has while a secret rolls. */
const maxSignatures = 16
const prefix = 'whsec_'

/**
 * Verifies a delivery by the rules of Standard Webhooks, on its raw bytes, in a time that does not tell where a signature differs.
 * Uses WebCrypto, so that it runs in Node and in browsers.
 *
 * @throws WebhookError when it is not believed; Error when a secret is none.
 * @see https://www.standardwebhooks.com
 */
export async function verifyWebhook(delivery: Delivery): Promise<VerifiedWebhook> {
  const { headers, now, toleranceSeconds = usualToleranceSeconds } = delivery
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature')
  const sentAt = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1000 : Number.NaN
  if (!(Math.abs(now - sentAt) <= toleranceSeconds * 1000))
    throw new WebhookError('timestamp', `it was sent more than ${toleranceSeconds} s from now, or the clock is wrong`)
  const body = typeof delivery.body === 'string' ? new TextEncoder().encode(delivery.body) : delivery.body
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), body)
  if (!(await isSignedByOne(secretsOf(delivery.secret), signaturesIn(signatures), signed)))
    throw new WebhookError('signature', 'no signature fits the body and a secret')
  return { id, sentAt, payload: readJson(body) }
}

function headerOf(headers: Delivery['headers'], name: string): string {
  const value = 'get' in headers && typeof headers.get === 'function' ? headers.get(name) : memberOf(headers as HeaderValues, name)
  if (typeof value !== 'string' || value === '') throw new WebhookError('headers', `${name} is missing, or came more than once`)
  return value
}

/** Names of headers have no case. */
function memberOf(headers: HeaderValues, name: string): HeaderValues[string] {
  const [only, ...others] = Object.entries(headers).filter(([given]) => given.toLowerCase() === name)
  return others.length === 0 ? only?.[1] : undefined
}

function secretsOf(secret: string | readonly string[]): Array<Uint8Array<ArrayBuffer>> {
  return [secret].flat().map((text) => {
    const bytes = bytesOf(text.startsWith(prefix) ? text.slice(prefix.length) : text)
    if (bytes === undefined || bytes.length === 0) throw new Error('the webhook secret is not whsec_ and base64')
    return bytes
  })
}

/** Those of the first version; other versions are for others to read. */
function signaturesIn(header: string): Array<Uint8Array<ArrayBuffer>> {
  return header
    .split(' ')
    .slice(0, maxSignatures)
    .flatMap((one) => (one.startsWith('v1,') ? [bytesOf(one.slice('v1,'.length))] : []))
    .filter((bytes) => bytes !== undefined)
}

async function isSignedByOne(
  secrets: ReadonlyArray<Uint8Array<ArrayBuffer>>,
  signatures: ReadonlyArray<Uint8Array<ArrayBuffer>>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const { subtle } = globalThis.crypto
  const keys = await Promise.all(
    secrets.map((secret) => subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])),
  )
  const fits = await Promise.all(keys.flatMap((key) => signatures.map((signature) => subtle.verify('HMAC', key, signature, signed))))
  return fits.includes(true)
}

/** Undefined when the text is no base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9A-Za-z+/]+={0,2}$/.test(base64)) return undefined
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}

function readJson(body: Uint8Array): WebhookEvent {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new WebhookError('body', 'what was signed is no JSON')
  }
}
