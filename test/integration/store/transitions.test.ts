import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Change } from '../../../server/core/rules/decision.ts'
import type { Order } from '../../../server/core/rules/order.ts'
import { findAttempt } from '../../../server/store/attempts.ts'
import { findOrder } from '../../../server/store/orders.ts'
import { findRefund } from '../../../server/store/refunds.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange } from '../../../server/store/transitions.ts'
import { findUnmatched, unmatchedIdOf } from '../../../server/store/unmatched.ts'
import {
  asOrderId,
  asOutTradeNo,
  asOwnId,
  asRefundId,
  asTransactionId,
  defaultAccount,
  defaultMerchant,
} from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { aDay, anAttempt, anOrder, aRefund } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'

const contenders = 20
const merchantId = defaultMerchant

let store: Awaited<ReturnType<typeof openTestDatabase>>
let nth = 0
let order: Order
const paymentId = () => asOwnId('PaymentId', `pay_${nth}`)
const refundId = () => asRefundId(`ref_${nth}`)

beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store.end())
beforeEach(() => {
  order = anOrder({ orderId: asOrderId(`ORDER_${++nth}`), attemptCount: 0, channel: 'wechat', payType: 'NATIVE' })
})

const apply = (change: Change) => transaction(store.db, (tx) => applyChange(tx, change))
/** How many of so many writers, all at once, are told that they won. */
async function winners(makeChange: (contender: number) => Change): Promise<number> {
  const answers = await Promise.all(Array.from({ length: contenders }, (_, contender) => apply(makeChange(contender))))
  return answers.filter((won) => won).length
}

const attempt = () => anAttempt({ paymentId: paymentId(), orderId: order.orderId, outTradeNo: asOutTradeNo(`NUMBER_${nth}`) })
const refund = () => aRefund({ refundId: refundId(), orderId: order.orderId, paymentId: paymentId() })

describe('of many who write the same row at once, one wins', () => {
  it('with an order’s number', async () => {
    expect(await winners(() => ({ kind: 'insertOrder', order }))).toBe(1)
  })

  it('with an attempt’s number at the channel, under different payments', async () => {
    const same = attempt()

    const count = await winners((contender) => ({
      kind: 'insertAttempt',
      attempt: { ...same, paymentId: asOwnId('PaymentId', `pay_${nth}_${contender}`) },
    }))

    expect(count).toBe(1)
  })

  it('with a refund’s number', async () => {
    expect(await winners(() => ({ kind: 'insertRefund', refund: refund() }))).toBe(1)
  })

  it('settling money that fits nothing, and how it is settled is the winner’s', async () => {
    const money = {
      merchantId,
      channel: 'wechat',
      account: defaultAccount,
      outTradeNo: asOutTradeNo(`STRANGE_${nth}`),
      transactionId: asTransactionId(`4200${nth}`),
      reason: 'unknown_number',
      amountMinor: 1,
      currency: 'CNY',
      detail: 'nobody here asked for it',
      seenAt: aDay,
    } as const
    const unmatched = { ...money, unmatchedId: unmatchedIdOf(money) }
    await apply({ kind: 'insertUnmatched', unmatched: money })

    const count = await winners((contender) => ({
      kind: 'resolveUnmatched',
      unmatched,
      resolution: { status: 'noted', note: `by ${contender}`, by: asOwnId('KeyId', `key_${contender}`), at: aDay },
    }))

    expect(count).toBe(1)
    const settled = await findUnmatched(store.db, merchantId, unmatched.unmatchedId)
    expect(settled?.resolution?.note.replace('by ', 'key_')).toBe(settled?.resolution?.by)
    expect(await findUnmatched(store.db, asOwnId('MerchantId', 'mer_other'), unmatched.unmatchedId)).toBeUndefined()
  })

  it('counting an attempt of a pending order', async () => {
    await apply({ kind: 'insertOrder', order })

    const count = await winners(() => ({
      kind: 'countAttempt',
      merchantId,
      orderId: order.orderId,
      attemptCount: 0,
      channel: 'wechat',
      payType: 'NATIVE',
    }))

    expect(count).toBe(1)
    expect(await findOrder(store.db, merchantId, order.orderId)).toMatchObject({ attemptCount: 1 })
  })

  it('moving an order, and what it sets is the winner’s', async () => {
    await apply({ kind: 'insertOrder', order })

    const count = await winners((contender) => ({
      kind: 'moveOrder',
      merchantId,
      orderId: order.orderId,
      from: ['pending'],
      to: 'succeeded',
      about: order,
      set: { paid: asMinor(9999), transactionId: asTransactionId(`t${contender}`), channel: 'wechat', payType: 'NATIVE', paidAt: aDay },
    }))

    expect(count).toBe(1)
    expect(await findOrder(store.db, merchantId, order.orderId)).toMatchObject({ status: 'succeeded', paid: 9999, paidAt: aDay })
  })

  it('moving an attempt', async () => {
    await apply({ kind: 'insertAttempt', attempt: attempt() })

    const count = await winners(() => ({
      kind: 'moveAttempt',
      merchantId,
      orderId: order.orderId,
      paymentId: paymentId(),
      from: ['sent', 'open'],
      to: 'succeeded',
      about: attempt(),
      set: { kept: true, succeededAt: aDay },
    }))

    expect(count).toBe(1)
    expect(await findAttempt(store.db, merchantId, paymentId())).toMatchObject({ status: 'succeeded', kept: true, succeededAt: aDay })
  })

  it('moving a refund', async () => {
    await apply({ kind: 'insertRefund', refund: refund() })

    const count = await winners(() => ({
      kind: 'moveRefund',
      merchantId,
      orderId: order.orderId,
      refundId: refundId(),
      from: ['pending', 'processing'],
      to: 'succeeded',
      about: refund(),
      set: { channelRefundId: 'c1', succeededAt: aDay },
    }))

    expect(count).toBe(1)
    expect(await findRefund(store.db, merchantId, refundId())).toMatchObject({ status: 'succeeded', channelRefundId: 'c1' })
  })
})

