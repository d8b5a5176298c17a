import type { RefundReport } from '../../../core/rules/report.ts'
import { sealOaepSha1 } from '../../../lib/rsa.ts'
import type { RepairAsk } from '../../channel.ts'
import { ChannelError } from '../../failure.ts'
import { otherQuestion, unreadable } from './call.ts'
import type { Keys } from './keys.ts'
import type { V3Parts } from './parts.ts'
import { subMerchantBody } from './paths.ts'
import { refundReport } from './refund.ts'
import { readRefund } from './wire.ts'

/**
 * Sends an abnormal refund another way: to a card of the payer's, whose number and name go sealed for WeChat Pay alone, or to the
 * merchant's own account (fact sheet §7, apply-abnormal-refund).
 */
export function makeRepairRefund({ credentials, tools, call, keys }: V3Parts & { readonly keys: Keys }) {
  return async function repairRefund(ask: RepairAsk): Promise<RefundReport> {
    const { serial, body } = await bodyOf(ask, keys)
    const pathAndQuery = `/v3/refund/domestic/refunds/${encodeURIComponent(ask.channelRefundId)}/apply-abnormal-refund`
    const refunded = readRefund(await call({ method: 'POST', pathAndQuery, body: { ...body, ...subMerchantBody(credentials) }, serial }))
    if (!refunded) throw unreadable('a refund')
    if (refunded.outRefundNo !== ask.outRefundNo) throw otherQuestion('the number of another refund')
    return refundReport(refunded, credentials, { source: 'answer', account: tools.account })
  }
}

async function bodyOf(ask: RepairAsk, keys: Keys): Promise<{ serial: string | undefined; body: object }> {
  if (ask.to === 'merchant') return { serial: undefined, body: { out_refund_no: ask.outRefundNo, type: 'MERCHANT_BANK_CARD' } }
  await keys.ready()
  const serial = keys.requestSerial()
  const key = serial === undefined ? undefined : keys.keyOf(serial)
  if (serial === undefined || !key)
    throw new ChannelError({
      kind: 'notSent',
      code: 'CHANNEL_ERROR',
      message: 'no key of WeChat Pay is known that a card number could be sealed for',
    })
  const seal = (text: string) => sealOaepSha1(key, text).toString('base64')
  const card = { bank_type: ask.bankType, bank_account: seal(ask.bankAccount.reveal()), real_name: seal(ask.realName.reveal()) }
  return { serial, body: { out_refund_no: ask.outRefundNo, type: 'USER_BANK_CARD', ...card } }
}
