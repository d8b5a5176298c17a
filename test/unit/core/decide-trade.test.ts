import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Attempt } from '../../../server/core/rules/attempt.ts'
import { decideTrade, type LatePolicy } from '../../../server/core/rules/decide-trade.ts'
import type { Order } from '../../../server/core/rules/order.ts'
import type { TradeReport } from '../../../server/core/rules/report.ts'
import { asAppId, asOutTradeNo, asOwnId, asTransactionId } from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { attemptMoves, attemptStatuses, orderMoves, orderStatuses } from '../../../shared/kernel/states.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay, anAttempt, anOrder, aSuccess, aTradeReport } from '../../support/builders.ts'

const now = asInstant(aDay + 120_000)
const notifyUrl = 'https://shop.example/notify'

function decide({
  order = anOrder(),
  attempt = anAttempt(),
  attempts,
  report,
  policy = 'refund',
}: {
  order?: Order
  attempt?: Attempt
  attempts?: Attempt[]
  report: TradeReport
  policy?: LatePolicy
}) {
  return decideTrade({ order, attempt, attempts: attempts ?? [attempt], report, policy, notifyUrl, now })
}

const paidOrder = anOrder({ status: 'succeeded', paid: asMinor(9999), keptPaymentId: asOwnId('PaymentId', 'pay_0') })

describe('a success on a pending order', () => {
  it('is kept: attempt and order turn succeeded together, told once, and nobody has to ask any more', () => {
    const attempt = anAttempt()

    const { verdict, decision } = decide({ attempt, report: aSuccess(attempt) })

    expect(verdict).toBe('kept')
    expect(decision.changes).toMatchObject([
      { kind: 'moveAttempt', to: 'succeeded', set: { kept: true } },
      { kind: 'moveOrder', from: ['pending'], to: 'succeeded', set: { paid: 9999, keptPaymentId: 'pay_1' } },
    ])
    expect(decision.events.map((event) => event.type)).toEqual(['payment.succeeded'])
    expect(decision.ended.map((task) => task.kind)).toEqual(['payment.sync', 'order.expire'])
  })

  it('carries the channel’s time of success, not the time of hearing it', () => {
    const attempt = anAttempt()

    const { decision } = decide({ attempt, report: aSuccess(attempt, { succeededAt: asInstant(aDay + 5) }) })

    expect(decision.changes).toMatchObject([{ set: { succeededAt: aDay + 5 } }, { set: { paidAt: aDay + 5 } }])
  })

  it('has the other attempts, which could still be paid, looked after at once', () => {
    const attempt = anAttempt()
    const other = anAttempt({ paymentId: asOwnId('PaymentId', 'pay_2'), outTradeNo: asOutTradeNo('D202601020304050002'), status: 'open' })

    const { decision } = decide({ attempt, attempts: [attempt, other], report: aSuccess(attempt) })

    expect(decision.tasks).toEqual([{ kind: 'payment.sync', merchantId: 'mer_default', subject: 'pay_2', runAt: now }])
  })
})

describe('a second success on one order', () => {
  it('is refunded in full under a number that follows from the payment, and told', () => {
    const attempt = anAttempt()

    const { verdict, decision } = decide({ order: paidOrder, attempt, report: aSuccess(attempt) })

    expect(verdict).toBe('duplicate')
    expect(decision.changes).toMatchObject([
      { kind: 'moveAttempt', to: 'succeeded', set: { kept: false } },
      {
        kind: 'insertRefund',
        refund: { refundId: 'ref_1', amount: { minor: 9999, currency: 'CNY' }, cause: 'duplicate', status: 'pending' },
      },
    ])
    expect(decision.events.map((event) => event.type)).toEqual(['payment.duplicate_refunded', 'refund.created'])
    expect(decision.tasks).toMatchObject([{ kind: 'refund.send', subject: 'ref_1', runAt: now }])
  })
})

describe('a success on a closed order', () => {
  it('is refunded in full by the policy "refund", and the order stays closed', () => {
    const attempt = anAttempt({ status: 'closed' })

    const { verdict, decision } = decide({ order: anOrder({ status: 'closed' }), attempt, report: aSuccess(attempt) })

    expect(verdict).toBe('late')
    expect(decision.changes.map((change) => change.kind)).toEqual(['moveAttempt', 'insertRefund'])
    expect(decision.events.map((event) => event.type)).toEqual(['payment.late', 'refund.created'])
  })

  it('is kept by the policy "accept"', () => {
    const attempt = anAttempt({ status: 'closed' })

    const { decision } = decide({ order: anOrder({ status: 'closed' }), attempt, report: aSuccess(attempt), policy: 'accept' })

    expect(decision.changes).toMatchObject([
      { kind: 'moveAttempt', set: { kept: true } },
      { kind: 'moveOrder', from: ['closed'], to: 'succeeded' },
    ])
    expect(decision.events.map((event) => event.type)).toEqual(['payment.late', 'payment.succeeded'])
  })

  it('is refunded even by "accept" when another attempt was kept meanwhile', () => {
    const attempt = anAttempt({ status: 'closed' })

    expect(decide({ order: paidOrder, attempt, report: aSuccess(attempt), policy: 'accept' }).verdict).toBe('duplicate')
  })
})

