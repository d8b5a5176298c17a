const maxDepth = 32
const maxMembers = 1000
const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

export type ParsedJson = { readonly value: unknown } | { readonly problem: string }

/** A number of a JSON text as it was written: `1e3` and `99.990` are told apart from what they parse to. */
export class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * Reads JSON that somebody else wrote. Depth and size are looked at before anything recurses over it; members that could change a
 * prototype, and repeated ones, are refused.
 *
 * @param keepNumbers numbers come as {@link NumberText} instead, for texts in which they are money.
 */
export function parseJson(source: Uint8Array | string, { keepNumbers = false }: { keepNumbers?: boolean } = {}): ParsedJson {
  const text = typeof source === 'string' ? source : decode(source)
  if (text === undefined) return { problem: 'is not UTF-8' }
  const shape = shapeProblem(text)
  if (shape !== undefined) return { problem: shape }
  const refused: string[] = []
  try {
    const value: unknown = JSON.parse(text, function revive(this: unknown, key: string, member: unknown, context?: { source?: string }) {
      if (forbidden.has(key) && !Array.isArray(this)) refused.push(key)
      if (typeof member === 'number') return keepNumbers ? new NumberText(context?.source ?? String(member)) : member
      if (typeof member === 'string' && !member.isWellFormed()) refused.push(key)
      return member
    })
    return refused.length === 0 ? { value } : { problem: `has a member that is not taken: ${refused[0]}` }
  } catch {
    return { problem: 'is not JSON' }
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Walks over the text without recursion: too deep, too many members, or a member named twice in one object. */
function shapeProblem(text: string): string | undefined {
  const open: Array<Set<string> | undefined> = []
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '{' || letter === '[') {
      open.push(letter === '{' ? new Set() : undefined)
      if (open.length > maxDepth) return `is nested deeper than ${maxDepth} levels`
    } else if (letter === '}' || letter === ']') open.pop()
    else if (letter === ',') members++
    else if (letter === '"') {
      const end = endOfString(text, at)
      const names = open.at(-1)
      if (names && followedByColon(text, end)) {
        const name = nameIn(text.slice(at, end + 1))
        if (names.has(name)) return `names the member ${name.slice(0, 40)} twice`
        names.add(name)
      }
      at = end
    }
    if (members > maxMembers) return `has more than ${maxMembers} members`
  }
  return undefined
}

function endOfString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function followedByColon(text: string, from: number): boolean {
  let at = from + 1
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}

/** A member's name as it is meant: `\u0061` is an a. One that cannot be read is refused by the parser later. */
function nameIn(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
