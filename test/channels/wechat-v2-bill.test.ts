import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { BillKind, BillLine } from '../../server/core/rules/bill.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay } from '../support/builders.ts'
import { makeWechatV2Accounts, officialApp, subMchid } from '../support/wechat-v2-account.ts'
import { startWechatV2StandIn, type V2Reply, v2Signature, type WechatV2StandIn, xmlOf } from '../support/wechat-v2-stand-in.ts'

let standIn: WechatV2StandIn
let accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  standIn = await startWechatV2StandIn()
  accounts = makeWechatV2Accounts(standIn.origin)
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const trades = [
  '\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
  `\`2026-01-02 12:00:01,\`${officialApp},\`1900000001,\`0,\`,\`4200001234,\`D202601020304050001,\`o-alice,\`JSAPI,\`SUCCESS,\`OTHERS,\`CNY,\`99.99,\`0.00,\`0,\`0,\`0.00,\`0.00,\`,\`,\`茶,\`,\`0.60000,\`0.60%,\`99.99,\`0.00,\``,
  `\`2026-01-02 12:30:00,\`${officialApp},\`1900000001,\`0,\`,\`4200001234,\`D202601020304050001,\`o-alice,\`JSAPI,\`REFUND,\`OTHERS,\`CNY,\`0.00,\`0.00,\`5030001234,\`ref_1,\`10.00,\`0.00,\`ORIGINAL,\`SUCCESS,\`茶,\`,\`-0.06000,\`0.60%,\`0.00,\`10.00,\``,
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
  '`2,`99.99,`10.00,`0.00,`0.54000,`99.99,`10.00',
  '',
].join('\r\n')

async function linesOf(reply: V2Reply, kind: BillKind = 'trade', credentials = {}): Promise<BillLine[]> {
  standIn.answer(reply)
  const bill = await accounts.open(credentials).bill?.({ kind, day: '2026-01-02' })
  const lines: BillLine[] = []
  for await (const some of bill ?? []) lines.push(...some)
  return lines
}
const refused = (number: string, words: string): V2Reply => ({
  body: xmlOf({ return_code: 'FAIL', return_msg: words, error_code: number }),
})

describe('a day’s bill', () => {
  it.each<[string, string | Buffer]>([
    ['as text', trades],
    ['packed', gzipSync(trades)],
  ])('%s is its payments and refunds', async (_name, body) => {
    expect(await linesOf({ body })).toMatchObject([
      {
        kind: 'payment',
        outTradeNo: 'D202601020304050001',
        transactionId: '4200001234',
        amount: { minor: 9999, currency: 'CNY' },
        merchantRef: '1900000001',
        at: asInstant(aDay + 1000),
      },
      { kind: 'refund', outRefundNo: 'ref_1', channelRefundId: '5030001234', amount: { minor: 1000 }, status: 'succeeded' },
    ])
  })

  it('is asked for by its day, signed', async () => {
    await linesOf({ body: trades })

    const { sign, ...members } = standIn.asked[0]?.members ?? {}
    expect(standIn.asked[0]?.path).toBe('/pay/downloadbill')
    expect(members).toMatchObject({ bill_date: '20260102', bill_type: 'ALL', tar_type: 'GZIP', mch_id: '1900000001' })
    expect(sign).toBe(v2Signature(members, 'HMAC-SHA256'))
  })

  it.each<[string, V2Reply, object]>([
    ['is not made yet', refused('20003', 'bill creating'), { kind: 'refused', refusal: 'billCreating', channelCode: '20003' }],
    ['has nothing in it', refused('20002', 'No Bill Exist'), { kind: 'refused', refusal: 'billEmpty' }],
    ['has nothing in it, by words alone', refused('', 'no bill exist'), { kind: 'refused', refusal: 'billEmpty' }],
    ['was asked for wrongly', refused('20001', 'sign error'), { kind: 'unknown', channelCode: '20001' }],
    ['is a page', { body: '<html><body>502</body></html>' }, { kind: 'unknown' }],
    ['is nothing', { body: '' }, { kind: 'unknown' }],
    ['comes with another status', { status: 500, body: trades }, { kind: 'unknown' }],
    ['is cut off', { body: trades.slice(0, -60) }, { kind: 'unknown' }],
    [
      'is packed and is not',
      { body: Buffer.concat([gzipSync(trades).subarray(0, 2), Buffer.from('no gzip at all')]) },
      { kind: 'unknown' },
    ],
    ['counts other lines than it has', { body: trades.replace('`2,`99.99', '`3,`99.99') }, { kind: 'unknown' }],
  ])('that %s is told apart', async (_name, reply, failure) => {
    await expect(linesOf(reply)).rejects.toMatchObject({ failure: { ...failure, code: 'CHANNEL_ERROR' } })
  })
})

describe('the flow of funds', () => {
  const funds = [
    '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号',
    '`2026-01-02 12:00:02,`4200001234,`4200001234,`交易,`交易,`收入,`99.99,`99.99,`system,`,`D202601020304050001',
    '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
    '`1,`1,`99.99,`0,`0.00',
  ].join('\r\n')

  it('is read, and asked for in the one way that is known to be taken', async () => {
    const lines = await linesOf({ body: funds }, 'funds', { signType: 'MD5' })

    const { sign, ...members } = standIn.asked[0]?.members ?? {}
    expect(lines).toMatchObject([{ kind: 'funds', number: '4200001234', amount: { minor: 9999 }, isIncome: true }])
    expect(members).toMatchObject({ account_type: 'Basic', sign_type: 'HMAC-SHA256' })
    expect(sign).toBe(v2Signature(members, 'HMAC-SHA256'))
  })

  it('of a provider’s merchant is not asked for: what would come is the provider’s', async () => {
    const asking = linesOf({ body: funds }, 'funds', { sub: { mchid: subMchid, appId: undefined } })

    await expect(asking).rejects.toMatchObject({ failure: { kind: 'refused', refusal: 'configuration' } })
    expect(standIn.asked).toEqual([])
  })
})
