/** A trade as Alipay keeps it. */
export type AliTrade = {
  readonly outTradeNo: string
  readonly tradeNo: string
  readonly method: string
  readonly appId: string
  readonly subject: string
  readonly totalFen: number
  readonly content: string
  readonly notifyUrl: string
  readonly returnUrl?: string | undefined
  readonly createdAt: number
  readonly expiresAt: number
  /** Nobody opened it yet: for Alipay it does not exist. */
  readonly isOpened: boolean
  readonly state: 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED'
  readonly buyer: string
  readonly paidAt?: number | undefined
}

export type AliRefund = { readonly outRequestNo: string; readonly outTradeNo: string; readonly fen: number; readonly at: number }
export type AliCode = {
  readonly code: string
  readonly person: string
  readonly madeAt: number
  readonly kind: 'login' | 'counter'
  readonly usedFor?: string | undefined
}

/** A refusal in Alipay's manner. */
export class AlipayError extends Error {
  readonly code: string
  readonly subCode: string
  constructor(code: string, subCode: string, message: string) {
    super(message)
    this.name = 'AlipayError'
    this.code = code
    this.subCode = subCode
  }
}

export const business = (subCode: string, message: string): AlipayError => new AlipayError('40004', `ACQ.${subCode}`, message)

export function yuanOf(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** Yuan as text with up to two decimals; undefined when it is no amount. */
export function fenOf(text: string | undefined): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text ?? '') ?? []
  return whole === undefined ? undefined : Number(whole + fraction.padEnd(2, '0'))
}
