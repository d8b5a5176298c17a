import { z } from 'zod'
import { seriesForms, seriesNames } from '../kernel/series.ts'

/** A part of a number: letters, digits and the marks that channels take. */
const piece = z.string().regex(/^[0-9A-Za-z_\-*]{0,16}$/, 'has other than up to 16 letters, digits, _, - and *')

/** PATCH /number-series/:series */
export const changeSeries = z.strictObject({
  form: z.enum(seriesForms).optional(),
  prefix: piece.optional(),
  suffix: piece.optional(),
  width: z.int().min(1).max(20).optional(),
  next: z.int().min(1).max(999_999_999_999).optional(),
})

export const seriesParams = z.object({ series: z.enum(seriesNames) })

export const numberSeries = z
  .object({
    series: z.enum(seriesNames),
    form: z.enum(seriesForms).meta({ example: 'sequence' }),
    prefix: z.string().meta({ example: 'SH' }),
    suffix: z.string().meta({ example: '' }),
    width: z.int().meta({ description: 'Digits of the counter', example: 8 }),
    next: z.int().meta({ example: 17 }),
    example: z.string().nullable().meta({
      description: 'The next number; null for the form that has time and chance in it',
      example: 'SH00000017',
    }),
  })
  .meta({ id: 'NumberSeries', description: 'How numbers of one kind are made' })
