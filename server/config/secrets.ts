import type { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'

/** The demo's own merchant key (contract 1), known to everybody who has read about it. */
export const demoApiKey = 'sk_test_demo'
const secretMinBytes = 32
const apiKeyMinLength = 16

/** A secret of 32 bytes or more; the demo makes one when there is none. */
export function longSecret(settings: Settings, name: string, demo: boolean): Secret | undefined {
  const secret = settings.secret(name)
  const example = '48 random characters, as openssl rand -base64 36 makes them'
  if (secret === undefined && !demo) settings.refuse(name, 'is missing', example)
  if (secret !== undefined && byteLength(secret) < secretMinBytes)
    settings.refuse(name, `has ${byteLength(secret)} bytes; at least ${secretMinBytes}`, example)
  return secret
}

/** The merchant key that is accepted from the first start. */
export function bootstrapApiKey(settings: Settings): Secret | undefined {
  const secret = settings.secret('BOOTSTRAP_API_KEY')
  if (secret !== undefined && !isApiKey(secret.reveal()))
    settings.refuse(
      'BOOTSTRAP_API_KEY',
      `is not sk_ and letters, digits and _, ${apiKeyMinLength} to 200 characters in all`,
      'sk_live_ and 32 random letters and digits',
    )
  return secret
}

/** What a Prometheus server shows to read the figures. */
export function metricsToken(settings: Settings): Secret | undefined {
  const secret = settings.secret('METRICS_TOKEN')
  if (secret !== undefined && !/^[\x21-\x7e]{16,200}$/.test(secret.reveal()))
    settings.refuse('METRICS_TOKEN', 'is not 16 to 200 visible characters', '32 random letters and digits')
  return secret
}

function isApiKey(text: string): boolean {
  return text === demoApiKey || (/^sk_[0-9A-Za-z_]{1,197}$/.test(text) && text.length >= apiKeyMinLength)
}

function byteLength(secret: Secret): number {
  return Buffer.byteLength(secret.reveal())
}