describe('a change that knows another state than the row has', () => {
  it('does not close an order to which an attempt was added', async () => {
    await apply({ kind: 'insertOrder', order: { ...order, attemptCount: 2 } })
    const close = {
      kind: 'moveOrder',
      merchantId,
      orderId: order.orderId,
      from: ['pending'],
      to: 'closed',
      about: order,
      set: { closedAt: aDay },
    } as const

    expect(await apply({ ...close, attemptCount: 1 })).toBe(false)
    expect(await findOrder(store.db, merchantId, order.orderId)).toMatchObject({ status: 'pending' })
    expect(await apply({ ...close, attemptCount: 2 })).toBe(true)
  })

  it('does not count an attempt of an order that is over', async () => {
    await apply({ kind: 'insertOrder', order: { ...order, status: 'closed' } })

    expect(
      await apply({ kind: 'countAttempt', merchantId, orderId: order.orderId, attemptCount: 0, channel: 'wechat', payType: 'NATIVE' }),
    ).toBe(false)
  })

  it('gives a fresh action to an attempt that can be paid, and to no other', async () => {
    const renewal = {
      kind: 'renewAction',
      merchantId,
      paymentId: paymentId(),
      action: { type: 'qr', codeUrl: 'weixin://2' },
      actionExpiresAt: aDay,
    } as const
    await apply({ kind: 'insertAttempt', attempt: attempt() })

    expect(await apply(renewal)).toBe(true)
    expect(await findAttempt(store.db, merchantId, paymentId())).toMatchObject({ action: { codeUrl: 'weixin://2' }, actionExpiresAt: aDay })
    const end = { from: ['open'], to: 'closed', about: attempt(), set: {} } as const
    await apply({ kind: 'moveAttempt', merchantId, orderId: order.orderId, paymentId: paymentId(), ...end })
    expect(await apply(renewal)).toBe(false)
  })

  it('is lost where the row belongs to another merchant', async () => {
    await apply({ kind: 'insertOrder', order })

    const won = await apply({
      kind: 'moveOrder',
      merchantId: asOwnId('MerchantId', 'mer_other'),
      orderId: order.orderId,
      from: ['pending'],
      to: 'closed',
      about: order,
      set: {},
    })

    expect(won).toBe(false)
  })
})

describe('the figures of a refund', () => {
  const paidOrder = () => ({ ...order, status: 'succeeded' as const, paid: asMinor(1000), amount: moneyOf(1000, 'CNY') })
  const amount = asMinor(100)

  it('never exceed the payment, of however many who ask at once', async () => {
    await apply({ kind: 'insertOrder', order: paidOrder() })

    const asked = Array.from({ length: 40 }, () =>
      apply({ kind: 'reserveRefund', merchantId, orderId: order.orderId, amount, countMax: 50 }),
    )

    expect((await Promise.all(asked)).filter((won) => won)).toHaveLength(10)
    expect(await findOrder(store.db, merchantId, order.orderId)).toMatchObject({ refunding: 1000, refunded: 0, refundCount: 10 })
  })

  it('never count more refunds than the channel takes', async () => {
    await apply({ kind: 'insertOrder', order: paidOrder() })

    expect(await winners(() => ({ kind: 'reserveRefund', merchantId, orderId: order.orderId, amount: asMinor(1), countMax: 3 }))).toBe(3)
  })

  it('are not reserved of an order that is not paid', async () => {
    await apply({ kind: 'insertOrder', order: { ...paidOrder(), status: 'pending' } })

    expect(await apply({ kind: 'reserveRefund', merchantId, orderId: order.orderId, amount, countMax: 50 })).toBe(false)
  })

  it('are booked once, or released once, and no more than was reserved', async () => {
    await apply({ kind: 'insertOrder', order: paidOrder() })
    await apply({ kind: 'reserveRefund', merchantId, orderId: order.orderId, amount: asMinor(300), countMax: 50 })

    expect(await apply({ kind: 'bookRefund', merchantId, orderId: order.orderId, amount: asMinor(200) })).toBe(true)
    expect(await apply({ kind: 'releaseRefund', merchantId, orderId: order.orderId, amount: asMinor(200) })).toBe(false)
    expect(await apply({ kind: 'releaseRefund', merchantId, orderId: order.orderId, amount })).toBe(true)
    expect(await apply({ kind: 'bookRefund', merchantId, orderId: order.orderId, amount })).toBe(false)
    expect(await findOrder(store.db, merchantId, order.orderId)).toMatchObject({ refunding: 0, refunded: 200, refundCount: 1 })
  })
})
