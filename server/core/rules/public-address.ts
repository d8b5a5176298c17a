const privateV4 = [
  /^0\./,
  /^10\./,
  /^127\./,
  /^169\.254\./,
  /^192\.168\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
]
const privateV6 = /^\[(::1?|::ffff:.*|f[cd].*|fe[89ab].*)\]$/i
const privateNames = /(^localhost|\.local|\.internal|\.lan|\.home|\.test)$/i

/** Whether a host can be reached from this machine alone. */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Whether nobody outside of a private network can reach a host, judged by its name alone. */
export function isPrivateHost(hostname: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(hostname)) return privateV4.some((range) => range.test(hostname))
  if (hostname.startsWith('[')) return privateV6.test(hostname)
  return privateNames.test(hostname) || !hostname.includes('.')
}
