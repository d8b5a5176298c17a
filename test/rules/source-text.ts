/** A source as it runs, and as it reads: both as long as it was, so that a place in one is the same place in the other. */
export type SourceText = {
  /** Without comments. */
  readonly words: string
  /** Without comments and without what stands in strings, templates and patterns. */
  readonly code: string
}

type Kind = 'comment' | 'string'

/** Blanks out what is not code; line breaks stay. */
export function readSource(source: string): SourceText {
  const comments: Array<readonly [number, number]> = []
  const strings: Array<readonly [number, number]> = []
  scan(source, (kind, from, to) => (kind === 'comment' ? comments : strings).push([from, to]))
  const words = blank(source, comments)
  return { words, code: blank(words, strings) }
}

/** The line, from 1, in which a place is. */
export function lineAt(source: string, place: number): number {
  return source.slice(0, place).split('\n').length
}

function blank(source: string, spans: ReadonlyArray<readonly [number, number]>): string {
  let text = ''
  let at = 0
  for (const [from, to] of spans) {
    text += source.slice(at, from) + source.slice(from, to).replace(/[^\n]/g, ' ')
    at = to
  }
  return text + source.slice(at)
}

function scan(source: string, found: (kind: Kind, from: number, to: number) => void): void {
  /** For each template that is open, how many braces are open in the code inside of it. */
  const templates: number[] = []
  let at = 0
  while (at < source.length) {
    const here = source[at]
    const depth = templates.at(-1)
    if (source.startsWith('//', at)) at = take('comment', at, indexOr(source, '\n', at))
    else if (source.startsWith('/*', at)) at = take('comment', at, indexOr(source, '*/', at + 2) + 2)
    else if (here === "'" || here === '"') at = take('string', at + 1, closing(source, at + 1, here)) + 1
    else if (here === '`') at = takeTemplate(at + 1)
    else if (here === '/' && isPattern(source.slice(0, at))) at = take('string', at + 1, closingPattern(source, at + 1)) + 1
    else if (here === '}' && depth === 0) {
      templates.pop()
      at = takeTemplate(at + 1)
    } else {
      if (depth !== undefined && (here === '{' || here === '}')) templates[templates.length - 1] = depth + (here === '{' ? 1 : -1)
      at++
    }
  }

  function take(kind: Kind, from: number, to: number): number {
    const end = Math.min(to, source.length)
    found(kind, from, end)
    return end
  }

  /** The text of a template up to its end, or up to code inside of it, which is read as code. */
  function takeTemplate(from: number): number {
    let end = from
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end)) end += source[end] === '\\' ? 2 : 1
    take('string', from, end)
    if (source[end] === '`') return end + 1
    templates.push(0)
    return end + 2
  }
}

function indexOr(source: string, mark: string, from: number): number {
  const index = source.indexOf(mark, from)
  return index === -1 ? source.length : index
}

function closing(source: string, from: number, quote: string): number {
  let at = from
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1
  return at
}

/** A slash inside of brackets does not end a pattern. */
function closingPattern(source: string, from: number): number {
  let isInBrackets = false
  let at = from
  while (at < source.length && source[at] !== '\n' && (isInBrackets || source[at] !== '/')) {
    if (source[at] === '[') isInBrackets = true
    if (source[at] === ']') isInBrackets = false
    at += source[at] === '\\' ? 2 : 1
  }
  return at
}

/** A slash divides what stands before it, or opens a pattern where nothing stands that could be divided. */
function isPattern(before: string): boolean {
  const text = before.slice(-60).trimEnd()
  return text === '' || /[(,=:[!&|?{};~+\-*%<>]$/.test(text) || /\b(return|typeof|case|in|of|await)$/.test(text)
}
