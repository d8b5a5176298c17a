import { formatMoney } from '../../../shared/kernel/money.ts'
import { later } from '../../../shared/kernel/time.ts'
import { type RefundReport, vouchForRefund } from '../../core/rules/report.ts'
import type { RefundAsk, RefundQuery } from '../channel.ts'
import { ChannelError, type ChannelFailure } from '../failure.ts'
import { merchantRefOf } from './account.ts'
import { otherQuestion, refusedIn } from './call.ts'
import type { AlipayParts } from './parts.ts'
import { rejectionOf } from './rejections.ts'
import { readTime } from './times.ts'
import { text, yuan } from './wire.ts'

const reasonMax = 256
/** A refund that was just asked for may not be seen yet. */
const unseenForMs = 10_000
const notSeenYet = { status: 'unknown', said: 'not seen yet' } as const

/** Asks for a refund. `fund_change` alone says that money moved in this call; `refund_fee` is the sum of all, not this one (fact sheet §9). */
export function makeRefund({ credentials, tools, outcome }: AlipayParts) {
  return async function refund(ask: RefundAsk): Promise<RefundReport> {
    const { outTradeNo, transactionId, outRefundNo, amount, reason } = ask
    const answer = await outcome({
      method: 'alipay.trade.refund',
      app: credentials.app,
      content: {
        ...(transactionId === undefined ? { out_trade_no: outTradeNo } : { trade_no: transactionId }),
        refund_amount: formatMoney(amount),
        out_request_no: outRefundNo,
        ...(reason === undefined ? {} : { refund_reason: reason.slice(0, reasonMax) }),
      },
    })
    if (text(answer, 'code') !== '10000') throw new ChannelError(asOfRefund(rejectionOf(refusedIn(answer))))
    if (text(answer, 'out_trade_no') !== outTradeNo) throw otherQuestion('the number of another order')
    const isDone = text(answer, 'fund_change') === 'Y'
    const at = readTime(text(answer, 'gmt_refund_pay')) ?? tools.runtime.now()
    return vouchForRefund({
      source: 'answer',
      channel: 'alipay',
      account: tools.account,
      outRefundNo,
      outTradeNo,
      merchantRef: merchantRefOf(credentials),
      amount,
      outcome: isDone ? { status: 'succeeded', succeededAt: at } : { status: 'processing' },
    })
  }
}

/** That a trade is over, or in another state, says to who closes it that it may be paid; to who refunds, that it cannot be. */
function asOfRefund(failure: ChannelFailure): ChannelFailure {
  return failure.refusal === 'orderPaid' ? { ...failure, refusal: 'invalid', code: 'INVALID_REQUEST' } : failure
}

export type QueryRefund = ReturnType<typeof makeQueryRefund>

/** Asks what became of a refund: without a state it was not received, or failed; which of the two is not told in its first seconds. */
export function makeQueryRefund({ credentials, tools, call }: AlipayParts) {
  return async function queryRefund({
    outRefundNo,
    outTradeNo,
    createdAt,
  }: Pick<RefundQuery, 'outRefundNo' | 'outTradeNo' | 'createdAt'>): Promise<RefundReport> {
    const origin = { source: 'query', channel: 'alipay', account: tools.account, outRefundNo, outTradeNo } as const
    try {
      const answer = await call({
        method: 'alipay.trade.fastpay.refund.query',
        app: credentials.app,
        content: { out_trade_no: outTradeNo, out_request_no: outRefundNo, query_options: ['gmt_refund_pay'] },
      })
      const isOurs =
        (text(answer, 'out_request_no') ?? outRefundNo) === outRefundNo && (text(answer, 'out_trade_no') ?? outTradeNo) === outTradeNo
      if (!isOurs) throw otherQuestion('the number of another refund')
      const amount = yuan(text(answer, 'refund_amount'))
      if (text(answer, 'refund_status') !== 'REFUND_SUCCESS')
        return vouchForRefund({ ...origin, outcome: isFresh(createdAt) ? notSeenYet : { status: 'notFound' } })
      const succeededAt = readTime(text(answer, 'gmt_refund_pay')) ?? tools.runtime.now()
      return vouchForRefund({ ...origin, merchantRef: merchantRefOf(credentials), amount, outcome: { status: 'succeeded', succeededAt } })
    } catch (error) {
      if (error instanceof ChannelError && error.failure.refusal === 'notFound')
        return vouchForRefund({ ...origin, outcome: { status: 'notFound' } })
      throw error
    }
  }

  function isFresh(createdAt: RefundQuery['createdAt']): boolean {
    return later(createdAt, unseenForMs) > tools.runtime.now()
  }
}
