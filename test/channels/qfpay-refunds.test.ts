import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay } from '../support/builders.ts'
import { aNumber, aQfpayRefund, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { type QfpayStandIn, type Reply, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const [queryPath, refundPath] = ['/trade/v1/query', '/trade/v1/refund']
const given = {
  order_type: 'refund',
  respcd: '0000',
  cancel: '0',
  syssn: '77',
  origssn: aSyssn,
  out_trade_no: 'ref_1',
  mchid: 'ZaMVg12345',
  txamt: '1000',
  txcurrcd: 'HKD',
  sysdtm: '2026-01-02 12:00:01',
  paydtm: '2026-01-02 12:00:09',
}
const list = (...data: unknown[]) => standIn.answer(queryPath, { says: { respcd: '0000', resperr: '', data } })
const queryRefund = () => accounts.open().queryRefund(aQfpayRefund())

describe('a refund', () => {
  const refund = (says: Reply['says']) => {
    standIn.answer(refundPath, { says })
    return accounts.open().refund(aQfpayRefund())
  }
  const taken = { respcd: '0000', syssn: '77', orig_syssn: aSyssn, out_trade_no: 'ref_1', txamt: 1000, sysdtm: '2026-01-02 12:00:03' }

  it('is done with 0000', async () => {
    expect(await refund(taken)).toEqual({
      source: 'answer',
      channel: 'qfpay',
      account: 'default',
      outRefundNo: 'ref_1',
      outTradeNo: aNumber,
      channelRefundId: '77',
      merchantRef: 'ZaMVg12345',
      amount: { minor: 1000, currency: 'HKD' },
      outcome: { status: 'succeeded', succeededAt: Date.UTC(2026, 0, 2, 4, 0, 3) },
    })
  })

  it.each(['1143', '1145', '1298'])('is under way with %s', async (respcd) => {
    expect(await refund({ ...taken, respcd })).toMatchObject({ channelRefundId: '77', outcome: { status: 'processing' } })
  })

  it.each([
    ['1269', { kind: 'refused', refusal: 'notEnough' }],
    ['1265', { kind: 'refused', refusal: 'rateLimited', retryAfterMs: 3_600_000 }],
    ['1270', { kind: 'refused', refusal: 'invalid' }],
    ['1272', { kind: 'refused', refusal: 'invalid' }],
    ['1125', { kind: 'refused', refusal: 'invalid' }],
    ['1102', { kind: 'refused', refusal: 'numberUsed' }],
    ['1268', { kind: 'refused', refusal: 'notFound' }],
    ['1108', { kind: 'refused', refusal: 'caller' }],
    ['1154', { kind: 'unknown' }],
    ['1297', { kind: 'unknown' }],
    ['7777', { kind: 'unknown' }],
  ])('with %s', async (respcd, failure) => {
    await expect(refund({ respcd, resperr: 'no' })).rejects.toMatchObject({ failure: { ...failure, channelCode: respcd } })
  })

  it.each([
    ['another payment', { orig_syssn: '1' }],
    ['another refund', { out_trade_no: 'ref_2' }],
    ['another amount', { txamt: '8888' }],
  ])('is not believed to be done by an answer about %s', async (_name, wrong) => {
    await expect(refund({ ...taken, ...wrong })).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('of a payment that QFPay does not list is not sent', async () => {
    list()

    await expect(accounts.open().refund(aQfpayRefund({ transactionId: undefined }))).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(standIn.asked.map(({ path }) => path)).toEqual([queryPath])
  })
})

describe('a refund that is asked about', () => {
  it('is done with 0000', async () => {
    list(given)

    expect(await queryRefund()).toMatchObject({
      outRefundNo: 'ref_1',
      outTradeNo: aNumber,
      channelRefundId: '77',
      merchantRef: 'ZaMVg12345',
      amount: { minor: 1000, currency: 'HKD' },
      outcome: { status: 'succeeded', succeededAt: Date.UTC(2026, 0, 2, 4, 0, 9) },
    })
    expect(standIn.asked[0]?.members).toMatchObject({ out_trade_no: 'ref_1' })
  })

  it.each([
    ['nothing is listed', [], { status: 'notFound' }],
    ['a payment has its number', [{ ...given, order_type: 'payment' }], { status: 'notFound' }],
    ['it is under way', [{ ...given, respcd: '1143' }], { status: 'processing' }],
    ['QFPay is being mended', [{ ...given, respcd: '1100' }], { status: 'processing' }],
    ['it was refused', [{ ...given, respcd: '1155' }], { status: 'closed' }],
    ['the day’s takings were too low', [{ ...given, respcd: '1269' }], { status: 'closed' }],
    ['QFPay itself does not know', [{ ...given, respcd: '1252' }], { status: 'unknown', said: '1252' }],
    ['the code is about a contradiction', [{ ...given, respcd: '1262' }], { status: 'unknown', said: '1262' }],
    ['the code is one nobody knows', [{ ...given, respcd: '9999' }], { status: 'unknown', said: '9999' }],
  ])('when %s', async (_name, items, outcome) => {
    list(...items)

    expect(await queryRefund()).toMatchObject({ outcome })
  })

  it('counts from now where nobody says when', async () => {
    clock.at = asInstant(aDay + 5000)
    list({ ...given, paydtm: '', sysdtm: '' })

    expect(await queryRefund()).toMatchObject({ outcome: { status: 'succeeded', succeededAt: aDay + 5000 } })
    clock.at = aDay
  })

  it.each([
    ['another number', { out_trade_no: 'ref_2' }],
    ['another payment', { origssn: '1' }],
    ['another merchant', { mchid: 'OTHER' }],
  ])('is not believed with %s', async (_name, wrong) => {
    list({ ...given, ...wrong })

    await expect(queryRefund()).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })
})
