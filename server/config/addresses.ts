import { isIP } from 'node:net'
import type { Settings } from '../lib/settings.ts'

const sqliteDefault = 'sqlite:./data/shouyin.sqlite'
const mysqlHost = /^(?:\[[0-9a-fA-F:]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/
const mysqlAddress = /^mysql:\/\/([^@/]*)@([^@/?]+)\/([^/?]+)(?:\?.*)?$/
/** WeChat Pay takes no longer one. */
const notifyUrlMaxLength = 255

/** The public origin; a demo has none of its own accord, a configured server needs one. */
export function publicUrl(settings: Settings, demo: boolean): string | undefined {
  const text = settings.text('PUBLIC_URL')
  const example = 'https://pay.example.com'
  if (text === undefined) {
    if (!demo) settings.refuse('PUBLIC_URL', 'is missing; channels send their notifications there', example)
    return undefined
  }
  const url = originOf(text)
  if (url && (url.protocol === 'https:' || isThisMachine(url.origin))) return url.origin
  settings.refuse('PUBLIC_URL', 'is not an https origin without a path (http is for this machine only)', example)
  return undefined
}

/** Where channels notify, when not at `PUBLIC_URL`. Its https is the channel's own demand, its path is whatever stands in front of us. */
export function notifyUrl(settings: Settings, name: string): string | undefined {
  const text = settings.text(name)
  if (text !== undefined && (!/^https?:/.test(text) || !URL.canParse(text) || /[?#]/.test(text) || text.length > notifyUrlMaxLength))
    settings.refuse(
      name,
      `is not an address without a query string, of at most ${notifyUrlMaxLength} characters`,
      `https://pay.example.com/api/v1/payments/${name.split('_')[0]?.toLowerCase() ?? ''}/notify`,
    )
  return text
}

/** The emulator of a sandbox; http is fine, for no real secret goes there. */
export function emulatorUrl(settings: Settings): string | undefined {
  const text = settings.text('EMULATOR_URL')
  if (text === undefined) return undefined
  const url = originOf(text)
  if (!url) settings.refuse('EMULATOR_URL', 'is not an origin without a path', 'http://127.0.0.1:8601')
  return url?.origin
}

/** The store reads it again in detail; here it is told in time, beside everything else, and without the password. */
export function databaseUrl(settings: Settings): string {
  const text = settings.text('DATABASE_URL') ?? sqliteDefault
  if (!/^sqlite:./.test(text) && !isMysqlUrl(text))
    settings.refuse(
      'DATABASE_URL',
      'is neither sqlite:path nor mysql://user:password@host:3306/database (write @ in a password as %40, / as %2F, % as %25)',
      sqliteDefault,
    )
  return text
}

/** Whether an address can be reached from this machine alone. */
export function isThisMachine(address: string): boolean {
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}

function originOf(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || /[?#]/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.pathname === '/' && url.username === '' && url.password === '' ? url : undefined
}

function isMysqlUrl(text: string): boolean {
  const [, login = '', hosts = '', database = ''] = mysqlAddress.exec(text) ?? []
  return hosts !== '' && isUnescapable(`${login}${database}`) && hosts.split(',').every((host) => isMysqlHost(host.trim()))
}

function isMysqlHost(text: string): boolean {
  const [whole, port = '3306'] = mysqlHost.exec(text) ?? []
  return whole !== undefined && Number(port) > 0 && Number(port) < 65_536
}

function isUnescapable(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text)
}
