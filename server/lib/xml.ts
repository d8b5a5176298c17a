import { XMLParser, XMLValidator } from 'fast-xml-parser'

const maxBytesOfNotice = 64 * 1024
const maxMembers = 400
const longestName = 64

export type FlatXml = { readonly members: ReadonlyMap<string, string> } | { readonly problem: string }

/** Everything stays text: numbers as written, blanks where they are, CDATA apart from text so that nothing is unescaped twice. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
})

/**
 * Reads a document of one level, `<xml><name>text</name>…</xml>`, that somebody else wrote. A document type or an entity declaration is
 * refused before any parser sees it; so are attributes, comments, deeper levels, members named twice and entities beyond the five that
 * XML has.
 */
export function readFlatXml(
  bytes: Uint8Array,
  { root = 'xml', maxBytes = maxBytesOfNotice }: { root?: string; maxBytes?: number } = {},
): FlatXml {
  if (bytes.length > maxBytes) return { problem: `is longer than ${maxBytes} bytes` }
  const text = decode(bytes)
  if (text === undefined) return { problem: 'is not UTF-8' }
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.test(text)) return { problem: 'declares a document type or entities' }
  if (XMLValidator.validate(text, { allowBooleanAttributes: false }) !== true) return { problem: 'is not XML' }
  if (hasMoreThanMembers(text)) return { problem: 'has comments or instructions' }
  try {
    return flatten(parser.parse(text), root)
  } catch {
    return { problem: 'is not XML' }
  }
}

/** A comment inside a member would part its text, an instruction is for whoever takes it: nobody sends either. */
function hasMoreThanMembers(text: string): boolean {
  const outside = text.replace(/^\s*<\?xml[^>]*\?>/, '').replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '')
  return /<[!?]/.test(outside)
}

type Node = Readonly<Record<string, unknown>>

function flatten(document: unknown, root: string): FlatXml {
  const elements = nodesOf(document).filter((node) => !('#text' in node) && !('?xml' in node))
  const [only, ...others] = elements
  const inside = only?.[root]
  if (!only || others.length > 0 || inside === undefined || ':@' in only) return { problem: `is not one element <${root}>` }
  const members = new Map<string, string>()
  for (const node of nodesOf(inside)) {
    if ('#text' in node || '#cdata' in node) {
      if ('#cdata' in node || plain(node['#text']).trim() !== '') return { problem: 'has text between its members' }
      continue
    }
    const [name = ''] = Object.keys(node).filter((key) => key !== ':@')
    if (':@' in node) return { problem: `has attributes at ${name.slice(0, longestName)}` }
    if (members.has(name)) return { problem: `names the member ${name.slice(0, longestName)} twice` }
    const value = textOf(nodesOf(node[name]))
    if (value === undefined) return { problem: `has no plain text in ${name.slice(0, longestName)}` }
    if (members.size >= maxMembers || name.length > longestName)
      return { problem: `has more than ${maxMembers} members, or one with a longer name` }
    members.set(name, value)
  }
  return { members }
}

function nodesOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter((node): node is Node => typeof node === 'object' && node !== null) : []
}

/** Text and CDATA in their order; undefined when an element, or an entity nobody knows, is among them. */
function textOf(nodes: readonly Node[]): string | undefined {
  let text = ''
  for (const node of nodes) {
    const piece = '#text' in node ? unescaped(plain(node['#text'])) : '#cdata' in node ? cdataOf(node['#cdata']) : undefined
    if (piece === undefined) return undefined
    text += piece
  }
  return text
}

function cdataOf(value: unknown): string {
  return nodesOf(value)
    .map((node) => plain(node['#text']))
    .join('')
}

/** The parser gives texts as texts, whatever its types say. */
function plain(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(text: string): string | undefined {
  let isKnown = true
  const expanded = text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);|&/g, (whole, name: string | undefined) => {
    const point = name?.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : name?.startsWith('#') ? Number(name.slice(1)) : undefined
    const letter = point === undefined ? named[name ?? ''] : isLetter(point) ? String.fromCodePoint(point) : undefined
    isKnown &&= letter !== undefined
    return letter ?? whole
  })
  return isKnown ? expanded : undefined
}

function isLetter(point: number): boolean {
  return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Writes such a document, every value in CDATA; letters that XML does not have are left out. */
export function writeFlatXml(members: Readonly<Record<string, string>>): string {
  const lines = Object.entries(members).map(
    ([name, value]) => `<${name}><![CDATA[${clean(value).replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`,
  )
  return `<xml>${lines.join('')}</xml>`
}

/**
 * As it will be read: without the control characters that no XML document can hold, its line ends as every parser makes them. What is
 * signed and what is written are the same text.
 */
export function clean(text: string): string {
  return [...text.replace(/\r\n?/g, '\n')].filter(isXmlLetter).join('')
}

const tabAndLineEnds = new Set([0x09, 0x0a, 0x0d])

function isXmlLetter(letter: string): boolean {
  const point = letter.codePointAt(0) ?? 0
  return (point >= 0x20 && point !== 0xfffe && point !== 0xffff) || tabAndLineEnds.has(point)
}
