import { addressOf, queryOf } from './addresses.ts'
import type {
  AccountAnswer,
  AppAnswer,
  CloseAnswer,
  ClosePayment,
  CodeAnswer,
  CodePayment,
  H5Answer,
  H5Payment,
  JsapiAnswer,
  ListPayments,
  NativeAnswer,
  NewPayment,
  PayerPayment,
  PaymentRecord,
  PaymentRefundAnswer,
  RefundPayment,
  TradeAnswer,
} from './answers.ts'
import type { Call, CallOptions } from './calls.ts'
import { listing } from './listing.ts'

type ChannelName = AccountAnswer['channel']

/** Payments in one step: of all channels a list, of one channel everything. */
export function paymentCalls(call: Call) {
  return Object.assign((channel: ChannelName) => ofChannel(call, channel), listing<PaymentRecord, ListPayments>(call, '/payments'))
}

function ofChannel(call: Call, channel: ChannelName) {
  const post =
    <Ask, Answer>(what: string) =>
    (ask: Ask, options?: CallOptions) =>
      call<Answer>({ method: 'POST', path: addressOf('payments', channel, what), body: ask, ...options })
  const read =
    <Answer>(what: string) =>
    (outTradeNo: string, of: { readonly account?: string | undefined } = {}) =>
      call<Answer>({ method: 'GET', path: addressOf('payments', channel, what, outTradeNo) + queryOf(of) })
  return {
    native: post<NewPayment, NativeAnswer>('native'),
    jsapi: post<PayerPayment, JsapiAnswer>('jsapi'),
    miniprogram: post<PayerPayment, JsapiAnswer>('miniprogram'),
    h5: post<H5Payment, H5Answer>('h5'),
    app: post<NewPayment, AppAnswer>('app'),
    micropay: post<CodePayment, CodeAnswer>('micropay'),
    /** Asks the channel. */
    query: read<TradeAnswer>('query'),
    /** As the books have it. */
    get: read<PaymentRecord>('payment'),
    refund: post<RefundPayment, PaymentRefundAnswer>('refund'),
    close: post<ClosePayment, CloseAnswer>('close'),
  }
}
