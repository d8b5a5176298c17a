import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { RawNotice } from '../../server/channels/channel.ts'
import { aDay } from '../support/builders.ts'
import { aNumber, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { appCode, notice, type QfpayStandIn, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, { at: aDay })
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const payment = {
  status: '1',
  notify_type: 'payment',
  pay_type: '800201',
  syssn: aSyssn,
  out_trade_no: aNumber,
  txamt: '8888',
  txcurrcd: 'HKD',
  txdtm: '2026-01-02 12:00:00',
  sysdtm: '2026-01-02 12:00:01',
  paydtm: '2026-01-02 12:00:09',
  cancel: '0',
  respcd: '0000',
  mchid: 'ZaMVg12345',
  goods_name: '小林的咖啡豆',
  cardcd: 'oo3Lss8d0hLOuyTuSJMVwLTk68JE',
}
const refund = { ...payment, notify_type: 'refund', syssn: '77', out_trade_no: 'ref_1', txamt: '1000', cancel: '3' }
const read = (raw: RawNotice, credentials = {}) => accounts.open({ credentials }).readNotification(raw)
const refusalOf = (raw: RawNotice, credentials = {}) =>
  read(raw, credentials).then(
    () => 'it was believed',
    (error: unknown) => error,
  )

describe('a notification of a payment', () => {
  it('says that it succeeded: amount, QFPay’s number, merchant and time', async () => {
    expect(await read(notice(payment))).toEqual({
      kind: 'trade',
      notifyId: `payment:${aSyssn}`,
      report: {
        source: 'notification',
        channel: 'qfpay',
        account: 'default',
        outTradeNo: aNumber,
        outcome: {
          status: 'succeeded',
          transactionId: aSyssn,
          amount: { minor: 8888, currency: 'HKD' },
          merchantRef: 'ZaMVg12345',
          succeededAt: Date.UTC(2026, 0, 2, 4, 0, 9),
        },
      },
    })
    expect(standIn.asked).toEqual([])
  })

  it.each([
    ['raw UTF-8', notice({}, { body: JSON.stringify(payment) })],
    ['a digest in lower case', { ...notice(payment), headers: { 'x-qf-sign': notice(payment).headers['x-qf-sign'].toLowerCase() } }],
    ['SHA-256', notice(payment, { hash: 'sha256' })],
    ['members that are new', notice({ ...payment, discount: { of: [1] } })],
    ['figures as numbers', notice({ ...payment, txamt: 8888, cancel: 0 })],
    ['a part refunded since', notice({ ...payment, cancel: '5' })],
  ])('is read with %s', async (_name, raw) => {
    expect(await read(raw)).toMatchObject({ kind: 'trade', report: { outcome: { status: 'succeeded', amount: { minor: 8888 } } } })
  })

  it('is the app code’s where no merchant number was issued, whatever number it has', async () => {
    expect(await read(notice(payment), { mchid: undefined })).toMatchObject({ report: { outcome: { merchantRef: appCode } } })
  })

  it.each([
    ['a byte more', Buffer.concat([notice(payment).body, Buffer.from(' ')])],
    ['another amount', Buffer.from(String(notice(payment).body).replace('"8888"', '"1"'))],
    ['the same members in other bytes', Buffer.from(JSON.stringify(payment))],
    ['nothing', Buffer.alloc(0)],
  ])('is not believed with the digest of other bytes: %s', async (_name, body) => {
    expect(await refusalOf({ ...notice(payment), body })).toMatchObject({ name: 'NoticeError', refusal: 'bad_signature' })
  })

  it.each([
    ['no digest', {}, 'malformed'],
    ['an empty digest', { 'x-qf-sign': '' }, 'bad_signature'],
    ['a digest that is cut', { 'x-qf-sign': notice(payment).headers['x-qf-sign'].slice(0, 31) }, 'bad_signature'],
    ['a digest with another key', { 'x-qf-sign': notice(payment, { key: 'F'.repeat(32) }).headers['x-qf-sign'] }, 'bad_signature'],
    ['a digest with no key', { 'x-qf-sign': notice(payment, { key: '' }).headers['x-qf-sign'] }, 'bad_signature'],
    ['letters that are none', { 'x-qf-sign': '签'.repeat(32) }, 'bad_signature'],
  ])('is not believed with %s', async (_name, headers, refusal) => {
    expect(await refusalOf({ ...notice(payment), headers })).toMatchObject({ name: 'NoticeError', refusal })
  })

  it.each([
    ['no JSON', notice({}, { body: 'notify_type=payment&respcd=0000' })],
    ['a list', notice({}, { body: '[]' })],
    ['bytes of no text', notice({}, { body: Buffer.from([0xff, 0xfe]) })],
    ['an amount twice', notice({}, { body: JSON.stringify(payment).replace('{', '{"txamt":"1",') })],
    ['a member that changes prototypes', notice({}, { body: JSON.stringify(payment).replace('{', '{"__proto__":{},') })],
    ['an amount that is not whole', notice({ ...payment, txamt: '88.88' })],
    ['no amount', notice({ ...payment, txamt: '' })],
    ['a currency nobody knows', notice({ ...payment, txcurrcd: 'XXX' })],
    ['no number of QFPay’s', notice({ ...payment, syssn: '' })],
    ['a number that cannot be ours', notice({ ...payment, out_trade_no: 'a b' })],
  ])('is refused, though it is signed, with %s', async (_name, raw) => {
    expect(await refusalOf(raw)).toMatchObject({ name: 'NoticeError', refusal: 'malformed' })
  })

  it('for another merchant is not this account’s, though the key is', async () => {
    expect(await refusalOf(notice({ ...payment, mchid: 'OTHER' }))).toMatchObject({ name: 'NoticeError', refusal: 'bad_signature' })
  })

  it.each([
    ['waits', { respcd: '1143' }, `1143:payment:${aSyssn}`],
    ['failed', { respcd: '1205' }, `1205:payment:${aSyssn}`],
    ['was reversed', { cancel: '1' }, `0000:payment:${aSyssn}`],
    ['was cancelled', { cancel: '2' }, `0000:payment:${aSyssn}`],
    ['is none', { notify_type: 'settlement' }, `0000:settlement:${aSyssn}`],
    ['is of no type', { notify_type: undefined }, `0000::${aSyssn}`],
  ])('that says that it %s proves no payment, and stands in no success’s way', async (_name, more, notifyId) => {
    expect(await read(notice({ ...payment, ...more }))).toMatchObject({ kind: 'ignored', notifyId })
  })
})

describe('a notification of a refund', () => {
  const item = { ...refund, order_type: 'refund', origssn: aSyssn, notify_type: undefined, cancel: '0' }
  const listed = (...lists: unknown[][]) => standIn.answer('/trade/v1/query', ...lists.map((data) => ({ says: { respcd: '0000', data } })))

  it('names the refund alone: its payment is asked for, and what became of it', async () => {
    listed([item], [{ ...payment, order_type: 'payment' }], [item])

    expect(await read(notice(refund))).toMatchObject({
      kind: 'refund',
      notifyId: 'refund:77',
      report: {
        outRefundNo: 'ref_1',
        outTradeNo: aNumber,
        channelRefundId: '77',
        amount: { minor: 1000 },
        outcome: { status: 'succeeded' },
      },
    })
    expect(standIn.asked.map(({ members }) => [members.out_trade_no, members.syssn])).toEqual([
      ['ref_1', undefined],
      [undefined, aSyssn],
      ['ref_1', undefined],
    ])
  })

  it('that names its payment is asked about itself alone', async () => {
    listed([item])

    expect(await read(notice({ ...refund, orig_out_trade_no: aNumber }))).toMatchObject({ kind: 'refund', report: { outTradeNo: aNumber } })
    expect(standIn.asked).toHaveLength(1)
  })

  it('is no proof that the money went back: QFPay’s answer is', async () => {
    listed([{ ...item, respcd: '1143' }])

    expect(await read(notice({ ...refund, orig_out_trade_no: aNumber }))).toMatchObject({ report: { outcome: { status: 'processing' } } })
  })

  it.each([
    ['that nobody lists', [[]]],
    ['of a payment that nobody lists', [[item], []]],
    ['of a payment whose number cannot be ours', [[item], [{ ...payment, out_trade_no: 'a b' }]]],
  ])('%s is none of ours', async (_name, lists) => {
    listed(...lists)

    expect(await read(notice(refund))).toMatchObject({ kind: 'ignored' })
  })

  it.each([
    ['syssn', { syssn: '' }, 'refund:ref_1'],
    ['name that is short', { syssn: '7'.repeat(80) }, `refund:${'7'.repeat(57)}`],
  ])('without a %s still has an id of its own', async (_name, more, notifyId) => {
    listed([item])

    expect(await read(notice({ ...refund, ...more, orig_out_trade_no: aNumber }))).toMatchObject({ notifyId })
  })

  it('is told again when QFPay does not answer', async () => {
    standIn.answer('/trade/v1/query', { status: 502, raw: '' })

    expect(await refusalOf(notice(refund))).toMatchObject({ name: 'ChannelError', failure: { kind: 'unknown' } })
  })

  it('with a wrong digest asks nobody anything', async () => {
    expect(await refusalOf(notice(refund, { key: 'F'.repeat(32) }))).toMatchObject({ refusal: 'bad_signature' })
    expect(standIn.asked).toEqual([])
  })
})

describe('whose a notification is', () => {
  it.each([
    ['this account’s', { mchid: 'ZaMVg12345' }, 'ZaMVg12345', 'this'],
    ['another’s', { mchid: 'OTHER' }, 'ZaMVg12345', 'another'],
    ['unsaid without a number', { mchid: undefined }, 'ZaMVg12345', 'unsaid'],
    ['unsaid on an account without a number', { mchid: 'OTHER' }, undefined, 'unsaid'],
  ])('is %s', (_name, more, mchid, addressee) => {
    expect(accounts.open({ credentials: { mchid } }).addressedTo(notice({ ...payment, ...more }))).toBe(addressee)
  })

  it('is unsaid when it is no notification at all', () => {
    expect(accounts.open().addressedTo(notice({}, { body: 'hello' }))).toBe('unsaid')
  })
})

describe('the answer to a notification', () => {
  it('is SUCCESS and nothing else when it was taken', () => {
    expect(accounts.open().acknowledge({ taken: true })).toMatchObject({ status: 200, body: 'SUCCESS' })
  })

  it.each([401, 404, 500])('is %s and another word when it was not', (status) => {
    expect(accounts.open().acknowledge({ taken: false, status, message: 'no such order' })).toMatchObject({
      status,
      body: 'FAIL no such order',
    })
  })
})
