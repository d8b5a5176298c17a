/** The part of PromQL that our alerts and our dashboard use: parsed, and evaluated over series that a test gives by hand. */
export type Matcher = { readonly label: string; readonly op: '=' | '!=' | '=~' | '!~'; readonly value: string }
export type Selector = {
  readonly kind: 'selector'
  readonly name: string
  readonly matchers: readonly Matcher[]
  readonly rangeMs?: number
}
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'aggregate'; readonly op: string; readonly by: readonly string[]; readonly of: Expression }
  | {
      readonly kind: 'binary'
      readonly op: string
      readonly left: Expression
      readonly right: Expression
      /** Labels that have to agree; all of them without. */
      readonly on: readonly string[] | undefined
    }

const token =
  /\s*(?:(\d+[smhd](?!\w))|(\d+(?:\.\d+)?(?:e-?\d+)?)|([a-zA-Z_:][\w:]*)|("(?:[^"\\]|\\.)*")|(==|!=|>=|<=|=~|!~|[-+*/(){}[\],=<>]))/y
const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const aggregations = ['sum', 'max', 'min', 'avg', 'count']
const precedence: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '<': 3,
  '>=': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
}

/** @throws Error where it is no PromQL, or a part of it that is not known here. */
export function parsePromql(text: string): Expression {
  const tokens = tokensOf(text)
  let at = 0
  const expression = binary(0)
  if (at < tokens.length) throw new Error(`what does ${tokens[at]} mean here? ${text}`)
  return expression

  function binary(least: number): Expression {
    let left = unary()
    for (;;) {
      const op = tokens[at] ?? ''
      const rank = precedence[op] ?? 0
      if (rank === 0 || rank <= least) return left
      at++
      const on = tokens[at] === 'on' ? names() : undefined
      left = { kind: 'binary', op, left, right: binary(rank), on }
    }
  }

  function unary(): Expression {
    const next = tokens[at++] ?? ''
    if (next === '(') {
      const inside = binary(0)
      expect(')')
      return inside
    }
    if (/^\d/.test(next)) return { kind: 'number', value: Number(next) }
    if (aggregations.includes(next)) return aggregate(next)
    if (tokens[at] === '(') return { kind: 'call', name: next, args: args() }
    if (/^[a-zA-Z_]/.test(next)) return selector(next)
    throw new Error(`what does ${next} mean here? ${text}`)
  }

  function aggregate(op: string): Expression {
    const by = tokens[at] === 'by' ? names() : []
    const [of] = args()
    if (!of) throw new Error(`${op} of nothing: ${text}`)
    return { kind: 'aggregate', op, by, of }
  }

  function args(): Expression[] {
    expect('(')
    const all: Expression[] = []
    while (tokens[at] !== ')') {
      all.push(binary(0))
      if (tokens[at] === ',') at++
    }
    expect(')')
    return all
  }

  /** The labels after `by` or `on`. */
  function names(): string[] {
    at++
    expect('(')
    const all: string[] = []
    while (tokens[at] !== ')') {
      all.push(tokens[at++] ?? '')
      if (tokens[at] === ',') at++
    }
    expect(')')
    return all
  }

  function selector(name: string): Selector {
    const matchers: Matcher[] = []
    if (tokens[at] === '{') {
      at++
      while (tokens[at] !== '}') {
        const [label = '', op = '', value = ''] = tokens.slice(at, at + 3)
        if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~') throw new Error(`no matcher: ${label}${op}${value}`)
        matchers.push({ label, op, value: JSON.parse(value) })
        at += 3
        if (tokens[at] === ',') at++
      }
      at++
    }
    if (tokens[at] !== '[') return { kind: 'selector', name, matchers }
    const rangeMs = durationMs(tokens[at + 1] ?? '')
    at += 2
    expect(']')
    return { kind: 'selector', name, matchers, rangeMs }
  }

  function expect(what: string): void {
    if (tokens[at++] !== what) throw new Error(`${what} is missing before ${tokens[at - 1] ?? 'the end'}: ${text}`)
  }
}

/** `5m` in ms. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const ms = unitsMs[unit]
  if (count === undefined || ms === undefined) throw new Error(`no duration: ${text}`)
  return Number(count) * ms
}

/** Every selector of an expression, with the labels that it is grouped or matched by. */
export function selectorsOf(expression: Expression, by: readonly string[] = []): Array<{ selector: Selector; by: readonly string[] }> {
  switch (expression.kind) {
    case 'number':
      return []
    case 'selector':
      return [{ selector: expression, by }]
    case 'call':
      return expression.args.flatMap((one) => selectorsOf(one, by))
    case 'aggregate':
      return selectorsOf(expression.of, [...by, ...expression.by])
    case 'binary':
      return [expression.left, expression.right].flatMap((one) => selectorsOf(one, [...by, ...(expression.on ?? [])]))
  }
}

function tokensOf(text: string): string[] {
  const all: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const from = token.lastIndex
    const found = token.exec(text)
    if (!found) throw new Error(`no PromQL from here on: ${text.slice(from)}`)
    all.push(found[0].trim())
  }
  return all
}
