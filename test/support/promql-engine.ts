import type { Expression, Matcher, Selector } from './promql.ts'

export type Labels = Readonly<Record<string, string>>
/** A series as it was scraped. */
export type Series = {
  readonly name: string
  readonly labels: Labels
  readonly samples: ReadonlyArray<{ readonly at: number; readonly value: number }>
}
export type Point = { readonly labels: Labels; readonly value: number }
type Value = number | Point[]

/** A sample older than this is not there any more. */
const staleMs = 5 * 60_000

/** What an expression is at an instant (ms): a number, or a value for each set of labels. By Prometheus' own rules, extrapolation included. */
export function evaluate(expression: Expression, series: readonly Series[], at: number): Value {
  switch (expression.kind) {
    case 'number':
      return expression.value
    case 'selector':
      return instant(expression, series, at)
    case 'call':
      return call(expression.name, expression.args, series, at)
    case 'aggregate':
      return aggregate(expression.op, expression.by, points(evaluate(expression.of, series, at)))
    case 'binary':
      return combine(expression, evaluate(expression.left, series, at), evaluate(expression.right, series, at))
  }
}

function matching({ name, matchers }: Selector, series: readonly Series[]): Series[] {
  return series.filter((one) => one.name === name && matchers.every((matcher) => matches(matcher, one.labels[matcher.label] ?? '')))
}

/** Whether a label's value is meant; patterns are of the whole value. */
export function matches({ op, value }: Matcher, text: string): boolean {
  if (op === '=' || op === '!=') return (text === value) === (op === '=')
  return new RegExp(`^(?:${value})$`).test(text) === (op === '=~')
}

function instant(selector: Selector, series: readonly Series[], at: number): Point[] {
  return matching(selector, series).flatMap(({ labels, samples }) => {
    const last = samples.findLast((sample) => sample.at <= at && sample.at > at - staleMs)
    return last === undefined ? [] : [{ labels, value: last.value }]
  })
}

function call(name: string, args: readonly Expression[], series: readonly Series[], at: number): Point[] {
  const [selector] = args
  if (selector?.kind !== 'selector') throw new Error(`${name} is known over a metric only`)
  const all = matching(selector, series)
  const { rangeMs = 0 } = selector
  switch (name) {
    case 'absent':
      return instant(selector, series, at).length > 0 ? [] : [{ labels: namedBy(selector), value: 1 }]
    case 'increase':
    case 'rate':
      return all.flatMap((one) => {
        const value = increase(one, at - rangeMs, at)
        return value === undefined ? [] : [{ labels: one.labels, value: name === 'rate' ? value / (rangeMs / 1000) : value }]
      })
    case 'max_over_time':
      return all.flatMap(({ labels, samples }) => {
        const inside = samples.filter((sample) => sample.at >= at - rangeMs && sample.at <= at).map(({ value }) => value)
        return inside.length === 0 ? [] : [{ labels, value: Math.max(...inside) }]
      })
    default:
      throw new Error(`${name} is not known here`)
  }
}

function namedBy({ matchers }: Selector): Labels {
  return Object.fromEntries(matchers.filter(({ op }) => op === '=').map(({ label, value }) => [label, value]))
}

/** How much a counter grew, resets included, extrapolated to the ends of the range as Prometheus does. */
function increase({ samples }: Series, from: number, to: number): number | undefined {
  const inside = samples.filter((sample) => sample.at >= from && sample.at <= to)
  const [first, last] = [inside.at(0), inside.at(-1)]
  if (!first || !last || inside.length < 2) return undefined
  const resets = inside.reduce(
    (sum, sample, nth) => sum + (sample.value < (inside[nth - 1]?.value ?? 0) ? (inside[nth - 1]?.value ?? 0) : 0),
    0,
  )
  const grown = last.value - first.value + resets
  const seen = last.at - first.at
  const step = seen / (inside.length - 1)
  // A counter cannot have been below zero.
  const sinceZero = grown > 0 && first.value >= 0 ? seen * (first.value / grown) : Number.POSITIVE_INFINITY
  const before = Math.min(first.at - from, sinceZero)
  const reach = (gap: number) => (gap < step * 1.1 ? gap : step / 2)
  return grown * ((seen + reach(before) + reach(to - last.at)) / seen)
}

function aggregate(op: string, by: readonly string[], all: readonly Point[]): Point[] {
  const groups = new Map<string, { labels: Labels; values: number[] }>()
  for (const { labels, value } of all) {
    const kept = Object.fromEntries(by.filter((label) => labels[label] !== undefined).map((label) => [label, labels[label] ?? '']))
    const group = groups.get(keyOf(kept)) ?? { labels: kept, values: [] }
    group.values.push(value)
    groups.set(keyOf(kept), group)
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: reduced(op, values) }))
}

function reduced(op: string, values: readonly number[]): number {
  const sum = values.reduce((one, other) => one + other, 0)
  if (op === 'sum') return sum
  if (op === 'avg') return sum / values.length
  if (op === 'count') return values.length
  return op === 'max' ? Math.max(...values) : Math.min(...values)
}

function combine({ op, on }: Extract<Expression, { kind: 'binary' }>, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return arithmetic(op, left, right) ?? Number.NaN
  const key = (labels: Labels) => keyOf(on === undefined ? labels : Object.fromEntries(on.map((label) => [label, labels[label] ?? ''])))
  if (op === 'and' || op === 'or' || op === 'unless') {
    const [these, those] = [points(left), points(right)]
    const there = new Set(those.map(({ labels }) => key(labels)))
    const here = new Set(these.map(({ labels }) => key(labels)))
    if (op === 'or') return [...these, ...those.filter(({ labels }) => !here.has(key(labels)))]
    return these.filter(({ labels }) => there.has(key(labels)) === (op === 'and'))
  }
  if (typeof right === 'number') return each(points(left), (value) => outcome(op, value, right, value))
  if (typeof left === 'number') return each(right, (value) => outcome(op, left, value, value))
  const partners = new Map(right.map(({ labels, value }) => [key(labels), value]))
  return left.flatMap(({ labels, value }) => {
    const partner = partners.get(key(labels))
    const result = partner === undefined ? undefined : outcome(op, value, partner, value)
    return result === undefined ? [] : [{ labels, value: result }]
  })
}

function each(all: readonly Point[], change: (value: number) => number | undefined): Point[] {
  return all.flatMap(({ labels, value }) => {
    const changed = change(value)
    return changed === undefined ? [] : [{ labels, value: changed }]
  })
}

/** A sum, or of a comparison the value it keeps; undefined where the comparison does not hold. */
function outcome(op: string, left: number, right: number, kept: number): number | undefined {
  return arithmetic(op, left, right) ?? (holds(op, left, right) ? kept : undefined)
}

function arithmetic(op: string, left: number, right: number): number | undefined {
  if (op === '+') return left + right
  if (op === '-') return left - right
  if (op === '*') return left * right
  return op === '/' ? left / right : undefined
}

function holds(op: string, left: number, right: number): boolean {
  if (op === '==') return left === right
  if (op === '!=') return left !== right
  if (op === '>') return left > right
  if (op === '<') return left < right
  return op === '>=' ? left >= right : left <= right
}

function points(value: Value): Point[] {
  return typeof value === 'number' ? [{ labels: {}, value }] : value
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))
}
