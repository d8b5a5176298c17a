import type { Emulator } from '../../server/emulator/emulator.ts'
import type { SimulatedChannel } from './plan.ts'

/** A payment as its channel knows it, in one form for all. */
export type LedgerPayment = {
  readonly outTradeNo: string
  /** `UNOPENED`: nobody can close it yet, since for the channel it does not exist. */
  readonly state: 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'REVOKED' | 'PAYERROR' | 'UNOPENED'
  readonly total: number
  readonly transactionId: string | undefined
  readonly expiresAt: number
  readonly paidAt: number | undefined
}
export type LedgerRefund = {
  readonly outRefundNo: string
  readonly outTradeNo: string
  readonly refund: number
  readonly state: 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
  readonly createdAt: number
}

export type Ledger = ReturnType<typeof makeLedger>

/** The channel's own books, which the product's are held against. */
export function makeLedger(emulator: () => Emulator, channel: SimulatedChannel) {
  const name = channel === 'qfpay' || channel === 'alipay' ? channel : 'wechat'
  return {
    name,
    payments,
    refunds,
    payment: (outTradeNo: string) => payments().find((one) => one.outTradeNo === outTradeNo),
    refund: (outRefundNo: string) => refunds().find((one) => one.outRefundNo === outRefundNo),
  }

  function side() {
    return emulator().sides.find((one) => one.channel === name)
  }

  function payments(): LedgerPayment[] {
    if (name === 'wechat')
      return [...emulator().state().payment.values()].map(({ outTradeNo, state, total, transactionId, expiresAt, paidAt }) => ({
        outTradeNo,
        state,
        total,
        transactionId,
        expiresAt,
        paidAt,
      }))
    return (side()?.payments() ?? []).map((one) => ({
      outTradeNo: one.outTradeNo,
      state: one.isOpened === false ? 'UNOPENED' : one.tradeState,
      total: one.total,
      transactionId: typeof one.paidAt === 'number' ? String(one.transactionId) : undefined,
      expiresAt: Number(one.expiresAt),
      paidAt: typeof one.paidAt === 'number' ? one.paidAt : undefined,
    }))
  }

  function refunds(): LedgerRefund[] {
    if (name === 'wechat') return [...emulator().state().refund.values()]
    return (side()?.refunds() ?? []).map((one) => ({
      outRefundNo: String(one.outRefundNo),
      outTradeNo: String(one.ofTradeNo),
      refund: Number(one.amount),
      state: 'SUCCESS',
      createdAt: Number(one.createdAt),
    }))
  }
}

/** Which number a call is about and what it says of it, without what is new with every try; undefined for calls that ask for nothing. */
export function askedIn(title: string, body: string, search: string): { readonly number: string; readonly content: string } | undefined {
  if (title !== 'POST prepay' && title !== 'POST refund') return undefined
  const text = body.startsWith('{') || body.startsWith('<') ? body : decodeURIComponent(body.replaceAll('+', ' '))
  const names = title === 'POST prepay' ? ['out_trade_no'] : ['out_refund_no', 'out_request_no', 'out_trade_no']
  for (const name of names) {
    const number = new RegExp(`${name}(?:"\\s*:\\s*"|><!\\[CDATA\\[|=)([^"\\]&<]+)`).exec(text)?.[1]
    if (number !== undefined) return { number, content: steady(text) + steady(search) }
  }
  return undefined
}

/** Nonces, signatures and the gateway's own time differ with every try and mean nothing. */
function steady(text: string): string {
  return text.replace(/<(nonce_str|sign)>.*?<\/\1>/g, '').replace(/[?&](sign|timestamp)=[^&]*/g, '')
}
