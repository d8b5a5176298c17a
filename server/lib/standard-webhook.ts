import { hmacSha256 } from './hmac.ts'
import { Secret } from './secret.ts'

const prefix = 'whsec_'
const secretBytes = 32

/** A new signing secret: `whsec_` and 32 random bytes in Base64. */
export function newWebhookSecret(runtime: { randomBytes(count: number): Uint8Array }): Secret {
  return new Secret(`${prefix}${Buffer.from(runtime.randomBytes(secretBytes)).toString('base64')}`)
}

/**
 * The headers that prove who sends a body, by the Standard Webhooks rules: `v1,` and the HMAC-SHA256 of "id.timestamp.body" in Base64,
 * once for each secret.
 */
export function webhookHeaders({
  id,
  timestamp,
  body,
  secrets,
}: {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
  readonly secrets: readonly Secret[]
}): Record<string, string> {
  const signed = `${id}.${timestamp}.${body}`
  const signatures = secrets.map((secret) => `v1,${Buffer.from(hmacSha256(keyOf(secret), signed)).toString('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}

function keyOf(secret: Secret): Uint8Array {
  return Buffer.from(secret.reveal().slice(prefix.length), 'base64')
}
