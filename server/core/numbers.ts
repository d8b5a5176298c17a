import type { MerchantId } from '../../shared/kernel/ids.ts'
import { type Instant, later } from '../../shared/kernel/time.ts'
import { findDraw, findSeries, noteDraw, saveSeries, takeNumbers } from '../store/number-series.ts'
import { AppError } from './error.ts'
import type { Parts } from './parts.ts'
import { defaultSeries, type NumberSeries, numberIn, problemOf, type SeriesName, seriesNames } from './rules/number-series.ts'

export type SeriesChange = { readonly [Name in Exclude<keyof NumberSeries, 'series'>]?: NumberSeries[Name] | undefined }

/** Numbers are taken from the store so many at a time; what an instance does not use is a gap. */
const blockSize = 20
/** A block is used no longer than this, so that a series that was changed is followed soon by every instance. */
const blockLifeMs = 5000
const maxRounds = 20

type Block = { readonly series: NumberSeries; next: number; readonly end: number; readonly until: Instant }

export type Numbers = ReturnType<typeof makeNumbers>

/** A merchant's own series of numbers: no two instances ever draw the same. */
export function makeNumbers({ db, runtime }: Pick<Parts, 'db' | 'runtime'>) {
  const blocks = new Map<string, Block>()
  const underWay = new Map<string, Promise<unknown>>()
  return { draw, get, list, change }

  /**
   * The next number of a series; undefined where the merchant has none of his own, so that the installation's form is taken.
   *
   * @param again what a run after a crash is known by: it draws the number it drew before.
   * @throws AppError UNAVAILABLE when the series changed under every try.
   */
  async function draw(merchantId: MerchantId, name: SeriesName, again?: string): Promise<string | undefined> {
    const key = `${merchantId} ${name}`
    const series = await current(merchantId, name)
    if (series.form === 'stamp') return undefined
    if (again === undefined) return numbered(await inTurn(key, () => take(key, merchantId, name)))
    const ask = { merchantId, series: name, draw: again }
    const before = await findDraw(db, ask)
    if (before !== undefined) return numberIn(series, before)
    const fresh = await inTurn(key, () => take(key, merchantId, name))
    if (fresh === undefined) return undefined
    if (await noteDraw(db, ask, fresh.count, runtime.now())) return numbered(fresh)
    return numberIn(series, (await findDraw(db, ask)) ?? fresh.count)
  }

  async function current(merchantId: MerchantId, name: SeriesName): Promise<NumberSeries> {
    const known = blocks.get(`${merchantId} ${name}`)
    if (known && known.until > runtime.now()) return known.series
    const series = await get(merchantId, name)
    // Nothing to take from: only the form is remembered for a moment.
    blocks.set(`${merchantId} ${name}`, { series, next: 0, end: 0, until: later(runtime.now(), blockLifeMs) })
    return series
  }

  /** One after the other within this instance: two that find the block used up must not both take a new one. */
  async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = underWay.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    underWay.set(
      key,
      mine.catch(() => {}),
    )
    return mine
  }

  async function take(key: string, merchantId: MerchantId, name: SeriesName): Promise<{ series: NumberSeries; count: number } | undefined> {
    for (let round = 0; round < maxRounds; round++) {
      const block = blocks.get(key)
      if (block && block.next < block.end && block.until > runtime.now()) return { series: block.series, count: block.next++ }
      const series = await get(merchantId, name)
      if (series.form === 'stamp') return undefined
      if (!(await takeNumbers(db, { merchantId, series, count: blockSize }))) continue
      const until = later(runtime.now(), blockLifeMs)
      blocks.set(key, { series, next: series.next, end: series.next + blockSize, until })
    }
    throw new AppError('UNAVAILABLE', 'no number could be drawn; try again in a second', { retryAfterSeconds: 1 })
  }

  async function get(merchantId: MerchantId, name: SeriesName): Promise<NumberSeries> {
    return (await findSeries(db, merchantId, name)) ?? defaultSeries(name)
  }

  async function list(merchantId: MerchantId): Promise<NumberSeries[]> {
    return Promise.all(seriesNames.map((name) => get(merchantId, name)))
  }

  /**
   * Gives a series another form. What is left out stays.
   *
   * @throws AppError PARAM_ERROR for numbers that channels do not take, or that may be in use already.
   */
  async function change(merchantId: MerchantId, name: SeriesName, asked: SeriesChange): Promise<NumberSeries> {
    for (let round = 0; round < maxRounds; round++) {
      const before = await findSeries(db, merchantId, name)
      const was = before ?? defaultSeries(name)
      const series = changed(was, asked)
      const wrong = problemOf(series, was)
      if (wrong)
        throw new AppError('PARAM_ERROR', `${wrong.field} ${wrong.problem}`, {
          details: { fields: [{ path: wrong.field, problem: wrong.problem }] },
        })
      if (!(await saveSeries(db, { merchantId, series, before, at: runtime.now() }))) continue
      blocks.delete(`${merchantId} ${name}`)
      return series
    }
    throw new AppError('CONFLICT', `the ${name} numbers are being changed by someone else; try again`, { retryAfterSeconds: 1 })
  }
}

function changed(was: NumberSeries, { form, prefix, suffix, width, next }: SeriesChange): NumberSeries {
  return {
    series: was.series,
    form: form ?? was.form,
    prefix: prefix ?? was.prefix,
    suffix: suffix ?? was.suffix,
    width: width ?? was.width,
    next: next ?? was.next,
  }
}

function numbered(drawn: { series: NumberSeries; count: number } | undefined): string | undefined {
  return drawn && numberIn(drawn.series, drawn.count)
}
