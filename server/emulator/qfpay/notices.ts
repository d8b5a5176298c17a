import type { NotifyFault } from '../faults.ts'
import type { SideParts } from '../side.ts'
import type { Notification } from '../state.ts'
import { type Letter, makeTeller } from '../teller.ts'
import type { Book } from './book.ts'
import type { QfpayCredentials } from './credentials.ts'
import type { QfRefund, QfTrade } from './rows.ts'
import { pythonJson, signBody, wrongDigest } from './signing.ts'
import type { Wire } from './wire.ts'

const second = 1000
const minute = 60 * second
/** After 2 m, 10 m, 10 m, 60 m, 2 h, 6 h, 15 h (fact sheet §10). */
export const qfpayLadder = [2, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minute)

export type Notices = ReturnType<typeof makeNotices>
type Parts = SideParts & { readonly book: Book; readonly wire: Wire; readonly credentials: () => QfpayCredentials }

/** Tells of payments and refunds, signed over the raw body, until the answer is SUCCESS (fact sheet §10). */
export function makeNotices(parts: Parts) {
  const { state, clock, runtime, book, wire, credentials } = parts
  const teller = makeTeller(parts, {
    channel: 'qfpay',
    ladder: qfpayLadder,
    newId: () => `qf-${Buffer.from(runtime.randomBytes(12)).toString('hex')}`,
    isTaken: (status, body) => status === 200 && body === 'SUCCESS',
    letter,
    spoil,
  })
  return { ofPayment, ofRefundSoon, again, resend: teller.resend, resume }

  async function ofPayment(trade: QfTrade): Promise<void> {
    const { outTradeNo, notifyUrl: url } = trade
    if (url !== '') await teller.send({ event: 'payment', url, outTradeNo, resource: told('payment', wire.trade(trade)) })
  }

  /** A second later, also when the process ends before that. */
  function ofRefundSoon(refund: QfRefund): void {
    book.putRefund({ ...refund, isUntold: true })
    clock.after(second, () => ofRefund(refund))
  }

  /** It names the refund alone; which payment it belongs to is to be asked. */
  async function ofRefund(refund: QfRefund): Promise<void> {
    const trade = book.bySyssn(refund.origssn)
    if (book.refunds().find((one) => one.syssn === refund.syssn)?.isUntold !== true) return
    book.putRefund({ ...refund, isUntold: false })
    if (!trade || trade.notifyUrl === '') return
    const { outTradeNo, notifyUrl: url } = trade
    const resource = told('refund', wire.refund(refund))
    await teller.send({ event: 'refund', url, outTradeNo, outRefundNo: refund.outTradeNo, resource })
  }

  function told(type: 'payment' | 'refund', members: Record<string, unknown>): Record<string, unknown> {
    return { status: '1', notify_type: type, ...members, respcd: '0000' }
  }

  /** The first that was told of an order, under another id. */
  async function again(outTradeNo: string): Promise<void> {
    const [first] = [...state.tables.notification.values()].filter((one) => one.channel === 'qfpay' && one.outTradeNo === outTradeNo)
    if (first) await teller.resend(first.id)
  }

  function resume(): void {
    for (const refund of book.refunds()) if (refund.isUntold === true) clock.after(second, () => ofRefund(refund))
    teller.resume()
  }

  function letter({ resource }: Notification, fault: NotifyFault | undefined): Letter {
    const body = pythonJson(JSON.parse(resource))
    const sign = signBody(body, credentials().clientKey)
    const isForged = fault === 'forge_notify' || fault === 'probe_notify' || fault === 'undecryptable_notify'
    return {
      headers: { 'Content-Type': 'application/json', 'X-QF-SIGN': isForged ? wrongDigest(sign) : sign },
      body: Buffer.from(fault === 'truncate_notify' ? body.slice(0, -20) : body),
    }
  }

  function spoil(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown> {
    if (fault === 'wrong_amount') return { ...resource, txamt: String(Number(resource.txamt ?? 0) - 1 || 1_000_001) }
    if (fault === 'wrong_currency') return { ...resource, txcurrcd: resource.txcurrcd === 'USD' ? 'EUR' : 'USD' }
    if (fault === 'wrong_merchant' || fault === 'wrong_app') return { ...resource, mchid: 'QF00000000' }
    if (fault === 'unknown_order') return { ...resource, out_trade_no: `U${Buffer.from(runtime.randomBytes(8)).toString('hex')}` }
    return resource
  }
}
