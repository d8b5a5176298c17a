import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readAlertRules } from '../../support/alert-rules.ts'
import { readSamples, type Sample } from '../../support/prom-text.ts'
import { type Expression, parsePromql, type Selector, selectorsOf } from '../../support/promql.ts'
import { matches } from '../../support/promql-engine.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const folder = join(import.meta.dirname, '../../../server/deploy')
type Target = { expr: string; legendFormat: string }
type Panel = {
  type: string
  title: string
  description?: string
  gridPos: { h: number; w: number; x: number; y: number }
  fieldConfig?: { defaults: { unit?: string } }
  targets?: Target[]
}
const dashboard: { panels: Panel[] } = JSON.parse(readFileSync(join(folder, 'grafana-dashboard.json'), 'utf8'))
const panels = dashboard.panels.filter(({ type }) => type !== 'row')
/** What Grafana puts in before it asks. */
const asAsked = (expr: string) => expr.replaceAll('$__rate_interval', '5m')

/** What Prometheus adds to everything it scrapes, and what it scrapes of itself. */
const addedLabels = ['instance', 'job']
const ofPrometheus = ['up']
/** Series that come into being with the first database that has several connections, or with the first retry. */
const onlySometimes = ['shouyin_db_connections', 'shouyin_db_retries_total']

let shop: Shop
let samples: Sample[]
beforeAll(async () => {
  shop = await startShop()
  const { orderId } = await shop.order()
  await shop.pay(orderId)
  await shop.phone(orderId)
  await shop.until(orderId, ({ status }) => status === 'succeeded')
  await shop.refund(orderId)
  samples = readSamples(await shop.metrics())
})
afterAll(() => shop.close())

/** What is wrong with a question, as sentences; none when the server shows all that it asks for. */
function problemsOf(expression: Expression): string[] {
  return selectorsOf(expression)
    .filter(({ selector }) => !ofPrometheus.includes(selector.name))
    .flatMap(({ selector, by }) => problemsWith(selector, by))
}

function problemsWith({ name, matchers }: Selector, by: readonly string[]): string[] {
  const shown = samples.filter((sample) => sample.name === name)
  if (shown.length === 0) return onlySometimes.includes(name) ? [] : [`${name} is not shown`]
  const known = [...Object.keys(shown[0]?.labels ?? {}), ...addedLabels]
  const asked = [...matchers.map(({ label }) => label), ...by]
  const unknown = asked.filter((label) => !known.includes(label) && !(label === 'le' && name.endsWith('_bucket')))
  const unseen = matchers
    .filter(({ label, op }) => !addedLabels.includes(label) && op !== '!=' && op !== '!~')
    .filter(
      (matcher) =>
        !alternatives(matcher.value).every((value) =>
          shown.some(({ labels }) => matches({ ...matcher, value }, labels[matcher.label] ?? '')),
        ),
    )
  return [
    ...unknown.map((label) => `${name} has no label ${label}`),
    ...unseen.map(({ label, value }) => `${name} never has ${label} ${value}`),
  ]
}

/** Each word of `one|other` has to be there, not one of them alone. */
const alternatives = (pattern: string) => pattern.split('|')

describe('what an alert asks for', () => {
  it.each(readAlertRules(join(folder, 'alerts.yml')))('$alert is shown by a server', ({ expression }) => {
    expect(problemsOf(expression)).toEqual([])
  })
})

describe('a panel of the dashboard', () => {
  it.each(panels.map((panel) => [panel.title, panel] as const))(
    '«%s» asks for what a server shows, with a unit and a description',
    (_title, panel) => {
      expect(panel.description?.length ?? 0).toBeGreaterThan(10)
      expect(panel.fieldConfig?.defaults.unit).toMatch(/^(short|none|percentunit|s|reqps|bytes)$/)
      expect(panel.targets).not.toEqual([])
      for (const { expr, legendFormat } of panel.targets ?? []) {
        const expression = parsePromql(asAsked(expr))
        expect(problemsOf(expression)).toEqual([])
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...labelsLeft(expression)]).toContain(label)
      }
    },
  )

  it('overlaps no other, and stands in one of six rows', () => {
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, nth) => `${x + (nth % w)} ${y + Math.floor(nth / w)}`),
    )

    expect(rows).toEqual(['Money', 'Channels', 'Queue', 'Webhooks', 'API', 'Process and database'])
    expect(new Set(places).size).toBe(places.length)
  })
})

/** The labels that an answer still has, for its legend. */
function labelsLeft(expression: Expression): ReadonlySet<string> {
  if (expression.kind === 'aggregate') return new Set(expression.by)
  if (expression.kind === 'selector') return new Set([...addedLabels, ...expression.matchers.map(({ label }) => label)])
  if (expression.kind === 'call') return new Set(expression.args.flatMap((one) => [...labelsLeft(one)]))
  if (expression.kind === 'binary') return new Set([...labelsLeft(expression.left), ...labelsLeft(expression.right)])
  return new Set()
}
