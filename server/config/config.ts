import { isIP } from 'node:net'
import type { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'
import { type Environment, makeSettings, type Problem } from './environment.ts'
import { parseProxies } from './proxies.ts'
import { warningsAbout } from './warnings.ts'

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type Config<Account = unknown> = {
  /** Nothing is configured: the demo makes what is missing. */
  readonly demo: boolean
  readonly port: number
  readonly emulatorPort: number
  readonly host: string
  /** The public origin, without a path. */
  readonly publicUrl: string | undefined
  readonly databaseUrl: string
  readonly dataFolder: string
  readonly sessionSecret: Secret | undefined
  readonly masterKey: Secret | undefined
  readonly trustedProxies: TrustedProxies
  readonly orderNoPrefix: string
  readonly latePayment: 'refund' | 'accept'
  readonly bootstrapApiKey: Secret | undefined
  readonly notifyUrl: string | undefined
  readonly migrate: boolean
  readonly logLevel: (typeof logLevels)[number]
  readonly accounts: readonly Account[]
  readonly warnings: readonly string[]
}

/** Reads the names of one channel; undefined when none of its names is set. */
export type AccountReader<Account> = { readonly name: string; fromEnvironment(settings: Settings): Account | undefined }

/** Everything that is wrong with the environment, at once. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(
      [
        'The configuration cannot be used:',
        ...problems.map(({ name, problem, example }) => `  ${name} ${problem}${example === '' ? '' : `; for example ${example}`}`),
      ].join('\n'),
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * The environment as one typed value.
 *
 * @throws ConfigError that names every variable that is wrong, what is wrong with it, and an example. No secret stands in it.
 */
export function readConfig<Account>(environment: Environment, readers: readonly AccountReader<Account>[]): Config<Account> {
  const settings = makeSettings(environment)
  const accounts = readers.map((reader) => reader.fromEnvironment(settings)).filter((account) => account !== undefined)
  const demo = !isConfigured(settings)
  const config: Config<Account> = {
    demo,
    accounts,
    port: port(settings, 'PORT', 8600),
    emulatorPort: port(settings, 'EMULATOR_PORT', 8601),
    host: settings.text('HOST') ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    publicUrl: publicUrl(settings, demo),
    databaseUrl: databaseUrl(settings),
    dataFolder: './data',
    sessionSecret: longSecret(settings, 'SESSION_SECRET', demo),
    masterKey: longSecret(settings, 'MASTER_KEY', demo),
    trustedProxies: proxies(settings),
    orderNoPrefix: prefix(settings),
    latePayment: oneOf(settings, 'LATE_PAYMENT', ['refund', 'accept'] as const, 'refund'),
    bootstrapApiKey: apiKey(settings),
    notifyUrl: notifyUrl(settings),
    migrate: settings.text('MIGRATE') !== '0',
    logLevel: oneOf(settings, 'LOG_LEVEL', logLevels, 'info'),
    warnings: warningsAbout(environment),
  }
  if (settings.problems.length > 0) throw new ConfigError(settings.problems)
  return config
}

/** Any credential of a channel makes it a configured server, so that half a configuration is an error and never a demo. */
function isConfigured(settings: Settings): boolean {
  return ['WECHAT_MCH_ID', 'QFPAY_APP_CODE', 'ALIPAY_APP_ID'].some((name) => settings.text(name) !== undefined)
}

function port(settings: Settings, name: string, fallback: number): number {
  const text = settings.text(name)
  if (text === undefined) return fallback
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= 0 && value < 65_536)) settings.refuse(name, 'is not a port from 0 to 65535', String(fallback))
  return value
}

function publicUrl(settings: Settings, demo: boolean): string | undefined {
  const text = settings.text('PUBLIC_URL')
  const example = 'https://pay.example.com'
  if (text === undefined) {
    if (!demo) settings.refuse('PUBLIC_URL', 'is missing; channels send their notifications there', example)
    return undefined
  }
  if (!isOrigin(text)) settings.refuse('PUBLIC_URL', 'is not an https origin without a path (http is for this machine only)', example)
  return text.replace(/\/$/, '')
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search, hash, username } = new URL(text)
  const isHere = hostname === 'localhost' || hostname.startsWith('127.') || hostname === '[::1]'
  return (protocol === 'https:' || (protocol === 'http:' && isHere)) && pathname === '/' && search === '' && hash === '' && username === ''
}

function databaseUrl(settings: Settings): string {
  const text = settings.text('DATABASE_URL') ?? 'sqlite:./data/shouyin.sqlite'
  if (!/^(sqlite:.|mysql:\/\/[^/]+@[^/]+\/.)/.test(text))
    settings.refuse('DATABASE_URL', 'is neither sqlite:path nor mysql://user:password@host:3306/database', 'sqlite:./data/shouyin.sqlite')
  return text
}

function longSecret(settings: Settings, name: string, demo: boolean): Secret | undefined {
  const secret = settings.secret(name)
  const example = '48 random characters, as openssl rand -base64 36 makes them'
  if (secret === undefined && !demo) settings.refuse(name, 'is missing', example)
  if (secret !== undefined && Buffer.byteLength(secret.reveal()) < 32)
    settings.refuse(name, `has ${Buffer.byteLength(secret.reveal())} bytes; at least 32`, example)
  return secret
}

function proxies(settings: Settings): TrustedProxies {
  const text = settings.text('TRUSTED_PROXIES')
  const parsed = parseProxies(text, isIP)
  if (parsed === undefined)
    settings.refuse('TRUSTED_PROXIES', 'is neither a number of hops nor a list of addresses', '1, or 10.0.0.0/8,127.0.0.1')
  return parsed ?? { kind: 'hops', hops: 0 }
}

/** With the 20 digits behind it a number has to stay within the channel's 32 characters. */
function prefix(settings: Settings): string {
  const text = settings.text('ORDER_NO_PREFIX') ?? 'D'
  if (!/^[0-9A-Za-z]{1,8}$/.test(text)) settings.refuse('ORDER_NO_PREFIX', 'is not 1 to 8 letters and digits', 'D')
  return text
}

function oneOf<Word extends string>(settings: Settings, name: string, words: readonly Word[], fallback: Word): Word {
  const text = settings.text(name)
  const word = words.find((one) => one === text)
  if (text !== undefined && word === undefined) settings.refuse(name, `is ${text}; one of ${words.join(', ')}`, fallback)
  return word ?? fallback
}

function apiKey(settings: Settings): Secret | undefined {
  const secret = settings.secret('BOOTSTRAP_API_KEY')
  if (secret !== undefined && !/^sk_[0-9A-Za-z_]{9,}$/.test(secret.reveal()))
    settings.refuse('BOOTSTRAP_API_KEY', 'is not sk_ and at least 9 letters and digits', 'sk_live_ and 32 random letters and digits')
  return secret
}

function notifyUrl(settings: Settings): string | undefined {
  const text = settings.text('WECHAT_NOTIFY_URL')
  if (text !== undefined && (!URL.canParse(text) || new URL(text).search !== '' || !/^https?:/.test(text) || text.length > 255))
    settings.refuse(
      'WECHAT_NOTIFY_URL',
      'is not an address without a query string, of at most 255 characters',
      'https://pay.example.com/api/v1/payments/wechat/notify',
    )
  return text
}
