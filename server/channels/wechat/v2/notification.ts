import { readOutRefundNo, readOutTradeNo } from '../../../../shared/kernel/ids.ts'
import { openAesEcb } from '../../../lib/aes-ecb.ts'
import { decodeBase64 } from '../../../lib/base64.ts'
import { md5Hex } from '../../../lib/hmac.ts'
import type { Secret } from '../../../lib/secret.ts'
import { readFlatXml } from '../../../lib/xml.ts'
import type { Addressee, Notice, RawNotice } from '../../channel.ts'
import { ChannelError, NoticeError } from '../../failure.ts'
import type { WechatMerchant } from '../account.ts'
import type { V2Answer } from './call.ts'
import type { V2Parts } from './parts.ts'
import { paidReport } from './query.ts'
import type { QueryRefund } from './query-refund.ts'
import { isSigned } from './sign.ts'

/** Reads a notification: parse safely, verify, believe. A refund's carries no signature, so WeChat is asked (fact sheet §4). */
export function makeNotificationReader({ credentials, tools }: V2Parts, queryRefund: QueryRefund) {
  return async function read({ body }: RawNotice): Promise<Notice> {
    const parsed = readFlatXml(body)
    if ('problem' in parsed) throw new NoticeError('malformed', `it ${parsed.problem}`)
    const { members } = parsed
    return members.has('req_info') ? refundNotice(members) : tradeNotice(members)
  }

  function tradeNotice(members: V2Answer): Notice {
    if (!isSigned(Object.fromEntries(members), credentials.apiKey))
      throw new NoticeError('bad_signature', 'its sign is wrong; check WECHAT_API_KEY')
    assertOurs(members)
    const notifyId = `trade:${members.get('transaction_id') ?? members.get('out_trade_no') ?? ''}`.slice(0, 64)
    if (members.get('return_code') !== 'SUCCESS' || members.get('result_code') !== 'SUCCESS')
      return { kind: 'ignored', notifyId, said: (members.get('err_code') ?? 'FAIL').slice(0, 64) }
    try {
      return { kind: 'trade', notifyId, report: paidReport(members, credentials, { source: 'notification', account: tools.account }) }
    } catch (error) {
      if (error instanceof ChannelError) throw new NoticeError('malformed', error.message, { cause: error })
      throw error
    }
  }

  /** What is inside could have been put together by whoever saw two of them: it only says what to ask about. */
  async function refundNotice(members: V2Answer): Promise<Notice> {
    assertOurs(members)
    const opened = openReqInfo(members.get('req_info') ?? '', credentials.apiKey)
    const parsed = opened && readFlatXml(opened, { root: 'root' })
    if (!parsed || 'problem' in parsed) throw new NoticeError('undecryptable', 'its req_info cannot be opened; check WECHAT_API_KEY')
    const numbers = numbersIn(parsed.members)
    const notifyId = `refund:${parsed.members.get('refund_id') ?? ''}:${parsed.members.get('refund_status') ?? ''}`.slice(0, 64)
    if (!numbers) return { kind: 'ignored', notifyId, said: 'a refund whose numbers are none of ours' }
    return { kind: 'refund', notifyId, report: await queryRefund(numbers) }
  }

  function assertOurs(members: V2Answer): void {
    if (addresseeOf(members, credentials) === 'another') throw new NoticeError('bad_signature', 'it is for another merchant')
  }
}

/** The AES key is the lower-case hex of the key's MD5 as text: 32 letters, zeros at the front included. */
export function openReqInfo(reqInfo: string, apiKey: Secret): Uint8Array | undefined {
  const sealed = decodeBase64(reqInfo)
  return sealed && openAesEcb(Buffer.from(md5Hex(apiKey.reveal())), sealed)
}

/** The numbers in an opened refund notification; undefined when they are none of ours. */
function numbersIn(notice: V2Answer) {
  const [outRefundNo, outTradeNo] = [readOutRefundNo(notice.get('out_refund_no') ?? ''), readOutTradeNo(notice.get('out_trade_no') ?? '')]
  return outRefundNo && outTradeNo ? { outRefundNo, outTradeNo } : undefined
}

/** Whether a notification names this account's merchant, unverified. */
export function makeAddressedTo(merchant: WechatMerchant) {
  return ({ body }: RawNotice): Addressee => {
    const parsed = readFlatXml(body)
    return 'problem' in parsed ? 'unsaid' : addresseeOf(parsed.members, merchant)
  }
}

function addresseeOf(members: V2Answer, { mchid, sub }: WechatMerchant): Addressee {
  const [named, subNamed] = [members.get('mch_id'), members.get('sub_mch_id')]
  if (named === undefined) return 'unsaid'
  return named === mchid && (sub === undefined || subNamed === sub.mchid) ? 'this' : 'another'
}
