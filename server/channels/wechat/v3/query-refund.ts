import { type RefundReport, vouchForRefund } from '../../../core/rules/report.ts'
import type { RefundQuery } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { otherQuestion, unreadable } from './call.ts'
import type { V3Parts } from './parts.ts'
import { refundReport } from './refund.ts'
import { readRefund } from './wire.ts'

/** Asks what became of a refund. One that WeChat has never heard of is a report too. */
export function makeQueryRefund({ credentials, tools, call }: V3Parts) {
  const query = credentials.sub === undefined ? '' : `?sub_mchid=${credentials.sub.mchid}`
  return async function queryRefund({ outRefundNo, outTradeNo }: Pick<RefundQuery, 'outRefundNo' | 'outTradeNo'>): Promise<RefundReport> {
    try {
      const refund = readRefund(
        await call({ method: 'GET', pathAndQuery: `/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}${query}` }),
      )
      if (!refund) throw unreadable('a refund')
      if (refund.outRefundNo !== outRefundNo || refund.outTradeNo !== outTradeNo) throw otherQuestion('the number of another refund')
      return refundReport(refund, credentials, { source: 'query', account: tools.account })
    } catch (error) {
      if (!(error instanceof ChannelError) || error.failure.refusal !== 'notFound') throw error
      return vouchForRefund({
        source: 'query',
        channel: 'wechat',
        account: tools.account,
        outRefundNo,
        outTradeNo,
        outcome: { status: 'notFound' },
      })
    }
  }
}
