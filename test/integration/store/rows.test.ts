import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Attempt } from '../../../server/core/rules/attempt.ts'
import type { Order } from '../../../server/core/rules/order.ts'
import type { Refund } from '../../../server/core/rules/refund.ts'
import { findAttempt, findAttemptByNumber } from '../../../server/store/attempts.ts'
import type { Database, Tx } from '../../../server/store/database.ts'
import { listEventTypes } from '../../../server/store/events.ts'
import { ensureInstallation } from '../../../server/store/installation.ts'
import { loadKeepsake, saveKeepsake } from '../../../server/store/keepsakes.ts'
import { findOrder } from '../../../server/store/orders.ts'
import { findPayer, savePayer } from '../../../server/store/payers.ts'
import { findRefund, findRefundByNumber } from '../../../server/store/refunds.ts'
import { listNotes } from '../../../server/store/timeline.ts'
import { transaction } from '../../../server/store/transaction.ts'
import { applyChange, insertEvents, insertNotes, wasWritten } from '../../../server/store/transitions.ts'
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
} from '../../../shared/kernel/ids.ts'
import { asMinor, moneyOf } from '../../../shared/kernel/money.ts'
import { aDay, anApp, anAttempt, anOrder, aRefund } from '../../support/builders.ts'
import { openTestDatabase } from '../../support/databases.ts'

const merchantId = defaultMerchant
const longest = '火鍋🍲'.repeat(125)
const textOf500 = longest.slice(0, 500)

let store: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store.end())

const write = (change: Parameters<typeof applyChange>[1]) => transaction(store.db, (tx) => applyChange(tx, change))

describe('what is written comes back as it was', () => {
  it('an order with everything it can have, at its longest', async () => {
    const order: Order = {
      ...anOrder({ orderId: asOrderId('EVERYTHING_0123456789_0123456789'), subject: textOf500, body: textOf500 }),
      userId: '🍲'.repeat(64),
      payerId: asOwnId('PayerId', 'usr_1'),
      payerAppId: anApp,
      metadata: { 'kéy ': ' \'\\"; -- \u0000\n', emoji: textOf500 },
      returnUrl: `https://shop.example/${'a'.repeat(491)}`,
      amount: moneyOf(10_000_000_000, 'CNY'),
      paid: asMinor(10_000_000_000),
      refunded: asMinor(1),
      refunding: asMinor(2),
      refundCount: 3,
      attemptCount: 4,
      keptPaymentId: asOwnId('PaymentId', 'pay_1'),
      channel: 'wechat',
      payType: 'JSAPI',
      transactionId: asTransactionId('4200001234202601020000000001'),
      origin: 'idem_1',
      status: 'succeeded',
      paidAt: aDay,
      closedAt: aDay,
    }
    await write({ kind: 'insertOrder', order })

    expect(await findOrder(store.db, merchantId, order.orderId)).toEqual(order)
  })

  it('an order with as little as it can have: absent is absent', async () => {
    const order = anOrder({ orderId: asOrderId('LITTLE') })
    await write({ kind: 'insertOrder', order })

    expect(await findOrder(store.db, merchantId, order.orderId)).toEqual(order)
  })

  it('an attempt', async () => {
    const attempt: Attempt = {
      ...anAttempt({ paymentId: asOwnId('PaymentId', 'pay_all'), outTradeNo: asOutTradeNo('ALL_1') }),
      kept: false,
      transactionId: asTransactionId('t1'),
      payerId: asOwnId('PayerId', 'usr_1'),
      action: { type: 'qr', codeUrl: 'weixin://wxpay/bizpayurl?pr=🍲' },
      actionExpiresAt: aDay,
      channelState: '{"prepayId":"p"}',
      failure: textOf500,
      succeededAt: aDay,
      closedAt: aDay,
    }
    await write({ kind: 'insertAttempt', attempt })

    expect(await findAttempt(store.db, merchantId, attempt.paymentId)).toEqual(attempt)
    expect(await findAttemptByNumber(store.db, 'wechat', defaultAccount, attempt.outTradeNo)).toEqual(attempt)
    expect(await findAttemptByNumber(store.db, 'qfpay', defaultAccount, attempt.outTradeNo)).toBeUndefined()
  })

  it('a refund', async () => {
    const refund: Refund = {
      ...aRefund({ refundId: asRefundId('ref_all') }),
      transactionId: asTransactionId('t1'),
      reason: '退款 🍲',
      channelRefundId: '50000',
      failure: 'because',
      succeededAt: aDay,
    }
    await write({ kind: 'insertRefund', refund })

    expect(await findRefund(store.db, merchantId, refund.refundId)).toEqual(refund)
    expect(await findRefundByNumber(store.db, 'wechat', defaultAccount, outRefundNoOf(refund.refundId))).toEqual(refund)
  })

  it('events and the timeline of an order, in their order', async () => {
    const orderId = asOrderId('STORY_1')
    const note = { merchantId, orderId, at: aDay, kind: 'transition', title: textOf500, detail: { said: textOf500 } } as const
    const event = { merchantId, orderId, at: aDay, data: { subject: textOf500 } } as const

    await transaction(store.db, async (tx) => {
      await insertNotes(tx, [
        { noteId: 'note_2', ...note },
        { noteId: 'note_1', ...note, kind: 'call' },
      ])
      await insertEvents(tx, [
        { eventId: asOwnId('EventId', 'evt_2'), type: 'payment.succeeded', ...event },
        { eventId: asOwnId('EventId', 'evt_1'), type: 'order.created', ...event },
      ])
    })

    expect(await listNotes(store.db, merchantId, orderId)).toEqual([{ ...note, kind: 'call' }, note])
    expect(await listEventTypes(store.db, merchantId, orderId)).toEqual(['order.created', 'payment.succeeded'])
    expect(await wasWritten(store.db, { noteId: 'note_2', ...note })).toBe(true)
    expect(await wasWritten(store.db, { noteId: 'note_3', ...note })).toBe(false)
  })
})

