import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { BillLine } from '../../server/core/rules/bill.ts'
import { aDay } from '../support/builders.ts'
import { aNumber, anMchid, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { type QfpayStandIn, type Reply, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

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

type Opened = NonNullable<Parameters<typeof accounts.open>[0]>['credentials']
const queryPath = '/trade/v1/query'
const payment = {
  order_type: 'payment',
  respcd: '0000',
  cancel: '0',
  syssn: aSyssn,
  out_trade_no: aNumber,
  mchid: anMchid,
  txamt: '8888',
  txcurrcd: 'HKD',
  txdtm: '2026-01-02 12:00:00',
  sysdtm: '2026-01-02 12:00:01',
  paydtm: '2026-01-02 12:00:09',
}
const refund = {
  ...payment,
  order_type: 'refund',
  syssn: '20260102000200020000000002',
  origssn: aSyssn,
  out_trade_no: 'ref_01',
  txamt: '888',
  sysdtm: '2026-01-02 13:00:01',
  paydtm: '',
}
const page = (...data: unknown[]): Reply => ({ says: { respcd: '0000', resperr: '', data } })

async function read(credentials: Opened = {}): Promise<BillLine[]> {
  const bill = await accounts.open({ credentials }).bill?.({ kind: 'trade', day: '2026-01-02' })
  const all: BillLine[] = []
  if (bill) for await (const lines of bill) all.push(...lines)
  return all
}
const times = (count: number, item: object) => Array.from({ length: count }, (_, nth) => ({ ...item, syssn: `2026010200020002${nth}` }))

describe('a day at QFPay', () => {
  it('is what its list holds: payments under our numbers and theirs, refunds under the payment they belong to', async () => {
    standIn.answer(queryPath, page(payment, refund))

    expect(await read()).toMatchObject([
      {
        kind: 'payment',
        outTradeNo: aNumber,
        transactionId: aSyssn,
        amount: { minor: 8888, currency: 'HKD' },
        merchantRef: anMchid,
        at: Date.UTC(2026, 0, 2, 4, 0, 9),
      },
      {
        kind: 'refund',
        outRefundNo: 'ref_01',
        channelRefundId: refund.syssn,
        outTradeNo: aNumber,
        amount: { minor: 888 },
        status: 'succeeded',
      },
    ])
  })

  it.each([
    ['in China', 480, '2026-01-01 00:00:00', '2026-01-02 23:59:59'],
    ['in Japan', 540, '2026-01-01 01:00:00', '2026-01-03 00:59:59'],
  ])('is asked for by the clock of the account, %s, from the day before, in pages', async (_name, zoneMinutes, from, to) => {
    standIn.answer(queryPath, page(payment))

    await read({ zoneMinutes })

    expect(standIn.asked.map(({ members }) => members)).toMatchObject([{ start_time: from, end_time: to, page: '1', page_size: '25' }])
  })

  it.each([
    ['was made the day before and paid on it', { sysdtm: '2026-01-01 23:50:00', paydtm: '2026-01-02 00:00:01' }, 1],
    ['was made on it and paid the day after', { paydtm: '2026-01-03 00:00:00' }, 0],
    ['was paid the day before', { sysdtm: '2026-01-01 12:00:00', paydtm: '2026-01-01 12:00:09' }, 0],
  ])('counts what was paid: one that %s', async (_name, change, lines) => {
    standIn.answer(queryPath, page({ ...payment, ...change }))

    expect(await read()).toHaveLength(lines)
  })

  it.each([
    ['nobody paid', { respcd: '1145' }],
    ['was cancelled', { cancel: '2' }],
    ['has a number that is none of ours', { out_trade_no: '店 1' }],
  ])('names a payment that %s as something else', async (_name, change) => {
    standIn.answer(queryPath, page({ ...payment, ...change }))

    expect(await read()).toMatchObject([{ kind: 'other' }])
  })

  it('is read to its last page, and what moved from one page to the next is told once', async () => {
    const full = times(25, payment)
    standIn.answer(queryPath, page(...full), page(full.at(-1), { ...payment, syssn: 'last' }))

    expect(await read()).toHaveLength(26)
    expect(standIn.asked.map(({ members }) => members.page)).toEqual(['1', '2'])
  })

  it('asks which payment a refund belongs to when that is older', async () => {
    standIn.answer(queryPath, page(refund), page({ ...payment, out_trade_no: 'D202512010000001' }))

    expect(await read()).toMatchObject([{ kind: 'refund', outTradeNo: 'D202512010000001' }])
    expect(standIn.asked[1]?.members.syssn).toBe(aSyssn)
  })

  it.each([
    ['under way', '1143', 'processing'],
    ['refused', '1205', 'closed'],
  ])('names a refund that is %s as such', async (_name, respcd, status) => {
    standIn.answer(queryPath, page(payment, { ...refund, respcd }))

    expect((await read())[1]).toMatchObject({ kind: 'refund', status })
  })

  it('without a transaction is empty', async () => {
    standIn.answer(queryPath, page())

    await expect(read()).rejects.toMatchObject({ failure: { kind: 'refused', refusal: 'billEmpty' } })
  })

  it.each<[string, Reply, string]>([
    ['is another merchant’s', page({ ...payment, mchid: 'ANOTHER' }), 'untrusted'],
    ['has a wrong signature', { ...page(payment), sign: (right) => [...right].reverse().join('') }, 'untrusted'],
    ['is cut off', { ...page(payment), fault: 'cut' }, 'unknown'],
    ['lacks an amount', page({ ...payment, txamt: undefined }), 'unknown'],
  ])('is not read when a page %s', async (_name, reply, kind) => {
    standIn.answer(queryPath, reply)

    await expect(read()).rejects.toMatchObject({ failure: { kind } })
  })

  it('has no flow of funds', async () => {
    const account = accounts.open()

    expect(account.hasFundFlow).toBeUndefined()
    await expect(account.bill?.({ kind: 'funds', day: '2026-01-02' })).rejects.toMatchObject({ failure: { refusal: 'configuration' } })
  })
})