describe('money that is not what was asked for', () => {
  const attempt = anAttempt()
  it.each([
    ['one fen less', aSuccess(attempt, { amount: moneyOf(9998, 'CNY') }), 'amount 99.98, asked for 99.99'],
    ['another currency', aSuccess(attempt, { amount: moneyOf(9999, 'HKD') }), 'currency HKD, asked for CNY'],
    ['another merchant', aSuccess(attempt, { merchantRef: '1900000002' }), 'merchant 1900000002, asked for 1900000001'],
    ['another app', aSuccess(attempt, { appId: asAppId('wx00000000000000b2') }), 'app wx00000000000000b2, asked for wx00000000000000a1'],
    ['another account', aSuccess(attempt, {}, { account: asOwnId('AccountId', 'second') }), 'account second, asked through default'],
  ])('%s changes nothing and is listed', (_name, report, detail) => {
    const { verdict, decision } = decide({ attempt, report })

    expect(verdict).toBe('mismatch')
    expect(decision.changes).toMatchObject([{ kind: 'insertUnmatched', unmatched: { reason: 'mismatch', detail } }])
    expect(decision.events).toEqual([])
  })

  it('another transaction on a paid number is listed, not taken for a repeat', () => {
    const paid = anAttempt({ status: 'succeeded', kept: true, transactionId: asTransactionId('4200000001') })

    expect(
      decide({ order: paidOrder, attempt: paid, report: aSuccess(paid, { transactionId: asTransactionId('4200000002') }) }).verdict,
    ).toBe('mismatch')
  })
})

describe('what is known already', () => {
  it('the same success again changes nothing', () => {
    const paid = anAttempt({ status: 'succeeded', kept: true, transactionId: asTransactionId('42000000pay_1') })

    expect(decide({ order: paidOrder, attempt: paid, report: aSuccess(paid) })).toEqual({
      verdict: 'already',
      decision: { changes: [], events: [], tasks: [], ended: [], notes: [] },
    })
  })

  it('a closed word after a success moves nothing back', () => {
    const paid = anAttempt({ status: 'succeeded', kept: true })

    expect(decide({ order: paidOrder, attempt: paid, report: aTradeReport(paid, { status: 'closed' }) }).decision.changes).toEqual([])
  })
})

describe('any report in any state', () => {
  const outcomes = fc.constantFrom<TradeReport['outcome']['status']>('succeeded', 'closed', 'failed', 'pending', 'notFound')
  const cases = fc.record({
    orderStatus: fc.constantFrom(...orderStatuses),
    attemptStatus: fc.constantFrom(...attemptStatuses),
    outcome: outcomes,
    policy: fc.constantFrom<LatePolicy>('refund', 'accept'),
    amount: fc.constantFrom(9999, 9998),
  })

  it('moves only along the tables, and keeps at most one payment', () => {
    fc.assert(
      fc.property(cases, ({ orderStatus, attemptStatus, outcome, policy, amount }) => {
        const attempt = anAttempt({ status: attemptStatus })
        const order = anOrder({
          status: orderStatus,
          ...(orderStatus === 'succeeded' ? { paid: asMinor(9999), keptPaymentId: asOwnId('PaymentId', 'pay_0') } : {}),
        })
        const report =
          outcome === 'succeeded'
            ? aSuccess(attempt, { amount: moneyOf(amount, 'CNY') })
            : aTradeReport(
                attempt,
                outcome === 'failed'
                  ? { status: 'failed', said: 'x' }
                  : outcome === 'pending'
                    ? { status: 'pending', said: 'NOTPAY', isKnownWord: true }
                    : { status: outcome },
              )

        const { decision } = decideTrade({ order, attempt, attempts: [attempt], report, policy, notifyUrl, now })

        for (const change of decision.changes) {
          if (change.kind === 'moveOrder') for (const from of change.from) expect(orderMoves[from]).toContain(change.to)
          if (change.kind === 'moveAttempt') for (const from of change.from) expect(attemptMoves[from]).toContain(change.to)
        }
        const keeps = decision.changes.filter((change) => change.kind === 'moveAttempt' && change.set.kept === true).length
        const orderMoved = decision.changes.some((change) => change.kind === 'moveOrder' && change.to === 'succeeded')
        const surplus = decision.changes.filter((change) => change.kind === 'insertRefund').length
        expect(keeps).toBe(orderMoved ? 1 : 0)
        if (orderStatus === 'succeeded') expect(keeps).toBe(0)
        if (outcome === 'succeeded' && amount === 9999 && attemptStatus !== 'succeeded') expect(keeps + surplus).toBe(1)
        if (amount !== 9999 && outcome === 'succeeded') expect(keeps + surplus).toBe(0)
      }),
    )
  })
})
