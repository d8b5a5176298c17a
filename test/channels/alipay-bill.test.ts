import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { zipSync } from 'fflate'
import type { BillLine } from '../../server/core/rules/bill.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aSeller, makeAlipayAccounts } from '../support/alipay-account.ts'
import { type AlipayStandIn, type Reply, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay } from '../support/builders.ts'
import { gbk } from '../support/gbk.ts'

let standIn: AlipayStandIn
let accounts: ReturnType<typeof makeAlipayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startAlipayStandIn(() => clock.at)
  accounts = makeAlipayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const method = 'alipay.data.dataservice.bill.downloadurl.query'
const names = '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,对方账户,订单金额（元）,退款批次号/请求号,备注'
const payment = [
  '2026010222001',
  'D202601020304050001',
  '交易',
  '红茶',
  '2026-01-02 11:59:00',
  '2026-01-02 12:00:01',
  '*明',
  '99.99',
  '',
  '',
]
const refund = [
  '2026010222001',
  'D202601020304050001',
  '退款',
  '红茶',
  '2026-01-02 12:00:00',
  '2026-01-02 12:30:00',
  '*明',
  '-10.00',
  'ref_1',
  '',
]
const detail = (...rows: ReadonlyArray<readonly string[]>) =>
  ['#支付宝业务明细查询', names, ...rows.map((row) => row.map((cell) => `${cell}\t`).join(',')), '#业务明细列表结束', ''].join('\r\n')
const packed = (text: string) =>
  Buffer.from(zipSync({ '2088_20260102_业务明细.csv': gbk(text), '2088_20260102_业务明细(汇总).csv': gbk('#支付宝业务汇总查询\r\n') }))

async function lines(account = accounts.open()): Promise<BillLine[]> {
  const all: BillLine[] = []
  for await (const some of (await account.bill?.({ kind: 'trade', day: '2026-01-02' })) ?? []) all.push(...some)
  return all
}
function given(bytes: Buffer, status = 200): void {
  const url = standIn.file('/bill', bytes, status)
  standIn.answer(method, { says: { code: '10000', msg: 'Success', bill_download_url: url } })
}