describe('names', () => {
  it.each([
    ['case', 'CASE_A', 'case_a'],
    ['a character that looks alike', 'LOOK_e', 'LOOK_é'],
    ['emoji', 'FOOD_🍲', 'FOOD_🍜'],
    ['length', 'LENGTH', 'LENGTH_'],
  ])('that differ by %s are different', async (_words, one, other) => {
    await write({ kind: 'insertOrder', order: anOrder({ orderId: asOrderId(one) }) })

    expect(await findOrder(store.db, merchantId, asOrderId(other))).toBeUndefined()
    expect(await write({ kind: 'insertOrder', order: anOrder({ orderId: asOrderId(other) }) })).toBe(true)
    expect(await findOrder(store.db, merchantId, asOrderId(one))).toMatchObject({ orderId: one })
  })

  it('are the merchant’s own: another’s order of that number is not found', async () => {
    await write({ kind: 'insertOrder', order: anOrder({ orderId: asOrderId('MINE_1') }) })

    expect(await findOrder(store.db, asOwnId('MerchantId', 'mer_other'), asOrderId('MINE_1'))).toBeUndefined()
  })

  it('that are too long are refused, never cut', async () => {
    const entry = {
      inboxId: asOwnId('InboxId', 'inb_1'),
      channel: 'wechat',
      account: defaultAccount,
      receivedAt: aDay,
      verdict: 'kept',
      body: '{}',
    } as const
    const taken = write({ kind: 'insertInbox', entry: { ...entry, notifyId: 'n'.repeat(200) } })
    await taken.catch(() => {})

    const rows = await store.db.query.selectFrom('inbox').select('notify_id').execute()
    expect(rows.filter((row) => row.notify_id.length !== 200)).toEqual([])
  })
})

describe('what there is one of', () => {
  it('is the first one’s: the installation’s id', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, nth) => ensureInstallation(store.db, `ins_${nth}`)))

    expect(new Set(ids).size).toBe(1)
    expect(await ensureInstallation(store.db, 'ins_later')).toBe(ids[0])
  })

  it('is one payer for a person in an app, and another in another app', async () => {
    const person = { merchantId, appId: anApp, openId: asOpenId('o-Alice'), at: aDay }
    const save = (nth: number, appId = anApp) => savePayer(store.db, { ...person, appId, payerId: asOwnId('PayerId', `usr_p${nth}`) })

    const saved = await Promise.all(Array.from({ length: 10 }, (_, nth) => save(nth)))
    const elsewhere = await save(20, asAppId('wx_other'))

    expect(new Set(saved.map((payer) => payer.payerId)).size).toBe(1)
    expect(elsewhere.payerId).toBe('usr_p20')
    expect(await findPayer(store.db, merchantId, elsewhere.payerId)).toMatchObject({ openId: 'o-Alice', appId: 'wx_other' })
  })

  it('is a verified notification, however often it comes, and the first is kept', async () => {
    const entry = { channel: 'wechat', account: defaultAccount, notifyId: 'EV-1', receivedAt: aDay, verdict: 'kept' } as const
    const came = await Promise.all(
      Array.from({ length: 10 }, (_, nth) =>
        write({ kind: 'insertInbox', entry: { ...entry, inboxId: asOwnId('InboxId', `inb_x${nth}`), body: `${nth}` } }),
      ),
    )

    expect(came.every((taken) => taken)).toBe(true)
    expect(await store.db.query.selectFrom('inbox').select('body').where('notify_id', '=', 'EV-1').execute()).toHaveLength(1)
  })

  it('is a keepsake, and its last text stands', async () => {
    const keep = (text: string) => saveKeepsake(store.db, { account: defaultAccount, name: 'certificates', text, at: aDay })
    await keep('one')
    await keep('two')

    expect(await loadKeepsake(store.db, defaultAccount, 'certificates')).toBe('two')
    expect(await loadKeepsake(store.db, defaultAccount, 'Certificates')).toBeUndefined()
  })
})

describe('the store and a transaction on it', () => {
  it('cannot change places: a query on the store inside a transaction would wait for itself for ever', () => {
    const mistakes = (db: Database, tx: Tx) => {
      // @ts-expect-error a change is only ever written in a transaction
      void applyChange(db, { kind: 'insertOrder', order: anOrder() })
      // @ts-expect-error a transaction does not hold another
      void transaction(tx, async () => {})
    }

    expect(mistakes).toBeInstanceOf(Function)
  })
})
