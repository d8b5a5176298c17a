import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { readName } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { AccountReader, NamedAccount } from './account-reader.ts'
import { notifyUrl } from './addresses.ts'
import { type Environment, makeSettings } from './environment.ts'
import { notifyUrlName } from './names.ts'
import { memberIn, readMembers, settingsOf, textsOf } from './pays-folder.ts'

/** An account by the members that a folder `pays/<name>/` has, with no file left outside. */
export type DescribedAccount = {
  readonly channel: ChannelName
  readonly name: string
  readonly members: Readonly<Record<string, string>>
}
export type ReadAccount<Account> = (described: DescribedAccount) => { readonly account: NamedAccount<Account> } | Problems
type Problems = { readonly problems: readonly string[] }
type Reader = Pick<AccountReader<unknown>, 'name' | 'folder'>

/** What a folder's e.json has besides. */
const otherMembers = ['type', 'title', 'backendBundleEntry', 'frontBundleEntry', 'config']
/** Names whose value is the path of a file, or the file's content. */
const fileNames = /_(MCH_CERT|MCH_KEY|APP_CERT|ROOT_CERT)$|^ALIPAY_CERT$/
const storedName = /^[0-9A-Za-z_-]{1,32}$/

/** Reads accounts that are described by members, as those of folders are: where a channel is found is the environment's to say. */
export function makeAccountReader<Account>(environment: Environment, readers: readonly AccountReader<Account>[]): ReadAccount<Account> {
  return ({ channel, name, members }) => {
    const reader = readers.find((one) => one.name === channel)
    const account = readName('AccountId', name)
    if (!reader || account === undefined || !storedName.test(name) || name === 'default')
      return { problems: [`${name} is no name for an account: up to 32 letters, digits, _ and -, and not default`] }
    const settings = makeSettings(environment)
    const inside = settingsOf({ name, path: '.', members, label: `${channel}/${name}` }, reader, settings)
    const source = reader.fromEnvironment(inside)
    const given = notifyUrl(inside, notifyUrlName(channel))
    if (settings.problems.length > 0)
      return {
        problems: settings.problems.map((one) => `${one.name}: ${one.problem}${one.example === '' ? '' : `; for example ${one.example}`}`),
      }
    if (source === undefined) return { problems: [`${channel}/${name}: nothing of a ${channel} account is described`] }
    return { account: { channel, account, notifyUrl: given, source } }
  }
}

/**
 * Reads the members of an account from a folder like `pays/<name>/`, or from a JSON file with the same members or with the names of the
 * environment. What stands in files beside it is taken in, so that the description is whole by itself.
 */
export function readDescription(path: string, reader: Reader): { readonly members: Readonly<Record<string, string>> } | Problems {
  const problems: string[] = []
  const given = readGiven(path, problems)
  const folder = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path)
  const members = Object.entries(given).flatMap(([name, value]) => {
    const read = readMember(name, value, { reader, folder, problems })
    return read === undefined ? [] : [read]
  })
  return problems.length > 0 ? { problems } : { members: Object.fromEntries(members) }
}

function readGiven(path: string, problems: string[]): Record<string, string> {
  if (!existsSync(path)) {
    problems.push(`${path} is not there`)
    return {}
  }
  if (!statSync(path).isDirectory()) return flat(readMembers(path, problems))
  const files = ['e.json', `${basename(resolve(path))}.json`].filter((name) => existsSync(join(path, name)))
  if (files.length === 0) problems.push(`${path} holds neither e.json nor ${basename(resolve(path))}.json`)
  return Object.assign({}, ...files.map((name) => flat(readMembers(join(path, name), problems))))
}

function flat(read: unknown): Record<string, string> {
  return { ...textsOf(read), ...textsOf(memberIn(read, 'config')) }
}

function readMember(
  name: string,
  value: string,
  { reader, folder, problems }: { reader: Reader; folder: string; problems: string[] },
): readonly [string, string] | undefined {
  const known = reader.folder.members
  const [whole, isFile] = name.endsWith('_FILE')
    ? [name.slice(0, -'_FILE'.length), true]
    : name.endsWith('File')
      ? [name.slice(0, -'File'.length), true]
      : [name, false]
  const member = whole in known ? whole : Object.keys(known).find((one) => known[one] === whole)
  if (member === undefined) {
    if (!otherMembers.includes(name))
      problems.push(`${name} is no member of a ${reader.name} account; one of ${Object.keys(known).join(', ')}`)
    return undefined
  }
  const isPath = isFile || (fileNames.test(known[member] ?? '') && !value.includes('-----BEGIN'))
  const content = isPath ? contentOf(resolve(folder, value)) : value
  if (content === undefined) problems.push(`${name} names a file that cannot be read`)
  return content === undefined ? undefined : [member, content]
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}
