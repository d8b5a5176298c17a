import { createHash } from 'node:crypto'

const digests: Readonly<Record<string, string>> = { MD5: 'md5', SHA256: 'sha256' }

/**
 * All members that were sent, one without a value too, sorted by name, and the key right behind (fact sheet §3).
 *
 * @returns hex in capitals; undefined for a type that is neither MD5 nor SHA256.
 */
export function signMembers(members: URLSearchParams, key: string, type: string): string | undefined {
  const digest = digests[type]
  if (digest === undefined) return undefined
  const pairs = [...members].filter(([name]) => name !== 'sign').sort(([one], [other]) => (one < other ? -1 : 1))
  const text = pairs.map(([name, value]) => `${name}=${value}`).join('&') + key
  return createHash(digest).update(text, 'utf8').digest('hex').toUpperCase()
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

/** A digest of the right form that is not the right one. */
export function wrongDigest(sign: string): string {
  return sign.replace(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16).toUpperCase())
}
