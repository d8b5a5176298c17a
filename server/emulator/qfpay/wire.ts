import { billTime } from '../clock.ts'
import type { Book } from './book.ts'
import type { QfCodes } from './codes.ts'
import type { QfpayCredentials } from './credentials.ts'
import type { QfRefund, QfTrade } from './rows.ts'

export type Wire = ReturnType<typeof makeWire>
type Parts = { readonly book: Book; readonly codes: QfCodes; readonly credentials: () => QfpayCredentials }

/** Payments and refunds by the names of QFPay's documents (fact sheet §4, §9). */
export function makeWire({ book, codes, credentials }: Parts) {
  return { trade, refund }

  function trade(row: QfTrade): Record<string, unknown> {
    const { payType, syssn, outTradeNo, txamt, txcurrcd, txdtm, createdAt, paidAt, cancel, goodsName, chnlsn = '' } = row
    return {
      pay_type: payType,
      sysdtm: billTime(createdAt),
      paydtm: paidAt === undefined ? '' : billTime(paidAt),
      txdtm,
      txcurrcd,
      // Figures come as texts and as numbers, as they do from the real one.
      txamt: payType === '800208' ? txamt : String(txamt),
      out_trade_no: outTradeNo,
      syssn,
      mchid: credentials().mchid,
      goods_name: goodsName,
      chnlsn,
      chnlsn2: '',
      cardcd: row.paidBy === undefined ? '' : (row.openid ?? codes.openidOf(row.paidBy)),
      cancel,
    }
  }

  function refund({ syssn, outTradeNo, origssn, txamt, txdtm, createdAt }: QfRefund): Record<string, unknown> {
    const { payType, txcurrcd } = book.bySyssn(origssn) ?? { payType: '', txcurrcd: credentials().currency }
    return {
      pay_type: payType,
      sysdtm: billTime(createdAt),
      paydtm: billTime(createdAt),
      txdtm,
      txcurrcd,
      txamt: String(txamt),
      out_trade_no: outTradeNo,
      syssn,
      mchid: credentials().mchid,
      cancel: '0',
    }
  }
}
