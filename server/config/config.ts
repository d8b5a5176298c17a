import { isIP } from 'node:net'
import { defaultAccount, readName } from '../../shared/kernel/ids.ts'
import type { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'
import type { TrustedProxies } from '../lib/trusted-proxies.ts'
import type { AccountReader, NamedAccount } from './account-reader.ts'
import { databaseUrl, emulatorUrl, isThisMachine, notifyUrl, publicUrl } from './addresses.ts'
import { type Environment, makeSettings, type Problem } from './environment.ts'
import { limits } from './limits.ts'
import { knownNames, notifyUrlName } from './names.ts'
import { type PayFolder, settingsOf } from './pays-folder.ts'
import { parseProxies } from './proxies.ts'
import { bootstrapApiKey, demoApiKey, longSecret, metricsToken } from './secrets.ts'
import { makeAccountReader, type ReadAccount } from './stored-account.ts'
import { warningsAbout } from './warnings.ts'

export type { AccountReader, NamedAccount } from './account-reader.ts'

/** Contract 6: a webhook that has not answered by then has failed. */
const webhookTimeoutSeconds = 15
const webhookTimeoutMaxSeconds = 60
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type Config<Account = unknown> = {
  /** Nothing is configured: the demo makes what is missing. */
  readonly demo: boolean
  readonly port: number
  readonly emulatorPort: number
  readonly host: string
  /** The public origin, without a path. */
  readonly publicUrl: string | undefined
  /** What payers see as the merchant; the host where no name is given. */
  readonly merchantName: string
  readonly databaseUrl: string
  readonly dataFolder: string
  readonly sessionSecret: Secret | undefined
  readonly masterKey: Secret | undefined
  /** The master key before this one: what was sealed under it can still be opened. */
  readonly masterKeyBefore: Secret | undefined
  readonly trustedProxies: TrustedProxies
  readonly orderNoPrefix: string
  readonly latePayment: 'refund' | 'accept'
  readonly bootstrapApiKey: Secret | undefined
  /** WeChat is the emulator at `emulatorUrl`. */
  readonly wechatSandbox: boolean
  readonly emulatorUrl: string | undefined
  readonly webhook: { readonly timeoutMs: number; readonly allowPrivate: boolean }
  /** Who reads /metrics has to show it; without it, everybody may. */
  readonly metricsToken: Secret | undefined
  readonly limits: ReturnType<typeof limits>
  readonly migrate: boolean
  readonly logLevel: (typeof logLevels)[number]
  readonly accounts: ReadonlyArray<NamedAccount<Account>>
  /** Reads an account that is kept elsewhere, by the same rules. */
  readonly readAccount: ReadAccount<Account>
  readonly warnings: readonly string[]
  /** Every secret that was read, for the log to keep to itself. */
  readonly secrets: readonly Secret[]
}

/** Everything that is wrong with the environment, at once. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(
      [
        'The configuration cannot be used:',
        ...problems.map(({ name, problem, example }) => `  ${name}: ${problem}${example === '' ? '' : `; for example ${example}`}`),
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
export function readConfig<Account>(
  environment: Environment,
  readers: readonly AccountReader<Account>[],
  folders: ReadonlyArray<PayFolder<AccountReader<Account>>> = [],
): Config<Account> {
  const settings = makeSettings(environment)
  const demo = !isConfigured(settings, readers) && folders.length === 0
  const accounts = [...fromEnvironment(settings, readers), ...fromFolders(settings, readers, folders)]
  const config: Config<Account> = {
    demo,
    accounts,
    readAccount: makeAccountReader(environment, readers),
    port: port(settings, 'PORT', 8600),
    emulatorPort: port(settings, 'EMULATOR_PORT', 8601),
    host: settings.text('HOST') ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    publicUrl: publicUrl(settings, demo),
    merchantName: merchantName(settings),
    databaseUrl: databaseUrl(settings),
    dataFolder: './data',
    sessionSecret: longSecret(settings, 'SESSION_SECRET', demo),
    masterKey: longSecret(settings, 'MASTER_KEY', demo),
    masterKeyBefore: longSecret(settings, 'MASTER_KEY_PREVIOUS', true),
    trustedProxies: proxies(settings),
    orderNoPrefix: prefix(settings),
    latePayment: oneOf(settings, 'LATE_PAYMENT', ['refund', 'accept'] as const, 'refund'),
    bootstrapApiKey: bootstrapApiKey(settings),
    wechatSandbox: (settings.text('WECHAT_SANDBOX') ?? '0') !== '0',
    emulatorUrl: emulatorUrl(settings),
    webhook: { timeoutMs: webhookTimeoutMs(settings), allowPrivate: settings.text('WEBHOOK_ALLOW_PRIVATE') === '1' },
    metricsToken: metricsToken(settings),
    limits: limits(settings),
    migrate: settings.text('MIGRATE') !== '0',
    logLevel: oneOf(settings, 'LOG_LEVEL', logLevels, 'info'),
    warnings: warningsAbout(environment, knownNames(readers)),
    secrets: settings.secrets,
  }
  if (settings.problems.length > 0) throw new ConfigError(settings.problems)
  return { ...config, warnings: [...config.warnings, ...openDoors(config)] }
}

function fromEnvironment<Account>(settings: Settings, readers: readonly AccountReader<Account>[]): Array<NamedAccount<Account>> {
  return readers.flatMap((reader) => {
    const source = reader.fromEnvironment(settings)
    const given = notifyUrl(settings, notifyUrlName(reader.name))
    return source === undefined ? [] : [{ channel: reader.name, account: defaultAccount, notifyUrl: given, source }]
  })
}

/** Accounts from `pays/<name>/`, of the types that are built in and of those that a folder brings along. */
function fromFolders<Account>(
  settings: Settings,
  readers: readonly AccountReader<Account>[],
  folders: ReadonlyArray<PayFolder<AccountReader<Account>>>,
): Array<NamedAccount<Account>> {
  return folders.flatMap((folder) => {
    for (const problem of folder.problems) settings.refuse(`pays/${folder.name}`, problem, '')
    const reader = folder.own ?? readers.find((one) => one.folder.type === folder.type)
    const account = readName('AccountId', folder.name)
    if (folder.problems.length > 0 || account === undefined) return []
    if (!reader) {
      const known = readers.map((one) => one.folder.type).join(', ')
      settings.refuse(`pays/${folder.name}/e.json type`, `is ${folder.type}: neither ${known}, nor a type of its own`, 'pays.WechatPayType')
      return []
    }
    const inFolder = settingsOf(folder, reader, settings)
    const source = reader.fromEnvironment(inFolder)
    const given = notifyUrl(inFolder, notifyUrlName(reader.name))
    return source === undefined ? [] : [{ channel: reader.name, account, notifyUrl: given, source }]
  })
}

/** A server of its owner's, or a demo. An app of WeChat's alone is nobody's account. */
function isConfigured(settings: Settings, readers: readonly AccountReader<unknown>[]): boolean {
  const given = readers.map((reader) => ({ reader, name: reader.credentials.find((name) => settings.text(name) !== undefined) }))
  const wechat = given.find(({ reader }) => reader.name === 'wechat')?.name
  const isElsewhere = given.some(({ reader, name }) => reader.name !== 'wechat' && name !== undefined)
  // An app alone is whole where another channel carries the payment: its payers log in with it.
  if (wechat !== undefined && !isElsewhere && settings.text('WECHAT_MCH_ID') === undefined)
    settings.refuse('WECHAT_MCH_ID', `is missing, but ${wechat} is set`, '1900000001')
  return wechat !== undefined || isElsewhere
}

function merchantName(settings: Settings): string {
  const name = settings.text('MERCHANT_NAME')
  if (name !== undefined && (name.length > 64 || /\p{Cc}/u.test(name)))
    settings.refuse('MERCHANT_NAME', 'is longer than 64 characters', '云上茶铺')
  const address = settings.text('PUBLIC_URL') ?? ''
  return name ?? (URL.canParse(address) ? new URL(address).hostname : 'Shouyin')
}

function openDoors({ bootstrapApiKey, publicUrl }: Config): string[] {
  if (bootstrapApiKey?.reveal() !== demoApiKey || publicUrl === undefined || isThisMachine(publicUrl)) return []
  return ['BOOTSTRAP_API_KEY is the demo’s, which everybody knows, and PUBLIC_URL lets everybody in']
}

function port(settings: Settings, name: string, fallback: number): number {
  const text = settings.text(name)
  if (text === undefined) return fallback
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= 0 && value < 65_536)) settings.refuse(name, 'is not a port from 0 to 65535', String(fallback))
  return value
}

