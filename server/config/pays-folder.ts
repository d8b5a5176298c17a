import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'
import type { Environment } from './environment.ts'

/** An account as a folder `pays/<name>/` describes it, with `e.json` and `<name>.json`. */
export type PayFolder<Reader> = {
  readonly name: string
  readonly path: string
  readonly type: string
  /** The members of both files, the business file's before the other's. */
  readonly members: Readonly<Record<string, string>>
  /** A type of the merchant's own, loaded from `backendBundleEntry`. */
  readonly own: Reader | undefined
  readonly problems: readonly string[]
}

const defaultRoot = './pays'
const folderName = /^[0-9A-Za-z_-]{1,32}$/
const officialPrefix = /^pays\.(Wechat|Qfpay|Alipay)\w*Type$/
const entryFiles = ['index.ts', 'index.mjs', 'index.js']
/** Where a channel is found is one thing for the whole server, unless a folder says otherwise; who we are there never is. */
const inherited = /^(EMULATOR_URL|MERCHANT_NAME|\w+_(GATEWAY|GATEWAY_BACKUP|API_BASE|OPEN_BASE|DIRECT_URL|OAUTH_URL|SANDBOX))$/
const pathNames = /_MCH_(CERT|KEY)$/
const isPem = (text: string) => text.includes('-----BEGIN')

/**
 * Every account below the folder that `PAYS_FOLDER` names; what is wrong with one stands in it, for the configuration to tell with
 * all the rest.
 *
 * @param isReader whether what a merchant's own module exports as `channel` describes one.
 */
export async function readPayFolders<Reader>(
  environment: Environment,
  isReader: (value: unknown) => value is Reader,
): Promise<Array<PayFolder<Reader>>> {
  const root = resolve(environment.PAYS_FOLDER?.trim() || defaultRoot)
  if (!existsSync(root)) return []
  const names = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'e.json')))
    .map(({ name }) => name)
    .sort()
  return Promise.all(names.map((name) => readPayFolder(root, name, isReader)))
}

async function readPayFolder<Reader>(
  root: string,
  name: string,
  isReader: (value: unknown) => value is Reader,
): Promise<PayFolder<Reader>> {
  const path = join(root, name)
  const problems: string[] = []
  if (!folderName.test(name) || name === 'default')
    problems.push('is no name for an account: up to 32 letters, digits, _ and -, and not default')
  const element = readMembers(join(path, 'e.json'), problems)
  const business = readMembers(join(path, `${name}.json`), problems)
  const members = { ...textsOf(element), ...textsOf(memberIn(business, 'config') ?? business) }
  const { type = '', title = '' } = members
  if (title === '') problems.push('e.json: title is missing')
  if (type === '') problems.push('e.json: type is missing')
  const isOwn = type !== '' && !officialPrefix.test(type)
  const own = isOwn ? await load(join(path, members.backendBundleEntry ?? '.'), isReader, problems) : undefined
  return { name, path, type, members, own, problems }
}

export function readMembers(path: string, problems: string[]): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    problems.push(`${path} is no JSON object`)
  } catch (error) {
    problems.push(`${path} ${error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'}`)
  }
  return {}
}

export function memberIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
}

/** Texts as they are, numbers and truths as texts; what is nested is not ours. */
export function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean' ? [[name, String(member)]] : [],
    ),
  )
}

async function load<Reader>(entry: string, isReader: (value: unknown) => value is Reader, problems: string[]): Promise<Reader | undefined> {
  const file = /\.\w+$/.test(entry) ? entry : entryFiles.map((name) => join(entry, name)).find((path) => existsSync(path))
  if (file === undefined || !existsSync(file)) {
    problems.push(`backendBundleEntry: there is no ${entryFiles.join(', ')} in ${entry}`)
    return undefined
  }
  try {
    const module: unknown = await import(pathToFileURL(file).href)
    const channel = memberIn(module, 'channel')
    if (isReader(channel)) return channel
    problems.push(`${file} exports no channel of the form that server/channels/README.md describes`)
  } catch (error) {
    problems.push(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
  return undefined
}

/** A folder's members under the names that a channel reads from the environment. */
export function settingsOf(
  { name: folder, path, members, label = `pays/${folder}` }: Pick<PayFolder<unknown>, 'name' | 'path' | 'members'> & { label?: string },
  { folder: { members: namesOf } }: { readonly folder: { readonly members: Readonly<Record<string, string>> } },
  environment: Settings,
): Settings {
  const memberOf = (name: string) => Object.keys(namesOf).find((member) => namesOf[member] === name)
  return { text, secret, seal: environment.seal, refuse }

  function text(name: string): string | undefined {
    const member = memberOf(name)
    const given = member === undefined ? undefined : (members[member] ?? fileOf(member))
    if (given !== undefined && given.trim() !== '') return pathNames.test(name) && !isPem(given) ? resolve(path, given) : given
    return inherited.test(name) ? environment.text(name) : undefined
  }

  /** `privateKeyFile` stands for `privateKey` with the path of a file, as `NAME_FILE` does in the environment. */
  function fileOf(member: string): string | undefined {
    const file = members[`${member}File`]
    if (file === undefined) return undefined
    try {
      return readFileSync(resolve(path, file), 'utf8').replace(/\r?\n$/, '')
    } catch {
      refuse(`${member}File`, `names a file that cannot be read: ${file}`, './apiclient_key.pem')
      return undefined
    }
  }

  function secret(name: string): Secret | undefined {
    const value = text(name)
    return value === undefined ? undefined : environment.seal(value)
  }

  function refuse(name: string, problem: string, example: string): void {
    environment.refuse(`${label} ${memberOf(name) ?? name}`, problem, example)
  }
}
