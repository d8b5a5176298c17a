/** Where a member of an object stands in the text: from its value's first character to behind its last. */
export type Span = { readonly start: number; readonly end: number }

/**
 * Where each member of the outermost object has its value, found by walking over the text as JSON is written: names inside strings or
 * deeper objects do not mislead it. Used where the bytes of a value are signed rather than its meaning.
 *
 * @returns undefined when the text is no object, is cut off, or names a member twice.
 */
export function memberSpans(text: string): ReadonlyMap<string, Span> | undefined {
  const spans = new Map<string, Span>()
  let at = blanks(text, 0)
  if (text[at] !== '{') return undefined
  at = blanks(text, at + 1)
  if (text[at] === '}') return rest(text, at + 1) ? spans : undefined
  for (;;) {
    const nameEnd = endOfString(text, at)
    if (nameEnd === undefined) return undefined
    const name = nameIn(text.slice(at, nameEnd))
    at = blanks(text, nameEnd)
    if (name === undefined || spans.has(name) || text[at] !== ':') return undefined
    const start = blanks(text, at + 1)
    const end = endOfValue(text, start)
    if (end === undefined) return undefined
    spans.set(name, { start, end })
    at = blanks(text, end)
    if (text[at] === '}') return rest(text, at + 1) ? spans : undefined
    if (text[at] !== ',') return undefined
    at = blanks(text, at + 1)
  }
}

function endOfValue(text: string, start: number): number | undefined {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first === '{' || first === '[') return endOfNested(text, start)
  let at = start
  while (at < text.length && !',}] \n\r\t'.includes(text[at] ?? '')) at++
  return at > start ? at : undefined
}

function endOfNested(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const letter = text[at]
    if (letter === '"') {
      const end = endOfString(text, at)
      if (end === undefined) return undefined
      at = end - 1
    } else if (letter === '{' || letter === '[') depth++
    else if (letter === '}' || letter === ']') {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return undefined
}

/** Behind the closing quote; undefined when there is none, or no opening one. */
function endOfString(text: string, start: number): number | undefined {
  if (text[start] !== '"') return undefined
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return undefined
}

function nameIn(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}

function blanks(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \n\r\t'.includes(text[at] ?? '')) at++
  return at
}

function rest(text: string, from: number): boolean {
  return blanks(text, from) === text.length
}
