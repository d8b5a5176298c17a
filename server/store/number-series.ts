import type { MerchantId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { NumberSeries, SeriesName } from '../core/rules/number-series.ts'
import type { Database } from './database.ts'
import { insertNew } from './insert-ignore.ts'

export async function findSeries(db: Database, merchantId: MerchantId, series: SeriesName): Promise<NumberSeries | undefined> {
  const row = await db.query
    .selectFrom('number_series')
    .select(['form', 'prefix', 'suffix', 'width', 'next_number'])
    .where('merchant_id', '=', merchantId)
    .where('series', '=', series)
    .executeTakeFirst()
  return row && { series, form: row.form, prefix: row.prefix, suffix: row.suffix, width: row.width, next: row.next_number }
}

/** Writes a series over the one that was read; false when somebody took numbers, or changed it, meanwhile. */
export async function saveSeries(
  db: Database,
  { merchantId, series, before, at }: { merchantId: MerchantId; series: NumberSeries; before: NumberSeries | undefined; at: Instant },
): Promise<boolean> {
  const { form, prefix, suffix, width, next } = series
  const row = { form, prefix, suffix, width, next_number: next, updated_at: at }
  if (before === undefined) return insertNew(db, 'number_series', { merchant_id: merchantId, series: series.series, ...row })
  const result = await db.query
    .updateTable('number_series')
    .set(row)
    .where('merchant_id', '=', merchantId)
    .where('series', '=', series.series)
    .where('next_number', '=', before.next)
    .where('prefix', '=', before.prefix)
    .where('suffix', '=', before.suffix)
    .where('form', '=', before.form)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Takes a block of numbers, from `series.next` on; false when another instance took them, or the series changed. */
export async function takeNumbers(
  db: Database,
  { merchantId, series, count }: { merchantId: MerchantId; series: NumberSeries; count: number },
): Promise<boolean> {
  const result = await db.query
    .updateTable('number_series')
    .set({ next_number: series.next + count })
    .where('merchant_id', '=', merchantId)
    .where('series', '=', series.series)
    .where('next_number', '=', series.next)
    .where('prefix', '=', series.prefix)
    .where('suffix', '=', series.suffix)
    .where('form', '=', series.form)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

type Draw = { readonly merchantId: MerchantId; readonly series: SeriesName; readonly draw: string }

/** The number that a request drew when it ran before; undefined the first time. */
export async function findDraw(db: Database, { merchantId, series, draw }: Draw): Promise<number | undefined> {
  const row = await db.query
    .selectFrom('number_draws')
    .select('number')
    .where('merchant_id', '=', merchantId)
    .where('series', '=', series)
    .where('draw', '=', draw)
    .executeTakeFirst()
  return row?.number
}

/** Notes what a request drew, so that its next run after a crash finds it; false when another run was first. */
export async function noteDraw(db: Database, { merchantId, series, draw }: Draw, number: number, at: Instant): Promise<boolean> {
  return insertNew(db, 'number_draws', { merchant_id: merchantId, series, draw, number, drawn_at: at })
}

export async function sweepDraws(db: Database, before: Instant): Promise<void> {
  await db.query.deleteFrom('number_draws').where('drawn_at', '<', before).execute()
}
