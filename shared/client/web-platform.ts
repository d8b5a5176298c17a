import type { CallAnswer, CallRequest, CallRuntime, CallTransport, RetryPolicy } from './calls.ts'
import { type MerchantClient, makeMerchantClient } from './merchant-client.ts'

/** The clock, chance and network that Node and browsers have; the only place of the client that knows them. */
export const webRuntime: CallRuntime = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
  newKey: () => globalThis.crypto.randomUUID(),
}

/**
 * A merchant's client over `fetch`.
 *
 * @param origin of the server, such as `https://pay.example.com`.
 * @param key a merchant key, `sk_…`. It belongs on a server: whoever has it has the shop.
 */
export function connectMerchant({
  origin,
  key,
  policy,
}: {
  readonly origin: string
  readonly key: string
  readonly policy?: Partial<RetryPolicy>
}): MerchantClient {
  return makeMerchantClient({ transport: makeFetchTransport({ origin, key }), runtime: webRuntime, ...(policy && { policy }) })
}

/** Carries requests by `fetch`. A redirect is no answer: the key goes to the address it was given for, and nowhere else. */
export function makeFetchTransport({ origin, key }: { readonly origin: string; readonly key: string }): CallTransport {
  return async function send({ method, path, body, raw, idempotencyKey, timeoutMs }: CallRequest): Promise<CallAnswer> {
    const sent = raw ?? (body === undefined ? undefined : { contentType: 'application/json', text: JSON.stringify(body) })
    const answer = await fetch(`${origin.replace(/\/$/, '')}/api/v1${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${key}`,
        ...(sent === undefined ? {} : { 'content-type': sent.contentType }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(sent === undefined ? {} : { body: sent.text }),
    })
    const text = await answer.text()
    return { status: answer.status, body: readJson(text), text, retryAfter: answer.headers.get('retry-after') ?? undefined }
  }
}

/** What is no JSON is a page of somebody on the way. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
