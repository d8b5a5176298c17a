import { limitNames } from './limits.ts'

/** What the server itself reads (contract, section 1, and our own few); each channel adds its own. `NAME_FILE` goes with each. */
const ownNames = [
  'PORT',
  'EMULATOR_PORT',
  'HOST',
  'PUBLIC_URL',
  'MERCHANT_NAME',
  'DATABASE_URL',
  'SESSION_SECRET',
  'MASTER_KEY',
  'MASTER_KEY_PREVIOUS',
  'TRUSTED_PROXIES',
  'BOOTSTRAP_API_KEY',
  'ORDER_NO_PREFIX',
  'LATE_PAYMENT',
  'MIGRATE',
  'LOG_LEVEL',
  'EMULATOR_URL',
  'PAYS_FOLDER',
  'WEBHOOK_TIMEOUT',
  'WEBHOOK_ALLOW_PRIVATE',
  'METRICS_TOKEN',
  ...limitNames,
]

type Named = { readonly name: string; readonly credentials: readonly string[]; readonly settings: readonly string[] }

/** Every name that somebody reads. */
export function knownNames(channels: readonly Named[]): string[] {
  return [...new Set([...ownNames, ...channels.flatMap((one) => [...one.credentials, ...one.settings, notifyUrlName(one.name)])])]
}

/** Where a channel notifies, when not at `PUBLIC_URL`. */
export function notifyUrlName(channel: string): string {
  return `${channel.toUpperCase()}_NOTIFY_URL`
}
