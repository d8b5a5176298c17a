import { newReconciliation, reconciliation, reconciliationParams, reconciliationQuery } from '../../../shared/api/reconciliation.ts'
import { defaultAccount } from '../../../shared/kernel/ids.ts'
import type { Reconcile } from '../../core/reconcile.ts'
import { presentReconciliation } from '../present.ts'
import { type Route, route } from '../route.ts'

/** The daily bill against the books. */
export function reconciliationRoutes({ reconcile }: { readonly reconcile: Reconcile }): Route[] {
  return [
    route({
      method: 'get',
      path: '/reconciliations/:date',
      audience: 'merchant',
      scope: 'read',
      operationId: 'getReconciliation',
      summary: { en: 'What came of comparing a day’s bill with the books', zh: '某日账单的对账结果' },
      params: reconciliationParams,
      query: reconciliationQuery,
      answer: reconciliation,
      handle: async ({ params, query: { channel = 'wechat', account = defaultAccount } }, { who }) =>
        presentReconciliation(await reconcile.get(who.merchantId, { channel, account, day: params.date })),
    }),
    route({
      method: 'post',
      path: '/reconciliations',
      audience: 'merchant',
      scope: 'pay',
      operationId: 'reconcile',
      summary: { en: 'Compare a day’s bill with the books now; doing it again changes nothing', zh: '立即对某日账单对账；可重复执行' },
      asksChannel: true,
      refusals: ['INVALID_REQUEST', 'NOT_FOUND'],
      body: newReconciliation,
      example: { date: '2026-01-02', channel: 'wechat' },
      answer: reconciliation,
      handle: async ({ body: { date, channel = 'wechat', account = defaultAccount } }, { who }) =>
        presentReconciliation(await reconcile.request(who.merchantId, { channel, account, day: date })),
    }),
  ]
}
