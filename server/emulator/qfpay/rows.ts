/** A payment as QFPay keeps it. */
export type QfTrade = {
  readonly syssn: string
  readonly outTradeNo: string
  readonly payType: string
  readonly txamt: number
  readonly txcurrcd: string
  readonly goodsName: string
  readonly txdtm: string
  readonly notifyUrl: string
  readonly returnUrl?: string | undefined
  readonly prepayId: string
  readonly paySign: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly state: 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'CLOSED'
  /** 0 not, 1 undone at the counter, 2 closed, 3 refunded, 5 refunded in part. */
  readonly cancel: '0' | '1' | '2' | '3' | '5'
  readonly paidBy?: string | undefined
  readonly paidAt?: number | undefined
  readonly chnlsn?: string | undefined
}

export type QfRefund = {
  readonly syssn: string
  readonly outTradeNo: string
  readonly origssn: string
  readonly txamt: number
  readonly txdtm: string
  readonly createdAt: number
}

export type QfCode = {
  readonly code: string
  readonly person: string
  readonly madeAt: number
  readonly usedFor?: string | undefined
  readonly kind: 'oauth' | 'counter'
}

export class QfpayError extends Error {
  readonly respcd: string
  constructor(respcd: string, message: string) {
    super(message)
    this.name = 'QfpayError'
    this.respcd = respcd
  }
}
