import { orderIdPattern, refundIdPattern } from '../../../shared/kernel/ids.ts'
import type { SeriesForm, SeriesName } from '../../../shared/kernel/series.ts'

export { type SeriesForm, type SeriesName, seriesNames } from '../../../shared/kernel/series.ts'

/** How a merchant's numbers of one kind are made. */
export type NumberSeries = {
  readonly series: SeriesName
  /** `stamp`: the installation's own form, with time and chance in it. `sequence`: the ones below, one after the other. */
  readonly form: SeriesForm
  readonly prefix: string
  readonly suffix: string
  /** Digits a number is filled up to with zeros. */
  readonly width: number
  readonly next: number
}

/** The prefixes and the width that the Odoo modules begin with (checklist, ODOO-X-16). */
const prefixes: Record<SeriesName, string> = { order: 'WO-', refund: 'WR-', micropay: 'WMP-' }

/** What holds until a merchant says otherwise. */
export function defaultSeries(series: SeriesName): NumberSeries {
  return { series, form: 'stamp', prefix: prefixes[series], suffix: '', width: 8, next: 1 }
}

/** `WO-` 42 `` with width 6 is `WO-000042`. */
export function numberIn({ prefix, suffix, width }: NumberSeries, count: number): string {
  return `${prefix}${String(count).padStart(width, '0')}${suffix}`
}

/** Numbers that are left before one would be longer than channels take. */
const roomFor = 1_000_000

/** Why numbers of this form could not be used, by the member that is wrong; undefined when they can. */
export function problemOf(series: NumberSeries, before: NumberSeries): { readonly field: string; readonly problem: string } | undefined {
  if (series.form === 'stamp') return undefined
  const pattern = series.series === 'refund' ? refundIdPattern : orderIdPattern
  const [first, last] = [numberIn(series, series.next), numberIn(series, series.next + roomFor)]
  if (!pattern.test(first) || !pattern.test(last))
    return {
      field: series.prefix.length + series.suffix.length > series.width ? 'prefix' : 'width',
      problem: `makes numbers such as ${first}; they have ${series.series === 'refund' ? '1 to 64' : '6 to 32'} letters, digits, _, - and *`,
    }
  const isSameForm = before.form === series.form && numberIn(before, 0) === numberIn(series, 0)
  if (isSameForm && series.next < before.next)
    return {
      field: 'next',
      problem: `is ${series.next}, but numbers up to ${before.next - 1} may be in use; raise it, or change prefix, suffix or width`,
    }
  return undefined
}