function proxies(settings: Settings): TrustedProxies {
  const text = settings.text('TRUSTED_PROXIES')
  const parsed = parseProxies(text, isIP)
  if (parsed === undefined)
    settings.refuse('TRUSTED_PROXIES', 'is neither a number of hops nor a list of addresses', '1, or 10.0.0.0/8,127.0.0.1')
  return parsed ?? { kind: 'hops', hops: 0 }
}

/** With 20 digits behind it a number has to stay well within the 32 characters that channels take. */
function prefix(settings: Settings): string {
  const text = settings.text('ORDER_NO_PREFIX') ?? 'D'
  if (!/^[0-9A-Za-z]{1,6}$/.test(text)) settings.refuse('ORDER_NO_PREFIX', 'is not 1 to 6 letters and digits', 'D')
  return text
}

function webhookTimeoutMs(settings: Settings): number {
  const text = settings.text('WEBHOOK_TIMEOUT') ?? String(webhookTimeoutSeconds)
  const seconds = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds >= 1 && seconds <= webhookTimeoutMaxSeconds))
    settings.refuse('WEBHOOK_TIMEOUT', `is not 1 to ${webhookTimeoutMaxSeconds} seconds`, String(webhookTimeoutSeconds))
  return seconds * 1000
}

function oneOf<Word extends string>(settings: Settings, name: string, words: readonly Word[], fallback: Word): Word {
  const text = settings.text(name)
  const word = words.find((one) => one === text)
  if (text !== undefined && word === undefined) settings.refuse(name, `is ${text}; one of ${words.join(', ')}`, fallback)
  return word ?? fallback
}
