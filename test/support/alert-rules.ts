import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { durationMs, type Expression, parsePromql } from './promql.ts'
import { evaluate, type Labels, type Point, type Series } from './promql-engine.ts'

export type AlertRule = {
  readonly alert: string
  readonly expression: Expression
  readonly forMs: number
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
}
/** What stands in the file, as it is read. */
type Written = { alert: string; expr: string; for?: string; labels: Labels; annotations: Record<string, string> }

const everyMs = 60_000

/** The rules of an alerting file. @throws Error where an expression is not understood. */
export function readAlertRules(path: string): AlertRule[] {
  const { groups }: { groups: Array<{ rules: Written[] }> } = parse(readFileSync(path, 'utf8'))
  return groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, expr, labels, annotations, for: lasting = '0s' }) => ({
      alert,
      expression: parsePromql(expr),
      forMs: durationMs(lasting),
      labels,
      annotations,
    }))
}

/** The labels of what fires at an instant: what held at every minute for as long as the rule asks. */
export function firing({ expression, forMs, labels }: AlertRule, series: readonly Series[], at: number): Labels[] {
  const since = new Map<string, number>()
  for (let now = 0; now <= at; now += everyMs) {
    const held = new Map(pointsOf(expression, series, now).map((point) => [keyOf(point), point]))
    for (const key of since.keys()) if (!held.has(key)) since.delete(key)
    for (const key of held.keys()) if (!since.has(key)) since.set(key, now)
  }
  return [...since].filter(([, from]) => at - from >= forMs).map(([key]) => ({ ...JSON.parse(key), ...labels }))
}

function pointsOf(expression: Expression, series: readonly Series[], at: number): Point[] {
  const value = evaluate(expression, series, at)
  return typeof value === 'number' ? [] : value
}

function keyOf({ labels }: Point): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))))
}

/** A series as promtool's tests write it: `metric{label="value"}` and `0+2x10 5x3`, from minute 0 on. */
export function readSeries({ series, values }: { readonly series: string; readonly values: string }): Series {
  const selector = parsePromql(series)
  if (selector.kind !== 'selector') throw new Error(`no series: ${series}`)
  const all = values.split(/\s+/).flatMap(expanded)
  return {
    name: selector.name,
    labels: Object.fromEntries(selector.matchers.map(({ label, value }) => [label, value])),
    samples: all.map((value, nth) => ({ at: nth * everyMs, value })),
  }
}

function expanded(text: string): number[] {
  const [, first = '', step = '0', times = '0'] = /^(-?[\d.]+)([+-][\d.]+)?(?:x(\d+))?$/.exec(text) ?? []
  if (first === '') throw new Error(`no values: ${text}`)
  return Array.from({ length: Number(times) + 1 }, (_, nth) => Number(first) + nth * Number(step))
}