describe('a day’s bill', () => {
  it('is asked for by its day and read from its ZIP in GBK', async () => {
    given(packed(detail(payment, refund)))

    const read = await lines()

    expect(standIn.asked[0]?.content).toEqual({ bill_type: 'trade', bill_date: '2026-01-02' })
    expect(read).toMatchObject([
      {
        kind: 'payment',
        outTradeNo: 'D202601020304050001',
        transactionId: '2026010222001',
        amount: { minor: 9999, currency: 'CNY' },
        merchantRef: aSeller,
        at: asInstant(Date.parse('2026-01-02T12:00:01+08:00')),
      },
      { kind: 'refund', outRefundNo: 'ref_1', outTradeNo: 'D202601020304050001', amount: { minor: 1000 }, status: 'succeeded' },
    ])
  })

  it.each(['Tea, 50 g', 'a,b,,c', '绿茶，红茶'])('reads goods called «%s» without moving a column', async (goods) => {
    given(packed(detail(payment.with(3, goods), refund.with(3, goods))))

    expect(await lines()).toMatchObject([
      { kind: 'payment', amount: { minor: 9999 } },
      { kind: 'refund', amount: { minor: 1000 }, outRefundNo: 'ref_1' },
    ])
  })

  it('names a refund that was asked for without a number by the order’s', async () => {
    given(packed(detail(refund.with(8, ''))))

    expect(await lines()).toMatchObject([{ kind: 'refund', outRefundNo: 'D202601020304050001' }])
  })

  it('holds what is no payment of ours without minding', async () => {
    given(packed(detail(payment.with(2, '转账'), payment.with(1, '茶'))))

    expect(await lines()).toMatchObject([{ kind: 'other', said: '转账' }, { kind: 'other' }])
  })

  it('of more lines than are read at once is read to its end', async () => {
    given(packed(detail(...Array.from({ length: 1201 }, (_, at) => payment.with(1, `D2026010203040${String(at).padStart(6, '0')}`)))))

    expect(await lines()).toHaveLength(1201)
  })

  it.each([
    ['an amount that is none', packed(detail(payment.with(7, '99.999')))],
    ['no time', packed(detail(payment.with(4, '').with(5, '')))],
    ['too few cells', packed(detail(payment.slice(0, 5)))],
    ['no file of details', Buffer.from(zipSync({ 'a.csv': gbk('#汇总') }))],
    ['bytes that are no GBK', Buffer.from(zipSync({ 'a.csv': Uint8Array.of(0x81) }))],
    ['a ZIP that is cut off', packed(detail(payment)).subarray(0, 200)],
    ['no ZIP but a page', Buffer.from('<html>expired</html>')],
    ['nothing', Buffer.alloc(0)],
  ])('with %s is not believed in any part', async (_name, bytes) => {
    given(bytes)

    await expect(lines()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('whose address has ended is asked for again another time', async () => {
    given(Buffer.from('expired'), 403)

    await expect(lines()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it.each([
    ['another host', 'https://bills.example/a.zip'],
    ['a host that only begins like Alipay’s', 'https://alipay.com.example/a.zip'],
    ['a host that only ends like Alipay’s', 'https://notalipay.com/a.zip'],
    ['a port of its own', 'https://dwbillcenter.alipay.com:8443/a.zip'],
    ['a file', 'file:///etc/passwd'],
    ['no address', 'soon'],
  ])('at %s is not fetched', async (_name, url) => {
    accounts.elsewhere.length = 0
    standIn.answer(method, { says: { code: '10000', bill_download_url: url } })

    await expect(lines()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(accounts.elsewhere).toEqual([])
  })

  it('at an address of Alipay’s written with http is fetched over TLS, which vouches for it', async () => {
    accounts.elsewhere.length = 0
    standIn.answer(method, {
      says: { code: '10000', bill_download_url: 'http://dwbillcenter.alipay.com/downloadBillFile.resource?fileId=1' },
    })

    await expect(lines()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(accounts.elsewhere).toEqual(['https://dwbillcenter.alipay.com/downloadBillFile.resource?fileId=1'])
  })

  it.each<[string, Reply['says'], object]>([
    ['there was nothing that day', { code: '40004', sub_code: 'isp.bill_not_exist' }, { kind: 'refused', refusal: 'billEmpty' }],
    ['there was nothing, in capitals', { code: '40004', sub_code: 'BILL_NOT_EXIST' }, { kind: 'refused', refusal: 'billEmpty' }],
    ['it is not made yet', { code: '40002', sub_code: 'isv.invalid-arguments' }, { kind: 'refused', refusal: 'billCreating' }],
    [
      'the product is not signed',
      { code: '40006', sub_code: 'isv.insufficient-isv-permissions' },
      { kind: 'refused', refusal: 'configuration' },
    ],
    ['Alipay is busy', { code: '20000', sub_code: 'aop.unknow-error' }, { kind: 'unknown' }],
  ])('is not there: %s', async (_name, says, failure) => {
    standIn.answer(method, { says })

    await expect(lines()).rejects.toMatchObject({ failure })
  })

  it('is not empty because somebody without a signature says so', async () => {
    standIn.answer(method, { says: { code: '40004', sub_code: 'isp.bill_not_exist' }, as: 'error_response', sign: () => undefined })

    await expect(lines()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('of the flow of funds is another contract’s and not read', async () => {
    const asked = accounts.open().bill?.({ kind: 'funds', day: '2026-01-02' })

    await expect(asked).rejects.toMatchObject({ failure: { kind: 'refused', refusal: 'configuration' } })
    expect(standIn.asked).toEqual([])
  })
})
