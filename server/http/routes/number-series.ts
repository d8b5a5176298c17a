import { z } from 'zod'
import { changeSeries, numberSeries, seriesParams } from '../../../shared/api/series.ts'
import type { Numbers } from '../../core/numbers.ts'
import { presentSeries } from '../present.ts'
import { type Route, route } from '../route.ts'

/** How numbers of orders, refunds and payments by code are made; after an "invalid out_trade_no", where the next number is raised. */
export function numberSeriesRoutes({ numbers }: { readonly numbers: Numbers }): Route[] {
  return [
    route({
      method: 'get',
      path: '/number-series',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listNumberSeries',
      summary: { en: 'How numbers of orders, refunds and payments by code are made', zh: '订单号、退款号和付款码单号的编号规则' },
      answer: z.object({ items: z.array(numberSeries) }),
      handle: async (_, { who }) => ({ items: (await numbers.list(who.merchantId)).map(presentSeries) }),
    }),
    route({
      method: 'patch',
      path: '/number-series/:series',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'changeNumberSeries',
      summary: { en: 'Change prefix, suffix, width or the next number of a series', zh: '修改编号的前缀、后缀、位数或下一个号' },
      refusals: ['CONFLICT'],
      params: seriesParams,
      body: changeSeries,
      example: { form: 'sequence', prefix: 'SH', width: 8 },
      answer: numberSeries,
      handle: async ({ params, body }, { who }) => presentSeries(await numbers.change(who.merchantId, params.series, body)),
    }),
  ]
}
