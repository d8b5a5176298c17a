import { formatMoney } from '../../../shared/kernel/money.ts'
import type { PayType } from '../../../shared/kernel/pay.ts'
import { later } from '../../../shared/kernel/time.ts'
import type { PrepareAsk } from '../../core/rules/attempt.ts'
import { vouchForTrade } from '../../core/rules/report.ts'
import type { Prepared } from '../channel.ts'
import { ChannelError } from '../failure.ts'
import { merchantRefOf } from './account.ts'
import { otherQuestion, refusedIn, unclear } from './call.ts'
import { type AlipayParts, appFor } from './parts.ts'
import { outcomeOf } from './query.ts'
import { rejectionOf } from './rejections.ts'
import { readTime, writeTime } from './times.ts'
import { type Plain, text } from './wire.ts'

export const payTypes = ['MINIPROGRAM', 'JSAPI', 'NATIVE', 'MWEB', 'PAGE', 'MICROPAY'] as const satisfies PayType[]

const codeLifeMs = 60_000
const subjectMax = 256
const userId = /^2088\d{12}$/

/**
 * Asks for a payment, or makes the signed address that a browser goes to: a web payment begins at Alipay when the payer opens it, so
 * nothing is called before (fact sheet §6).
 */
export function makePrepare({ credentials, tools, call, outcome, signedUrl }: AlipayParts) {
  return async function prepare(ask: PrepareAsk): Promise<Prepared> {
    const app = appFor(credentials, ask.appId)
    const members = { notify_url: ask.notifyUrl }
    switch (ask.payType) {
      case 'NATIVE': {
        const answer = await call({ method: 'alipay.trade.precreate', app, members, content: order(ask, 'FACE_TO_FACE_PAYMENT') })
        return open(ask, { type: 'qr', codeUrl: needed(ask, answer, 'qr_code') })
      }
      case 'MINIPROGRAM':
      case 'JSAPI': {
        const answer = await call({
          method: 'alipay.trade.create',
          app,
          members,
          content: { ...order(ask, 'JSAPI_PAY'), ...buyer(ask), op_app_id: ask.appId },
        })
        return open(ask, { type: 'my.tradePay', tradeNO: needed(ask, answer, 'trade_no') })
      }
      case 'MWEB': {
        const content = { ...order(ask, credentials.wapProductCode), quit_url: ask.returnUrl }
        return open(ask, {
          type: 'redirect',
          url: await signedUrl({ method: 'alipay.trade.wap.pay', app, members: { ...members, return_url: ask.returnUrl }, content }),
        })
      }
      case 'PAGE': {
        const content = order(ask, 'FAST_INSTANT_TRADE_PAY')
        return open(ask, {
          type: 'redirect',
          url: await signedUrl({ method: 'alipay.trade.page.pay', app, members: { ...members, return_url: ask.returnUrl }, content }),
        })
      }
      case 'MICROPAY':
        return byCode(
          ask,
          await outcome({
            method: 'alipay.trade.pay',
            app,
            members,
            content: { ...order(ask, 'FACE_TO_FACE_PAYMENT'), scene: 'bar_code', auth_code: ask.authCode },
          }),
        )
      default:
        throw unclear(`has no such way to pay: ${ask.payType}`)
    }
  }

  /** 10000 is paid, 10003 waits for the payer; a success lacks its state and times in some answers, and then is asked about. */
  function byCode(ask: PrepareAsk, answer: Plain): Prepared {
    const undecided = { action: { type: 'none' }, actionExpiresAt: later(tools.runtime.now(), codeLifeMs) } as const
    const code = text(answer, 'code')
    if (code !== '10000' && code !== '10003') throw new ChannelError(rejectionOf(refusedIn(answer)))
    if (text(answer, 'out_trade_no') !== ask.outTradeNo) throw otherQuestion('the number of another order')
    const paidAt = readTime(text(answer, 'gmt_payment'))
    if (code === '10003' || paidAt === undefined) return undecided
    const origin = { source: 'answer', channel: 'alipay', account: tools.account, outTradeNo: ask.outTradeNo } as const
    const said = outcomeOf({ ...answer, trade_status: 'TRADE_SUCCESS' }, { paidAt, heardAt: paidAt })
    if (said.status !== 'succeeded') return undecided
    return {
      ...undecided,
      report: vouchForTrade({ ...origin, outcome: { ...said, merchantRef: merchantRefOf(credentials), appId: ask.appId } }),
    }
  }

  function order(ask: PrepareAsk, productCode: string): Record<string, unknown> {
    const { subMerchant, serviceProvider } = credentials
    return {
      out_trade_no: ask.outTradeNo,
      total_amount: formatMoney(ask.amount),
      subject: subjectOf(ask.description),
      product_code: productCode,
      ...(ask.payType === 'MICROPAY' ? {} : { time_expire: writeTime(ask.expiresAt) }),
      ...(subMerchant === undefined ? {} : { sub_merchant: { merchant_id: subMerchant, merchant_type: 'alipay' } }),
      ...(serviceProvider === undefined ? {} : { extend_params: { sys_service_provider_id: serviceProvider } }),
    }
  }
}

function open(ask: PrepareAsk, action: Prepared['action']): Prepared {
  return { action, actionExpiresAt: ask.expiresAt }
}

/** An old app names its buyers by 2088…, a newer one by an id of its own: the two are never mixed (fact sheet §5). */
function buyer({ openId }: PrepareAsk): Record<string, string | undefined> {
  return openId !== undefined && userId.test(openId) ? { buyer_id: openId } : { buyer_open_id: openId }
}

/** Without the marks Alipay refuses. */
function subjectOf(description: string): string {
  return description.replace(/[/=&]/g, ' ').slice(0, subjectMax)
}

function needed({ outTradeNo }: PrepareAsk, answer: Plain, name: string): string {
  const number = text(answer, 'out_trade_no')
  if (number !== undefined && number !== outTradeNo) throw otherQuestion('the number of another order')
  const value = text(answer, name)
  if (value === undefined) throw unclear(`answered without ${name}`)
  return value
}
