import { type RefundReport, vouchForRefund } from '../../../core/rules/report.ts'
import { cutToBytes } from '../../../lib/text.ts'
import type { RefundAsk } from '../../channel.ts'
import { mainApp, merchantRefOf } from '../account.ts'
import { otherQuestion } from './call.ts'
import type { V2Parts } from './parts.ts'
import { fen } from './query.ts'

const reasonMaxBytes = 80

/** Asks for a refund, over two-way TLS. SUCCESS means accepted, not refunded (fact sheet §3.3). */
export function makeRefund({ credentials, tools, call }: V2Parts) {
  return async function refund(ask: RefundAsk): Promise<RefundReport> {
    const { outTradeNo, transactionId, outRefundNo, amount, total, reason, notifyUrl } = ask
    const answer = await call(
      '/secapi/pay/refund',
      mainApp(credentials),
      {
        ...(transactionId === undefined ? { out_trade_no: outTradeNo } : { transaction_id: transactionId }),
        out_refund_no: outRefundNo,
        total_fee: String(total.minor),
        refund_fee: String(amount.minor),
        refund_fee_type: amount.currency,
        refund_desc: reason === undefined ? undefined : cutToBytes(reason, reasonMaxBytes),
        notify_url: notifyUrl,
      },
      true,
    )
    if (answer.get('out_refund_no') !== outRefundNo || answer.get('out_trade_no') !== outTradeNo)
      throw otherQuestion('the number of another refund')
    if (fen(answer.get('refund_fee')) !== amount.minor) throw otherQuestion('another amount')
    return vouchForRefund({
      source: 'answer',
      channel: 'wechat',
      account: tools.account,
      outRefundNo,
      outTradeNo,
      channelRefundId: answer.get('refund_id'),
      merchantRef: merchantRefOf(credentials),
      amount,
      outcome: { status: 'processing' },
    })
  }
}
