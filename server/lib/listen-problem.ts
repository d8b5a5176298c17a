import { memberOf } from './member-of.ts'

/** `passes`: another program, or a network that is not up yet, may make room; anything else stays as it was asked for. */
export type ListenProblem = { readonly text: string; readonly passes: boolean }

/** Why an address cannot be listened on, in one line that names the setting; undefined for any other error. */
export function listenProblem(error: unknown, setting: string): ListenProblem | undefined {
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
