import { readOutRefundNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { vouchForTrade } from '../../core/rules/report.ts'
import { parseJson } from '../../lib/json.ts'
import type { Acknowledgement, Addressee, Notice, RawNotice } from '../channel.ts'
import { ChannelError, NoticeError } from '../failure.ts'
import type { QfpayParts } from './parts.ts'
import { paid } from './query.ts'
import { paymentOfRefund, type QueryRefund } from './refund.ts'
import { isSignedBody } from './signature.ts'
import { asPlain, type Plain, text } from './wire.ts'

/** Reads a notification: the digest of the raw bytes, then JSON, then what it says (fact sheet §10). Failures are never told. */
export function makeNotificationReader(parts: QfpayParts, queryRefund: QueryRefund) {
  const { credentials, tools } = parts
  return async function read({ headers, body }: RawNotice): Promise<Notice> {
    if (headers['x-qf-sign'] === undefined) throw new NoticeError('malformed', 'it has no X-QF-SIGN')
    if (!isSignedBody(body, headers['x-qf-sign'], credentials.clientKey))
      throw new NoticeError('bad_signature', 'its X-QF-SIGN is wrong; check QFPAY_CLIENT_KEY')
    const notice = membersOf(body)
    if (!notice) throw new NoticeError('malformed', 'its signature is good, its body is no notification')
    if (addresseeOf(notice, credentials.mchid) === 'another') throw new NoticeError('bad_signature', 'it is for another merchant')
    const type = text(notice, 'notify_type') ?? ''
    const notifyId = `${type}:${text(notice, 'syssn') ?? ''}`.slice(0, 64)
    if (type === 'refund') return refundNotice(notice, notifyId)
    if (type !== 'payment' || text(notice, 'respcd') !== '0000')
      return { kind: 'ignored', notifyId, said: `${type} ${text(notice, 'respcd') ?? ''}`.slice(0, 64) }
    return tradeNotice(notice, notifyId)
  }

  function tradeNotice(notice: Plain, notifyId: string): Notice {
    const outTradeNo = readOutTradeNo(text(notice, 'out_trade_no') ?? '')
    if (!outTradeNo) throw new NoticeError('malformed', 'its number is none of ours')
    const origin = { source: 'notification', channel: 'qfpay', account: tools.account, outTradeNo } as const
    try {
      return { kind: 'trade', notifyId, report: vouchForTrade({ ...origin, outcome: paid(notice, credentials) }) }
    } catch (error) {
      if (error instanceof ChannelError) throw new NoticeError('malformed', error.message, { cause: error })
      throw error
    }
  }

  /** It names the refund alone; which payment it belongs to, and what became of it, is asked. */
  async function refundNotice(notice: Plain, notifyId: string): Promise<Notice> {
    const outRefundNo = readOutRefundNo(text(notice, 'out_trade_no') ?? '')
    if (!outRefundNo) return { kind: 'ignored', notifyId, said: 'a refund whose number is none of ours' }
    const outTradeNo = readOutTradeNo(text(notice, 'orig_out_trade_no') ?? '') ?? (await paymentOfRefund(parts, outRefundNo))
    if (!outTradeNo) return { kind: 'ignored', notifyId, said: 'a refund of a payment that is none of ours' }
    return { kind: 'refund', notifyId, report: await queryRefund({ outRefundNo, outTradeNo }) }
  }
}

/** Whether a notification names this account's merchant, unverified. */
export function makeAddressedTo(mchid: string | undefined) {
  return ({ body }: RawNotice): Addressee => addresseeOf(membersOf(body), mchid)
}

function addresseeOf(notice: Plain | undefined, mchid: string | undefined): Addressee {
  const named = text(notice, 'mchid')
  if (named === undefined || mchid === undefined) return 'unsaid'
  return named === mchid ? 'this' : 'another'
}

function membersOf(body: Uint8Array): Plain | undefined {
  const parsed = parseJson(body)
  return 'value' in parsed ? asPlain(parsed.value) : undefined
}

/** Exactly this word is taken for "taken". */
export function acknowledge(
  outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
): Acknowledgement {
  const contentType = 'text/plain; charset=utf-8'
  return outcome.taken
    ? { status: 200, contentType, body: 'SUCCESS' }
    : { status: outcome.status, contentType, body: `FAIL ${outcome.message}` }
}
