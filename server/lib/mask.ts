import { Secret } from './secret.ts'

export const censor = '***'
const maxDepth = 8
const maxMembers = 200
/** A longer text is cut before it is looked at, and what is kept of it once more. */
const readMaxLetters = 16 * 1024
const keptMaxLetters = 8 * 1024

/** A shorter one is no secret, and would take words out of sentences. */
const shortestSecret = 8

/** Ends of names (in small letters, without - and _) whose members hold a person or a secret, whatever object they are in. */
const maskedEndings = [
  'openid',
  'unionid',
  'sign',
  'signature',
  'authorization',
  'cookie',
  'token',
  'key',
  'secret',
  'password',
  'authcode',
  'logincode',
  'realname',
  'payername',
  'buyername',
  'username',
  'bankaccount',
  'idcard',
  'mobile',
  'phone',
  'buyerid',
  'buyerlogonid',
]

const names = `[\\w-]{0,40}(?:${maskedEndings.map((ending) => [...ending].join('[-_]?')).join('|')})`
const inQuotes = `\\\\{1,8}"[^"]{0,2000}"|"(?:[^"\\\\]|\\\\.){0,2000}"|'[^']{0,2000}'`
/** The same names inside a text, as `name=value`, `name: value`, `"name":"value"` (also inside another JSON text) or `<name>value</name>`. */
const named = new RegExp(
  `(?<![\\w\\\\-])(\\\\{0,8}["']?)(${names})\\1(\\s{0,9}[:=]\\s{0,9})(?:${inQuotes}|(?:Bearer\\s+|Basic\\s+)?\\\\{0,8}["']?[^\\s&,;}"'\\\\]+)`,
  'gi',
)
const tagged = new RegExp(`<(${names})>[\\s\\S]{0,2000}?</\\1>`, 'gi')
/** Each takes time in proportion to the text, however it is made: nothing without an end may begin anywhere. */
const looks: ReadonlyArray<readonly [RegExp, string]> = [
  [/-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)/g, censor],
  // Not a task_queue.
  [/(?<![a-z])sk_[0-9A-Za-z_]+/g, `sk_${censor}`],
  [/whsec_[0-9A-Za-z+/=_-]+/g, `whsec_${censor}`],
  [/\b(Bearer|Basic)\s+[\w\-.~+/=]+/gi, `$1 ${censor}`],
  // A session: a body and what signs it.
  [/(?<![\w-])[\w-]{40,2000}\.[\w-]{43}(?![\w-])/g, censor],
  [/(:\/\/[^\s:@/]{0,200}):[^\s@]{0,200}@/g, `$1:${censor}@`],
  // The secret of a cashier link.
  [/([?&]k=)[^&\s"']+/g, `$1${censor}`],
  [tagged, `<$1>${censor}</$1>`],
  [named, `$1$2$1$3${censor}`],
]
/** Keys, certificates and signatures in Base64 or hex; a long path of a file looks like one, too. */
const longWord = /[0-9A-Za-z+/_-]{86,}={0,2}/g
const isPath = /\/(?:node_modules|server|shared|test)\//
/** Most texts are a word, a number, a sentence or the path of a route, and hold none of this. */
const plain = /^[\w ./:-]{0,80}$/
/** A colon stands in a route before a parameter, elsewhere behind a name. */
const begins = /sk_|whsec_|Bearer|Basic|BEGIN|[^/]:/i

/** What is shown of a member's name, and whether its value is. */
type Member = { readonly shown: string; readonly isMasked: boolean }
const maxMemberNames = 1000

export type Mask = ReturnType<typeof makeMask>

/**
 * Makes a copy of a record in which no secret stands: members by their names at any depth, texts by what keys, tokens and signatures look
 * like, and the secrets that are known, wherever they are.
 */
export function makeMask(known: readonly Secret[] = []) {
  // Longer ones first: one may be part of another.
  const texts = known
    .map((secret) => secret.reveal())
    .filter((one) => one.length >= shortestSecret)
    .sort((one, other) => other.length - one.length)
  const memberNames = new Map<string, Member>()
  return { record, text }

  function record(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return members(Object.entries(given), 0, new Set([given]))
  }

  function text(given: string): string {
    let masked = given.length > readMaxLetters ? given.slice(0, readMaxLetters) : given
    for (const secret of texts) if (secret.length <= masked.length && masked.includes(secret)) masked = masked.replaceAll(secret, censor)
    if (plain.test(masked) && !begins.test(masked)) return masked
    for (const [pattern, by] of looks) masked = masked.replace(pattern, by)
    masked = masked.replace(longWord, (word) => (isPath.test(word) ? word : censor))
    return masked.length > keptMaxLetters ? `${masked.slice(0, keptMaxLetters).toWellFormed()}…` : masked
  }

  function value(given: unknown, depth: number, above: ReadonlySet<unknown>): unknown {
    if (typeof given === 'string') return text(given)
    if (typeof given === 'bigint') return String(given)
    if (typeof given === 'function' || typeof given === 'symbol') return undefined
    if (typeof given !== 'object' || given === null) return given
    if (given instanceof Secret) return censor
    if (given instanceof Date) return Number.isNaN(given.getTime()) ? 'no date' : given.toISOString()
    if (ArrayBuffer.isView(given)) return `[${given.byteLength} bytes]`
    if (depth >= maxDepth || above.has(given)) return '[…]'
    return inside(given, depth + 1, new Set([...above, given]))
  }

  function inside(given: object, depth: number, above: ReadonlySet<unknown>): unknown {
    try {
      if (given instanceof Error) return error(given, depth, above)
      if (given instanceof Map)
        return members(
          [...given].map(([key, member]) => [String(key), member]),
          depth,
          above,
        )
      if (given instanceof Set) return value([...given], depth, above)
      if (Array.isArray(given)) return given.slice(0, maxMembers).map((member) => value(member, depth, above))
      if ('toJSON' in given && typeof given.toJSON === 'function') return value(given.toJSON(), depth, above)
      return members(Object.entries(given), depth, above)
    } catch {
      // Whatever it is, a log line is not what it may break.
      return '[unreadable]'
    }
  }

  function error(given: Error, depth: number, above: ReadonlySet<unknown>): Record<string, unknown> {
    const { message, stack, cause } = given
    const type = given.constructor?.name ?? given.name
    const more = Object.entries(given).filter(([name]) => name !== 'message' && name !== 'stack' && name !== 'cause')
    return members([['type', type], ['message', message], ['stack', stack], ...more, ['cause', cause]], depth, above)
  }

  function members(
    entries: ReadonlyArray<readonly [string, unknown]>,
    depth: number,
    above: ReadonlySet<unknown>,
  ): Record<string, unknown> {
    return Object.fromEntries(
      entries.slice(0, maxMembers).map(([name, member]) => {
        const { shown, isMasked } = memberOf(name)
        return [shown, isMasked && member !== undefined ? censor : value(member, depth, above)]
      }),
    )
  }

  /** The same few names come in every line. */
  function memberOf(name: string): Member {
    const known = memberNames.get(name)
    if (known) return known
    const member = { shown: text(name), isMasked: isMaskedName(name) }
    if (memberNames.size < maxMemberNames) memberNames.set(name, member)
    return member
  }
}

function isMaskedName(name: string): boolean {
  const letters = name.replace(/[-_]/g, '').toLowerCase()
  return maskedEndings.some((ending) => letters.endsWith(ending))
}
