import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Attempt } from '../../../server/core/rules/attempt.ts'
import { decideTrade } from '../../../server/core/rules/decide-trade.ts'
import {
  type Confirmed,
  decideAssign,
  decideGiveBack,
  decideNoted,
  isSameResolution,
  orderForStranger,
} from '../../../server/core/rules/decide-unmatched.ts'
import type { Change, Decision } from '../../../server/core/rules/decision.ts'
import type { Order } from '../../../server/core/rules/order.ts'
import { refundable } from '../../../server/core/rules/order.ts'
import type { Success, TradeReport } from '../../../server/core/rules/report.ts'
import { differenceNow, type Unmatched } from '../../../server/core/rules/unmatched.ts'
import { asAppId, asOrderId, asOutTradeNo, asOwnId, asTransactionId, defaultAccount, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { attemptMoves, attemptStatuses, orderMoves } from '../../../shared/kernel/states.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { aDay, aMerchantNumber, anAttempt, anOrder, aSuccess, aTradeReport } from '../../support/builders.ts'

const now = asInstant(aDay + 120_000)
const notifyUrl = 'https://shop.example/notify'
const by = asOwnId('KeyId', 'key_1')
const note = 'slip 17'
const transactionId = asTransactionId('4200000001')

function someMoney(given: Partial<Unmatched> = {}): Unmatched {
  return {
    unmatchedId: asOwnId('UnmatchedId', 'unm_1234567890'),
    merchantId: defaultMerchant,
    channel: 'wechat',
    account: defaultAccount,
    outTradeNo: asOutTradeNo('D202601020304050001'),
    transactionId,
    reason: 'mismatch',
    orderId: anOrder().orderId,
    amountMinor: 9998,
    currency: 'CNY',
    detail: 'amount 99.98, asked for 99.99',
    seenAt: aDay,
    ...given,
  }
}

function reportOf(attempt: Attempt, given: Partial<Success> = {}): { report: TradeReport; success: Success } {
  const report = aSuccess(attempt, { amount: moneyOf(9998, 'CNY'), transactionId, ...given })
  if (report.outcome.status !== 'succeeded') throw new Error('it is a success')
  return { report, success: report.outcome }
}

function confirmed(given: Partial<Confirmed> = {}): Confirmed {
  const attempt = given.attempt ?? anAttempt()
  return { money: someMoney(), success: reportOf(attempt).success, attempt, isNew: false, by, note, now, ...given }
}

const stranger = () => {
  const money = someMoney({ reason: 'unknown_number', orderId: undefined })
  const attempt = anAttempt({ status: 'sent', paymentId: asOwnId('PaymentId', 'pay_9') })
  return confirmed({ money, attempt: { ...attempt, ask: { ...attempt.ask, amount: moneyOf(9998, 'CNY') } }, isNew: true })
}
const kinds = ({ changes }: Decision) => changes.map(({ kind }) => kind)
const changeOf = <Kind extends Change['kind']>({ changes }: Decision, kind: Kind) =>
  changes.find((change): change is Extract<Change, { kind: Kind }> => change.kind === kind)

describe('money of another amount than its attempt asked for', () => {
  it('goes back in full, and the order may be paid again', () => {
    const { decision, unmatched } = decideGiveBack({ ...confirmed(), order: anOrder(), notifyUrl })

    expect(decision.changes).toMatchObject([
      { kind: 'resolveUnmatched', resolution: { status: 'refunded', note, by, refundId: 'ref_1', orderId: anOrder().orderId } },
      { kind: 'moveAttempt', to: 'succeeded', set: { kept: false, paid: { minor: 9998, currency: 'CNY' }, transactionId } },
      {
        kind: 'insertRefund',
        refund: { cause: 'unmatched', amount: { minor: 9998 }, total: { minor: 9998 }, status: 'pending', transactionId },
      },
    ])
    expect(decision.events.map(({ type }) => type)).toEqual(['refund.created'])
    expect(decision.tasks).toMatchObject([{ kind: 'refund.send', subject: 'ref_1', runAt: now }])
    expect(decision.ended).toMatchObject([{ kind: 'payment.sync', subject: 'pay_1' }])
    expect(decision.notes).toMatchObject([{ detail: { note, by, listedFor: 'amount 99.98, asked for 99.99' } }])
    expect(unmatched.resolution).toMatchObject({ status: 'refunded', refundId: 'ref_1' })
  })

  it('is kept for its order, which is then paid with what came', () => {
    const other = anAttempt({ paymentId: asOwnId('PaymentId', 'pay_2'), outTradeNo: asOutTradeNo('D202601020304050002') })

    const { decision } = decideAssign({ ...confirmed(), order: anOrder(), attempts: [anAttempt(), other] })

    expect(decision.changes).toMatchObject([
      { kind: 'resolveUnmatched', resolution: { status: 'assigned' } },
      { kind: 'moveAttempt', to: 'succeeded', set: { kept: true, paid: { minor: 9998 } } },
      { kind: 'moveOrder', from: ['pending'], to: 'succeeded', set: { paid: 9998, keptPaymentId: 'pay_1', transactionId } },
    ])
    expect(decision.events).toMatchObject([
      { type: 'payment.succeeded', data: { amount: '99.99', paidAmount: '99.98', paidAmountMinor: 9998 } },
    ])
    expect(decision.tasks).toMatchObject([{ kind: 'payment.sync', subject: 'pay_2', runAt: now }])
    expect(decision.ended.map(({ kind }) => kind)).toEqual(['payment.sync', 'order.expire'])
  })

  it('for an order that had closed is told as late as well', () => {
    const order = anOrder({ status: 'closed' })

    const { decision } = decideAssign({ ...confirmed({ attempt: anAttempt({ status: 'closed' }) }), order, attempts: [] })

    expect(changeOf(decision, 'moveOrder')?.from).toEqual(['closed'])
    expect(decision.events.map(({ type }) => type)).toEqual(['payment.late', 'payment.succeeded'])
  })
})

describe('money that nobody here asked for', () => {
  it('gets a closed order that stands for it, with an attempt of its number, and goes back', () => {
    const given = stranger()
    const order = orderForStranger(given.money, given.success, now)

    const { decision, unmatched } = decideGiveBack({ ...given, order, notifyUrl, reason: 'paid by mistake' })

    expect(decision.changes).toMatchObject([
      { kind: 'resolveUnmatched', resolution: { orderId: 'unm_1234567890' } },
      {
        kind: 'insertOrder',
        order: {
          orderId: 'unm_1234567890',
          status: 'closed',
          amount: { minor: 9998 },
          paid: 0,
          attemptCount: 1,
          metadata: { unmatchedId: 'unm_1234567890', outTradeNo: 'D202601020304050001', channel: 'wechat' },
        },
      },
      { kind: 'insertAttempt', attempt: { status: 'succeeded', kept: false, transactionId, outTradeNo: 'D202601020304050001' } },
      { kind: 'insertRefund', refund: { orderId: anAttempt().orderId, reason: 'paid by mistake', cause: 'unmatched' } },
    ])
    expect(decision.events.map(({ type }) => type)).toEqual(['refund.created'])
    expect(unmatched.orderId).toBe('unm_1234567890')
  })

  it('is kept for an order as one more attempt; lost when another one was made meanwhile', () => {
    const { decision } = decideAssign({ ...stranger(), order: anOrder({ attemptCount: 2 }), attempts: [] })

    expect(kinds(decision)).toEqual(['resolveUnmatched', 'moveOrder', 'insertAttempt'])
    const move = changeOf(decision, 'moveOrder')
    expect(move).toMatchObject({ attemptCount: 2, set: { attemptCount: 3, paid: 9998 } })
    // By which means it was paid, nobody knows.
    expect(move?.set.payType).toBeNull()
    expect(changeOf(decision, 'insertAttempt')?.attempt).toMatchObject({ status: 'succeeded', kept: true, paid: { minor: 9998 } })
  })
})

describe('money settled by a note', () => {
  it('moves nothing', () => {
    const { decision, unmatched } = decideNoted({ money: someMoney(), by, note, now })

    expect(decision.changes).toMatchObject([{ kind: 'resolveUnmatched', resolution: { status: 'noted', note, by, at: now } }])
    expect([decision.events, decision.tasks, decision.ended]).toEqual([[], [], []])
    expect(unmatched.resolution?.status).toBe('noted')
  })

  it('told again by a query ends an attempt that the channel would call paid for ever', () => {
    const attempt = anAttempt()

    const { verdict, decision } = decideTrade({
      order: anOrder(),
      attempt,
      attempts: [attempt],
      report: { ...reportOf(attempt).report, source: 'query' },
      isSettledByStaff: true,
      policy: 'refund',
      notifyUrl,
      now,
    })

    expect(verdict).toBe('failed')
    expect(decision.changes).toMatchObject([{ kind: 'moveAttempt', to: 'failed' }])
    expect(decision.events).toEqual([])
  })

  it.each(['notification', 'bill'] as const)('told again by a %s alone ends nothing: the channel may have the right money', (source) => {
    const attempt = anAttempt()

    const decided = decideTrade({
      order: anOrder(),
      attempt,
      attempts: [attempt],
      report: { ...reportOf(attempt).report, source },
      isSettledByStaff: true,
      policy: 'refund',
      notifyUrl,
      now,
    })

    expect([decided.verdict, decided.decision.changes]).toEqual(['already', []])
  })

  it.each(attemptStatuses.filter((status) => status !== 'sent' && status !== 'open'))(
    'told again of an attempt that is %s changes nothing',
    (status) => {
      const attempt = anAttempt({ status, ...(status === 'succeeded' ? { kept: false, transactionId } : {}) })
      const { report } = reportOf(attempt)

      const decided = decideTrade({
        order: anOrder(),
        attempt,
        attempts: [],
        report,
        isSettledByStaff: true,
        policy: 'refund',
        notifyUrl,
        now,
      })

      expect([decided.verdict, decided.decision.changes]).toEqual(['already', []])
    },
  )
})

describe('the same resolution', () => {
  const asAssigned = { status: 'assigned', note, by, at: now, orderId: asOrderId('T-0001') } as const
  it.each([
    ['the same order and note', { kind: 'assign', orderId: asOrderId('T-0001'), note }, true],
    ['another order', { kind: 'assign', orderId: asOrderId('T-0002'), note }, false],
    ['another note', { kind: 'assign', orderId: asOrderId('T-0001'), note: 'x' }, false],
    ['another way', { kind: 'refund', note }, false],
    ['a mere note', { kind: 'note', note }, false],
  ] as const)('is told from another: %s', (_name, ask, isSame) => {
    expect(isSameResolution(asAssigned, ask)).toBe(isSame)
  })
})

describe('what the channel says now', () => {
  const attempt = anAttempt()
  const said = (given: Partial<Success>) => reportOf(attempt, given).report
  it.each<[string, TradeReport, string | undefined]>([
    ['just that money', said({}), undefined],
    ['by another app, which is no other money', said({ appId: asAppId('wx0') }), undefined],
    ['another amount', said({ amount: moneyOf(9999, 'CNY') }), 'amount 99.99 CNY, listed 99.98 CNY'],
    ['another currency', said({ amount: moneyOf(9998, 'HKD') }), 'amount 99.98 HKD, listed 99.98 CNY'],
    ['another transaction', said({ transactionId: asTransactionId('42x') }), 'transaction 42x, listed 4200000001'],
    ['given back already', said({ wentBack: true }), 'some of it, or all, was given back already'],
    ['another merchant', said({ merchantRef: '16' }), `merchant 16, it was to go to ${aMerchantNumber}`],
    ['closed', aTradeReport(attempt, { status: 'closed' }), 'it says closed'],
    ['never heard of', aTradeReport(attempt, { status: 'notFound' }), 'it says notFound'],
    ['a word nobody knows', aTradeReport(attempt, { status: 'pending', said: 'ODD', isKnownWord: false }), 'it says ODD'],
  ])('is compared with the list: %s', (_name, report, difference) => {
    expect(differenceNow(someMoney(), report, aMerchantNumber)).toBe(difference)
  })
})

describe('any money, settled in any way', () => {
  const cases = fc.record({
    minor: fc.integer({ min: 1, max: 1_000_000 }),
    orderStatus: fc.constantFrom<Order['status']>('pending', 'closed', 'failed'),
    attemptStatus: fc.constantFrom<Attempt['status']>('sent', 'open', 'failed', 'closed'),
    isNew: fc.boolean(),
    isKept: fc.boolean(),
  })

  it('is resolved in the same decision that moves it, wholly kept or wholly given back, along the tables', () => {
    fc.assert(
      fc.property(cases, ({ minor, orderStatus, attemptStatus, isNew, isKept }) => {
        const amount = moneyOf(minor, 'CNY')
        const attempt = anAttempt({ status: isNew ? 'sent' : attemptStatus })
        const { success } = reportOf(attempt, { amount })
        const given = confirmed({ attempt, isNew, success, money: someMoney({ amountMinor: minor }) })
        const order = anOrder({ status: orderStatus })

        const { decision } = isKept
          ? decideAssign({ ...given, order, attempts: [attempt] })
          : decideGiveBack({ ...given, order: isNew ? orderForStranger(given.money, success, now) : order, notifyUrl })

        expect(kinds(decision).filter((kind) => kind === 'resolveUnmatched')).toHaveLength(1)
        const made = changeOf(decision, 'insertAttempt')?.attempt
        const moved = changeOf(decision, 'moveAttempt')
        expect(made?.kept ?? moved?.set.kept).toBe(isKept)
        expect((made === undefined) !== (moved === undefined)).toBe(true)
        for (const from of moved?.from ?? []) expect(attemptMoves[from]).toContain('succeeded')
        const move = changeOf(decision, 'moveOrder')
        for (const from of move?.from ?? []) expect(orderMoves[from]).toContain('succeeded')
        const back = changeOf(decision, 'insertRefund')?.refund
        expect((move?.set.paid ?? 0) + (back?.amount.minor ?? 0)).toBe(minor)
        if (move) expect(refundable({ paid: asMinor(move.set.paid ?? 0), refunded: asMinor(0), refunding: asMinor(0) })).toBe(minor)
      }),
    )
  })
})
