import { digits } from '../credentials.ts'
import { ControlError } from '../errors.ts'
import type { CallFault } from '../faults.ts'
import type { SideParts } from '../side.ts'
import type { Book } from './book.ts'
import type { QfCodes } from './codes.ts'
import type { QfpayCredentials } from './credentials.ts'
import { members } from './members.ts'
import type { Notices } from './notices.ts'
import type { PayParams } from './pay-params.ts'
import { type Way, wayOf } from './pay-types.ts'
import { QfpayError, type QfTrade, wrongMember } from './rows.ts'
import type { Wire } from './wire.ts'

const second = 1000
const minute = 60 * second
/** Above this a payer who shows a code is asked for the password. */
const freeMinor = 100_000

export type QfPayments = ReturnType<typeof makePayments>
type Parts = Pick<SideParts, 'clock' | 'runtime'> & {
  readonly credentials: () => QfpayCredentials
  readonly book: Book
  readonly codes: QfCodes
  readonly wire: Wire
  readonly payParams: PayParams
  readonly notices: Notices
}
type Paying = { readonly person?: string | undefined; readonly force?: boolean | undefined }

/** Payments: asked for by the merchant, paid or refused by the payer (fact sheet §4, §8). */
export function makePayments({ clock, runtime, credentials, book, codes, wire, payParams, notices }: Parts) {
  return { create, pay, fail, typing }

  /** 0000 means that the order was made; where the payer showed a code, that it is paid. */
  async function create(asked: URLSearchParams, fault: CallFault | undefined): Promise<Record<string, unknown>> {
    const way = wayOf(members.needed(asked, 'pay_type', 6), credentials().region)
    if (!way) throw wrongMember('pay_type')
    const trade = { ...readOrder(asked), openid: openidIn(asked, way) }
    if (trade.payType === '800212') members.scene(asked)
    if (book.isUsed(trade.outTradeNo)) throw new QfpayError('1102', '重复请求')
    if (way === 'code') return paidByCode(trade, members.needed(asked, 'auth_code', 128), fault)
    book.put(trade)
    // Somebody pays so fast that the notification is there before the answer.
    if (fault === 'early_notify') await pay(trade.outTradeNo)
    return said(trade, '0000', '', payParams.of(trade))
  }

  function readOrder(asked: URLSearchParams): QfTrade {
    return {
      syssn: book.newSyssn(),
      outTradeNo: members.number(asked),
      payType: asked.get('pay_type') ?? '',
      txamt: members.amount(asked),
      txcurrcd: members.currency(asked),
      goodsName: members.text(asked, 'goods_name', 64),
      txdtm: members.time(asked, 'txdtm'),
      notifyUrl: members.address(asked, 'notify_url', 256),
      returnUrl: members.address(asked, 'return_url', 512) || undefined,
      prepayId: `wx${Buffer.from(runtime.randomBytes(16)).toString('hex')}`,
      createdAt: clock.now(),
      expiresAt: clock.now() + members.life(asked) * minute,
      state: 'NOTPAY',
      cancel: '0',
    }
  }

  /** Paid at once, or when the payer has typed the password; a refused code leaves no order. */
  async function paidByCode(asked: QfTrade, authCode: string, fault: CallFault | undefined): Promise<Record<string, unknown>> {
    const trade: QfTrade = { ...asked, state: 'USERPAYING', paidBy: codes.useAtCounter(authCode, asked) }
    book.put(trade)
    if (fault === 'user_paying' || trade.txamt > freeMinor) return said(trade, '1143', '等待付款人输入密码')
    const paid = book.put(asPaid(trade))
    // The counter has its answer first.
    clock.after(second, () => notices.ofPayment(paid))
    return said(paid, '0000', '交易成功')
  }

  /** Comes back when the merchant was told once. @throws ControlError when it can be paid no more. */
  async function pay(code: string, { person, force = false }: Paying = {}): Promise<QfTrade> {
    const trade = book.needed(code)
    const state = book.stateOf(trade)
    if (state === 'SUCCESS') throw new ControlError(409, `${trade.outTradeNo} is paid already`)
    if (!force && (state === 'CLOSED' || state === 'FAILED')) throw new ControlError(409, `${trade.outTradeNo} is closed`)
    const paid = book.put(asPaid({ ...trade, paidBy: person ?? trade.paidBy }))
    await notices.ofPayment(paid)
    return paid
  }

  function asPaid(trade: QfTrade): QfTrade {
    const chnlsn = `42000${digits(runtime, 23)}`
    return { ...trade, state: 'SUCCESS', cancel: '0', paidBy: trade.paidBy ?? 'alice', paidAt: clock.now(), chnlsn }
  }

  /** The payer gave up or was refused: the end of a code, while any other order can be tried again. */
  function fail(code: string): QfTrade {
    const trade = book.needed(code)
    const isByCode = wayOf(trade.payType, credentials().region) === 'code'
    return changed(trade, isByCode ? 'FAILED' : 'NOTPAY')
  }

  function typing(code: string): QfTrade {
    return changed(book.needed(code), 'USERPAYING')
  }

  function changed(trade: QfTrade, state: QfTrade['state']): QfTrade {
    const known = book.stateOf(trade)
    if (known !== 'NOTPAY' && known !== 'USERPAYING') throw new ControlError(409, `${trade.outTradeNo} is ${known}`)
    return book.put({ ...trade, state })
  }

  function said(trade: QfTrade, respcd: string, resperr: string, more: Record<string, unknown> = {}): Record<string, unknown> {
    const { cancel: _cancel, ...shown } = wire.trade(trade)
    return { ...shown, ...more, respcd, resperr, respmsg: '' }
  }
}

/** Who pays, where the wallet wants to know it beforehand (fact sheet §4). */
function openidIn(asked: URLSearchParams, way: Way): string | undefined {
  if (way === 'wechatBridge') return members.needed(asked, 'sub_openid', 128)
  return way === 'alipayBridge' ? members.needed(asked, 'openid', 64) : undefined
}
