import { memberOf } from './member-of.ts'

/**
 * What keeps a program from starting, in one line that names the setting. `passes`: it may be otherwise in a minute, without anybody
 * changing what was set; anything else stays as it was asked for.
 */
export type StartProblem = { readonly text: string; readonly passes: boolean }

const pathCodes = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EISDIR']
const sqliteCannotOpen = 14
const sqliteReadOnly = 8

/** Why the store cannot be opened; undefined for a mistake of ours. No password stands in it: drivers name users only. */
export function storeProblem(error: unknown): StartProblem | undefined {
  const [code, errcode] = [memberOf(error, 'code'), memberOf(error, 'errcode')]
  if (memberOf(error, 'name') === 'NoConnection') {
    const why = memberOf(memberOf(error, 'cause'), 'message')
    const said = typeof why === 'string' ? ` (${why})` : ''
    return {
      text: `DATABASE_URL: ${String(memberOf(error, 'message'))}${said}: is it running, and are host, user, password and database right?`,
      passes: true,
    }
  }
  const isPath = typeof code === 'string' && pathCodes.includes(code)
  if (!isPath && errcode !== sqliteCannotOpen && errcode !== sqliteReadOnly) return undefined
  const why = isPath ? code : 'SQLite cannot open it'
  const remedy = 'give a path in a folder that this user may write, for example sqlite:./data/shouyin.db'
  return { text: `DATABASE_URL: the file cannot be written (${why}): ${remedy}`, passes: false }
}

/** Why an address cannot be listened on, in one line that names the setting; undefined for any other error. */
export function listenProblem(error: unknown, setting: string): StartProblem | undefined {
  const [code, host, port] = [memberOf(error, 'code'), memberOf(error, 'address') ?? memberOf(error, 'hostname'), memberOf(error, 'port')]
  const at = `${String(host)}${typeof port === 'number' ? `:${port}` : ''}`
  switch (code) {
    case 'EADDRINUSE':
      return { text: `${setting}: ${at} is in use by another program: end it, or choose another port`, passes: true }
    case 'EADDRNOTAVAIL':
      return { text: `HOST: ${String(host)} is no address of this machine; for example 0.0.0.0 for all it has`, passes: true }
    case 'ENOTFOUND':
      return { text: `HOST: ${String(host)} is not known; for example 0.0.0.0`, passes: false }
    case 'EACCES':
      return { text: `${setting}: this user may not listen on ${at}; for example a port above 1023`, passes: false }
    default:
      return undefined
  }
}
