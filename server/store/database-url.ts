import { Secret } from '../lib/secret.ts'

export type SqliteUrl = { readonly kind: 'sqlite'; readonly path: string }
export type MysqlUrl = {
  readonly kind: 'mysql'
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly user: string
  readonly password: Secret
  readonly database: string
}
export type DatabaseUrl = SqliteUrl | MysqlUrl

const mysqlPattern = /^mysql:\/\/([^:@/]*)(?::([^@/]*))?@([^@/?]+)\/([^/?]+)(?:\?.*)?$/
const defaultPort = 3306

/** Reads `sqlite:path` or `mysql://user:password@host:port,host:port/database`; what is wrong with it never shows the password. */
export function parseDatabaseUrl(text: string): DatabaseUrl | { readonly problem: string } {
  if (text.startsWith('sqlite:')) {
    const path = text.slice('sqlite:'.length)
    return path === '' ? { problem: 'names no file; for example sqlite:./data/shouyin.sqlite' } : { kind: 'sqlite', path }
  }
  const match = mysqlPattern.exec(text)
  if (!match)
    return { problem: 'is neither sqlite:path nor mysql://user:password@host:3306/database; write @ in a password as %40, / as %2F' }
  const [, userText = '', passwordText = '', hostList = '', databaseText = ''] = match
  const [user, password, database] = [decode(userText), decode(passwordText), decode(databaseText)]
  if (user === undefined || password === undefined || database === undefined)
    return { problem: 'has a % that is no escape; write a percent sign in a user, password or database as %25' }
  const hosts = hostList.split(',').map(readHost)
  if (hosts.some((host) => host === undefined))
    return { problem: `has a host that cannot be read in ${hostList}; for example db1:3306,db2:3306` }
  return { kind: 'mysql', hosts: hosts.filter((host) => host !== undefined), user, password: new Secret(password), database }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function readHost(text: string): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(text.trim())
  if (!match) return undefined
  const port = match[2] === undefined ? defaultPort : Number(match[2])
  return port > 0 && port < 65_536 ? { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port } : undefined
}
