import { listOf } from '../../../shared/api/order.ts'
import {
  assignUnmatched,
  noteUnmatched,
  refundUnmatched,
  unmatched,
  unmatchedParams,
  unmatchedQuery,
} from '../../../shared/api/unmatched.ts'
import type { ResolveUnmatched } from '../../core/resolve-unmatched.ts'
import type { UnmatchedList } from '../../core/unmatched.ts'
import { presentPage, presentUnmatched } from '../present.ts'
import { type Route, route } from '../route.ts'

type Parts = { readonly unmatched: UnmatchedList; readonly resolveUnmatched: ResolveUnmatched }

const asksFirst =
  'The channel is asked first: only when it has just the money that is listed is anything moved. The same again is answered as the first time; money that was settled otherwise is `CONFLICT`.'

/** Money that fits nothing: the list, and staff's three ways on with it. */
export function unmatchedRoutes({ unmatched: list, resolveUnmatched: resolve }: Parts): Route[] {
  return [
    route({
      method: 'get',
      path: '/unmatched',
      audience: 'merchant',
      scope: 'read',
      operationId: 'listUnmatched',
      summary: { en: 'Money that fits no order, or not its amount, newest first', zh: '与任何订单或其金额不符的款项，新的在前' },
      description: 'With `status=open`, what waits for staff; while there is any, an alarm stands.',
      query: unmatchedQuery,
      answer: listOf(unmatched),
      handle: async ({ query: { limit, cursor, ...filter } }, { who }) =>
        presentPage(await list.list(who.merchantId, filter, { limit, cursor }), presentUnmatched),
    }),
    route({
      method: 'post',
      path: '/unmatched/:unmatchedId/refund',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'refundUnmatched',
      summary: { en: 'Give money that fits nothing back to its payer, in full', zh: '将对不上的款项全额退回付款人' },
      description: `${asksFirst} Money of an order’s attempt goes back and the order stays what it was; money of nobody’s gets a closed order that stands for it. The refund has the cause \`unmatched\` and is told like any other.`,
      asksChannel: true,
      refusals: ['CONFLICT', 'INVALID_REQUEST'],
      params: unmatchedParams,
      body: refundUnmatched,
      example: { reason: 'paid by mistake', note: 'the payer called; slip 17' },
      answer: unmatched,
      handle: async ({ params, body }, { who }) => presentUnmatched(await resolve(who, params.unmatchedId, { kind: 'refund', ...body })),
    }),
    route({
      method: 'post',
      path: '/unmatched/:unmatchedId/assign',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'assignUnmatched',
      summary: { en: 'Keep money that fits nothing for an order', zh: '将对不上的款项归入一笔订单' },
      description: `${asksFirst} The order is then paid by it, with \`paidAmount\` as it came, whatever its amount; of the same currency, and not paid yet. Money of an attempt goes to the attempt’s own order only. By which means money of nobody’s was paid is not known: the order has no \`payType\`, and that of its attempt means nothing.`,
      asksChannel: true,
      refusals: ['CONFLICT', 'INVALID_REQUEST', 'ORDERPAID'],
      params: unmatchedParams,
      body: assignUnmatched,
      example: { orderId: 'T20260102-1', note: 'a fen short by agreement' },
      answer: unmatched,
      handle: async ({ params, body }, { who }) => presentUnmatched(await resolve(who, params.unmatchedId, { kind: 'assign', ...body })),
    }),
    route({
      method: 'post',
      path: '/unmatched/:unmatchedId/note',
      audience: 'merchant',
      scope: 'refund',
      operationId: 'noteUnmatched',
      summary: {
        en: 'Say of money that fits nothing how it was settled outside of the channel, or why there is nothing to do',
        zh: '登记对不上的款项在渠道之外的处理结果，或无需处理的原因',
      },
      description:
        'No money moves. The only way on for money that went back unasked, and for what the channel cannot name any more. An order that waited for it is closed at its time like any other.',
      refusals: ['CONFLICT'],
      params: unmatchedParams,
      body: noteUnmatched,
      example: { note: 'refunded in the merchant platform, receipt 17' },
      answer: unmatched,
      handle: async ({ params, body }, { who }) => presentUnmatched(await resolve(who, params.unmatchedId, { kind: 'note', ...body })),
    }),
  ]
}
