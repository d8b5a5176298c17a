import type { Attempt } from '../../server/core/rules/attempt.ts'
import type { Order } from '../../server/core/rules/order.ts'
import type { Refund } from '../../server/core/rules/refund.ts'
import {
  type RefundFacts,
  type RefundReport,
  type TradeFacts,
  type TradeReport,
  vouchForRefund,
  vouchForTrade,
} from '../../server/core/rules/report.ts'
import {
  asAppId,
  asOpenId,
  asOrderId,
  asOutTradeNo,
  asOwnId,
  asRefundId,
  asTransactionId,
  defaultAccount,
  defaultMerchant,
  outRefundNoOf,
} from '../../shared/kernel/ids.ts'
import { moneyOf, zero } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'

export const aDay = asInstant(Date.UTC(2026, 0, 2, 4, 0, 0))
export const anApp = asAppId('wx00000000000000a1')
export const aMerchantNumber = '1900000001'

/** An order of 99.99 CNY that waits for money; a test spells out what matters to it. */
export function anOrder(given: Partial<Order> = {}): Order {
  return {
    merchantId: defaultMerchant,
    orderId: asOrderId('D202601020304050001'),
    subject: 'Tea',
    amount: moneyOf(9999, 'CNY'),
    metadata: {},
    goodsType: 'physical',
    status: 'pending',
    paid: zero,
    refunded: zero,
    refunding: zero,
    refundCount: 0,
    attemptCount: 1,
    createdAt: aDay,
    expiresAt: asInstant(aDay + 1_800_000),
    ...given,
  }
}

export function anAttempt(given: Partial<Attempt> = {}): Attempt {
  const outTradeNo = given.outTradeNo ?? asOutTradeNo('D202601020304050001')
  return {
    merchantId: defaultMerchant,
    paymentId: asOwnId('PaymentId', 'pay_1'),
    orderId: asOrderId('D202601020304050001'),
    outTradeNo,
    channel: 'wechat',
    account: defaultAccount,
    merchantRef: aMerchantNumber,
    status: 'open',
    ask: {
      outTradeNo,
      payType: 'MINIPROGRAM',
      appId: anApp,
      amount: moneyOf(9999, 'CNY'),
      description: 'Tea',
      notifyUrl: 'https://shop.example/notify',
      expiresAt: asInstant(aDay + 1_800_000),
      startedAt: aDay,
      openId: asOpenId('o-payer'),
    },
    createdAt: aDay,
    ...given,
  }
}

export function aRefund(given: Partial<Refund> = {}): Refund {
  const refundId = given.refundId ?? asRefundId('ref_1')
  return {
    merchantId: defaultMerchant,
    refundId,
    outRefundNo: outRefundNoOf(refundId),
    orderId: asOrderId('D202601020304050001'),
    paymentId: asOwnId('PaymentId', 'pay_1'),
    outTradeNo: asOutTradeNo('D202601020304050001'),
    channel: 'wechat',
    account: defaultAccount,
    amount: moneyOf(1000, 'CNY'),
    total: moneyOf(9999, 'CNY'),
    notifyUrl: 'https://shop.example/notify',
    cause: 'requested',
    status: 'pending',
    createdAt: aDay,
    ...given,
  }
}

type Success = Extract<TradeFacts['outcome'], { status: 'succeeded' }>

export function aSuccess(attempt: Attempt, given: Partial<Success> = {}, origin: Partial<TradeFacts> = {}): TradeReport {
  const outcome: Success = {
    status: 'succeeded',
    transactionId: asTransactionId(`42000000${attempt.paymentId}`),
    amount: attempt.ask.amount,
    merchantRef: attempt.merchantRef,
    appId: attempt.ask.appId,
    succeededAt: asInstant(aDay + 60_000),
    ...given,
  }
  return vouchForTrade({
    source: 'notification',
    channel: attempt.channel,
    account: attempt.account,
    outTradeNo: attempt.outTradeNo,
    ...origin,
    outcome,
  })
}

export function aTradeReport(attempt: Attempt, outcome: TradeFacts['outcome']): TradeReport {
  return vouchForTrade({ source: 'query', channel: attempt.channel, account: attempt.account, outTradeNo: attempt.outTradeNo, outcome })
}

export function aRefundReport(refund: Refund, outcome: RefundFacts['outcome'], given: Partial<RefundFacts> = {}): RefundReport {
  const { channel, account, outTradeNo, outRefundNo, amount } = refund
  return vouchForRefund({ source: 'notification', channel, account, outTradeNo, outRefundNo, amount, ...given, outcome })
}
