import { asAppId, type OutRefundNo, type OutTradeNo, readOutRefundNo, readOutTradeNo } from '../../../shared/kernel/ids.ts'
import { type RefundReport, type TradeFacts, vouchForTrade } from '../../core/rules/report.ts'
import type { Acknowledgement, Addressee, Notice, RawNotice } from '../channel.ts'
import { ChannelError, NoticeError } from '../failure.ts'
import { type AlipayCredentials, appOf, merchantRefOf } from './account.ts'
import { unclear } from './call.ts'
import type { AlipayParts } from './parts.ts'
import { outcomeOf } from './query.ts'
import type { QueryRefund } from './refund.ts'
import { isSigned, noticeToSign } from './signature.ts'
import { readTime } from './times.ts'
import { yuan } from './wire.ts'

type Members = ReadonlyMap<string, string>

/** Reads a notice: a form, decoded once, verified over its raw values, then believed (fact sheet §11). */
export function makeNotificationReader({ credentials, tools, keys }: AlipayParts, queryRefund: QueryRefund) {
  return async function read({ body }: RawNotice): Promise<Notice> {
    const members = membersOf(body)
    if (!members?.get('sign')) throw new NoticeError('malformed', 'it is no signed form')
    if (!(await isGenuine(members))) throw new NoticeError('bad_signature', 'its sign is wrong; check ALIPAY_PUBLIC_KEY')
    if (!appOf(credentials, members.get('app_id'))) throw new NoticeError('bad_signature', 'it is for another app')
    const notifyId = (members.get('notify_id') ?? `${members.get('trade_no')}:${members.get('trade_status')}`).slice(0, 64)
    const outTradeNo = readOutTradeNo(members.get('out_trade_no') ?? '')
    if (members.get('notify_type') !== 'trade_status_sync' || !outTradeNo)
      return { kind: 'ignored', notifyId, said: (members.get('notify_type') ?? 'no type').slice(0, 64) }
    const outRefundNo = refundIn(members)
    if (outRefundNo) return { kind: 'refund', notifyId, report: await refundSeen({ outRefundNo, outTradeNo }) }
    const origin = { source: 'notification', channel: 'alipay', account: tools.account, outTradeNo } as const
    return { kind: 'trade', notifyId, report: vouchForTrade({ ...origin, outcome: tradeOutcome(members) }) }
  }

  /** It says how much was given back in all; what became of this refund is asked. @throws ChannelError so that Alipay tells again */
  async function refundSeen(named: { outRefundNo: OutRefundNo; outTradeNo: OutTradeNo }): Promise<RefundReport> {
    const report = await queryRefund({ ...named, createdAt: tools.runtime.now() })
    if (report.outcome.status === 'unknown') throw unclear('told of a refund that a query does not see yet')
    return report
  }

  /** Empty values are part of it; where that fails, without them, and without a certificate's number, which may stand beside it. */
  async function isGenuine(members: Members): Promise<boolean> {
    const sign = members.get('sign') ?? ''
    const filled = [...members].filter(([, value]) => value !== '')
    const texts = [[...members], filled].flatMap((all) => [
      noticeToSign(all),
      noticeToSign(all.filter(([name]) => name !== 'alipay_cert_sn')),
    ])
    const known = await keys.all()
    return [...new Set(texts)].some((text) => known.some((key) => isSigned(text, sign, key)))
  }

  function tradeOutcome(members: Members): TradeFacts['outcome'] {
    try {
      const [paidAt, toldAt] = [readTime(members.get('gmt_payment')), readTime(members.get('notify_time'))]
      const outcome = outcomeOf(Object.fromEntries(members), { paidAt, heardAt: toldAt ?? tools.runtime.now() })
      if (outcome.status !== 'succeeded') return outcome
      return { ...outcome, merchantRef: sellerOf(members), appId: asAppId(members.get('app_id') ?? '') }
    } catch (error) {
      if (error instanceof ChannelError) throw new NoticeError('malformed', error.message, { cause: error })
      throw error
    }
  }

  /** Compared where it is known to whom the money should go. */
  function sellerOf(members: Members): string {
    return credentials.pid === undefined ? merchantRefOf(credentials) : (members.get('seller_id') ?? credentials.pid)
  }
}

/** The refund a notice is about. A notice of a payment may have these members too: nothing was given back then, or nothing is named. */
function refundIn(members: Members): OutRefundNo | undefined {
  return yuan(members.get('refund_fee')) === undefined ? undefined : readOutRefundNo(members.get('out_biz_no') ?? '')
}

/** Whether a notice names one of this account's apps, unverified. */
export function makeAddressedTo(credentials: AlipayCredentials) {
  return ({ body }: RawNotice): Addressee => {
    const appId = membersOf(body)?.get('app_id')
    if (appId === undefined) return 'unsaid'
    return appOf(credentials, appId) ? 'this' : 'another'
  }
}

/** A form's members, decoded once; undefined when it is none, or names one twice. */
function membersOf(body: Uint8Array): Members | undefined {
  const source = Buffer.from(body).toString('utf8')
  if (!source.includes('=') || source.includes('\ufffd')) return undefined
  const pairs = [...new URLSearchParams(source)]
  const members = new Map(pairs)
  return members.size === pairs.length ? members : undefined
}

/** Exactly this word in small letters is taken for "taken". */
export function acknowledge(
  outcome: { readonly taken: true } | { readonly taken: false; readonly status: number; readonly message: string },
): Acknowledgement {
  const contentType = 'text/plain; charset=utf-8'
  return outcome.taken ? { status: 200, contentType, body: 'success' } : { status: outcome.status, contentType, body: 'fail' }
}
