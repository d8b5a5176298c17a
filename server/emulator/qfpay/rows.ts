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
  /** The payer's id as the merchant named it; only where the way to pay demands one. */
  readonly openid?: string | undefined
  readonly prepayId: string
  readonly createdAt: number
  readonly expiresAt: number
  /** FAILED is the end of a code that was shown only: any other order can be tried again. */
  readonly state: 'NOTPAY' | 'USERPAYING' | 'FAILED' | 'SUCCESS' | 'CLOSED'
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
  /** It is still to be told. */
  readonly isUntold?: boolean | undefined
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

/** A member that is missing or wrong, by its name. */
export function wrongMember(name: string): QfpayError {
  return new QfpayError('1104', `${name} 参数错误`)
}
