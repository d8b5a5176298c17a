import { parseSync } from '@swc/core'

const functionKinds = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'MethodProperty',
  'Constructor',
])

export type FunctionLength = {
  readonly line: number
  /** Lines of its own; those of functions inside of it count there. */
  readonly lines: number
}

/** How long each function of a source is: a part made of small functions is not a long one. */
export function functionLengths(source: string, { isMarkup = false } = {}): FunctionLength[] {
  // The empty statement stands where the source begins: places are counted from it, in bytes.
  const text = Buffer.from(`;${source}`)
  const tree = parseSync(text.toString(), { syntax: 'typescript', tsx: isMarkup, target: 'es2024' })
  const lengths: FunctionLength[] = []
  walk(tree)
  return lengths

  /** How many lines the functions at and below a node have. */
  function walk(node: unknown): number {
    if (Array.isArray(node)) return node.reduce<number>((sum, one) => sum + walk(one), 0)
    if (typeof node !== 'object' || node === null) return 0
    const inner = Object.values(node).reduce<number>((sum, one) => sum + walk(one), 0)
    const span = functionSpan(node)
    if (!span) return inner
    const [from, to] = [span.start - tree.span.start, span.end - tree.span.start]
    const whole = lineBreaks(text.subarray(from, to)) + 1
    lengths.push({ line: lineBreaks(text.subarray(0, from)) + 1, lines: whole - inner })
    return whole
  }
}

function functionSpan(node: object): { start: number; end: number } | undefined {
  if (!('type' in node && typeof node.type === 'string' && functionKinds.has(node.type))) return undefined
  const span = 'span' in node ? node.span : 'function' in node && isObject(node.function) && 'span' in node.function && node.function.span
  if (!isObject(span) || !('start' in span && 'end' in span)) return undefined
  return typeof span.start === 'number' && typeof span.end === 'number' ? { start: span.start, end: span.end } : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function lineBreaks(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0)
}
