import { createHash } from 'node:crypto'

/** All members that came with a value, sorted, and the key right behind; hex in capitals. */
export function signMembers(members: URLSearchParams, key: string, type: string): string {
  const pairs = [...members].filter(([name, value]) => name !== 'sign' && value !== '').map(([name, value]) => `${name}=${value}`)
  const text = pairs.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1)).join('&') + key
  return createHash(type === 'SHA256' ? 'sha256' : 'md5')
    .update(text, 'utf8')
    .digest('hex')
    .toUpperCase()
}

function nameOf(pair: string): string {
  return pair.slice(0, pair.indexOf('='))
}

/** The digest of a body as it goes out, with the key behind it: always MD5. */
export function signBody(body: string, key: string): string {
  return createHash('md5')
    .update(body + key, 'utf8')
    .digest('hex')
    .toUpperCase()
}

/** JSON as Python writes it: a blank after commas and colons, everything beyond ASCII escaped. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${pythonJson(name)}: ${pythonJson(member)}`)
      .join(', ')}}`
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
