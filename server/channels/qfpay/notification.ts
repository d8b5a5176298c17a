import { readOutRefundNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { vouchForTrade } from '../../core/rules/report.ts'
import type { Addressee, Notice, RawNotice } from '../channel.ts'
import { ChannelError, NoticeError } from '../failure.ts'
import type { QfpayParts } from './parts.ts'
import { isUndone, paid } from './query.ts'
import { paymentOfRefund, type QueryRefund } from './query-refund.ts'
import { isSignedBody } from './signature.ts'
import { type Plain, readPlain, text } from './wire.ts'

const idMax = 64

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
    const [type, respcd] = [text(notice, 'notify_type') ?? '', text(notice, 'respcd') ?? '']
    const notifyId = idOf(type, notice)
    if (type === 'refund') return refundNotice(notice, notifyId)
    if (type === 'payment' && respcd === '0000' && !isUndone(notice)) return tradeNotice(notice, notifyId)
    // Under an id of its own: a success that follows is another notice.
    return { kind: 'ignored', notifyId: `${respcd}:${notifyId}`.slice(0, idMax), said: `${type} ${respcd}`.slice(0, idMax) }
  }

  function tradeNotice(notice: Plain, notifyId: string): Notice {
    const outTradeNo = readOutTradeNo(text(notice, 'out_trade_no') ?? '')
    if (!outTradeNo) throw new NoticeError('malformed', 'its number is none of ours')
    const origin = { source: 'notification', channel: 'qfpay', account: tools.account, outTradeNo } as const
    const context = { credentials, heardAt: tools.runtime.now() }
    try {
      return { kind: 'trade', notifyId, report: vouchForTrade({ ...origin, outcome: paid(notice, context) }) }
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

/** A notice has no id: what it tells of, and of which transaction, is told again under the same. */
function idOf(type: string, notice: Plain): string {
  return `${type}:${text(notice, 'syssn') ?? text(notice, 'out_trade_no') ?? ''}`.slice(0, idMax)
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
  const read = readPlain(body)
  return 'plain' in read ? read.plain : undefined
}
