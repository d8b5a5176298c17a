import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type QfpayWorld, start, startQfpay } from './qfpay-world.ts'

const second = 1000
const minute = 60 * second
const dated = { txdtm: '2026-01-02 12:00:00' }
let world: QfpayWorld
beforeAll(async () => {
  world = await startQfpay()
})
afterAll(() => world.close())

/** An order that is paid; its number at QFPay. */
async function paid(outTradeNo: string, given: Record<string, string> = {}): Promise<string> {
  const { syssn } = await world.trade(outTradeNo, given)
  await world.act(outTradeNo, { do: 'pay' })
  return syssn
}
async function refund(syssn: string, outTradeNo: string, txamt: string) {
  return (await world.call('/trade/v1/refund', { ...dated, syssn, out_trade_no: outTradeNo, txamt })).data
}
async function undo(how: 'close' | 'reversal', members: Record<string, string>) {
  return (await world.call(`/trade/v1/${how}`, { ...dated, txamt: '1000', ...members })).data
}
const one = async (outTradeNo: string) => (await world.query({ out_trade_no: outTradeNo }))[0]

describe('a query', () => {
  it('finds by either number, several at once, and leaves out what nobody knows', async () => {
    const { syssn } = await world.trade('FIND-1')
    await paid('FIND-2')

    const items = await world.query({ out_trade_no: 'FIND-1,FIND-2,FIND-3' })

    expect(items).toMatchObject([
      { out_trade_no: 'FIND-1', order_type: 'payment', respcd: '1145', cancel: '0', paydtm: '' },
      { out_trade_no: 'FIND-2', order_type: 'payment', respcd: '0000', cancel: '0', txamt: '1000', txcurrcd: 'HKD' },
    ])
    expect(await world.query({ syssn })).toMatchObject([{ out_trade_no: 'FIND-1' }])
    expect(await world.query({ out_trade_no: 'FIND-3' })).toEqual([])
  })

  it('without a number lists the month, page by page, and by respcd', async () => {
    const elsewhere = await startQfpay()
    for (const number of ['LIST-1', 'LIST-2', 'LIST-3']) await elsewhere.trade(number)
    await elsewhere.act('LIST-2', { do: 'pay' })

    const numbers = async (members: Record<string, string>) => (await elsewhere.query(members)).map((item) => item.out_trade_no)

    expect(await numbers({})).toEqual(['LIST-1', 'LIST-2', 'LIST-3'])
    expect(await numbers({ page: '2', page_size: '2' })).toEqual(['LIST-3'])
    expect(await numbers({ respcd: '0000' })).toEqual(['LIST-2'])
    expect(await numbers({ start_time: '2026-01-01 00:00:00', end_time: '2026-01-02 11:59:59' })).toEqual([])
    expect(
      (await elsewhere.call('/trade/v1/query', { start_time: '2025-10-01 00:00:00', end_time: '2026-01-03 00:00:00' })).data,
    ).toMatchObject({ respcd: '1104' })
    await elsewhere.close()
  })

  it('says while the payer types the password, and when the time is up', async () => {
    await world.trade('LIFE-1', { expired_time: '5' })
    await world.act('LIFE-1', { do: 'user_paying' })
    const typing = (await one('LIFE-1')).respcd
    await world.pass(5 * minute)
    const atTheEnd = (await one('LIFE-1')).respcd
    await world.pass(1)

    expect([typing, atTheEnd, (await one('LIFE-1')).respcd]).toEqual(['1143', '1143', '1181'])
    expect(await world.act('LIFE-1', { do: 'pay' })).toMatchObject({ status: 409 })
  })
})

describe('a refund', () => {
  it('is asked for by QFPay’s own number, and in parts until nothing is left', async () => {
    const syssn = await paid('REFUND-1')
    const first = await refund(syssn, 'REFUND-1-a', '300')
    const inPart = await one('REFUND-1')
    const tooMuch = await refund(syssn, 'REFUND-1-b', '701')
    const second = await refund(syssn, 'REFUND-1-c', '700')

    expect(first).toMatchObject({ respcd: '0000', orig_syssn: syssn, out_trade_no: 'REFUND-1-a', txamt: '300' })
    expect(first.syssn).not.toBe(syssn)
    expect(inPart).toMatchObject({ respcd: '0000', cancel: '5' })
    expect(tooMuch.respcd).toBe('1272')
    expect(second.respcd).toBe('0000')
    expect(await one('REFUND-1')).toMatchObject({ respcd: '0000', cancel: '3' })
    expect((await refund(syssn, 'REFUND-1-d', '1')).respcd).toBe('1262')
  })

  it('is listed as one, with the number it came from and in the currency of its payment', async () => {
    const syssn = await paid('REFUND-2', { txcurrcd: 'CNY' })
    await refund(syssn, 'REFUND-2-a', '300')

    expect(await world.query({ out_trade_no: 'REFUND-2-a' })).toMatchObject([
      { order_type: 'refund', origssn: syssn, txamt: '300', txcurrcd: 'CNY', respcd: '0000' },
    ])
  })

  it('has a number of its own: one that a payment or a refund had is a duplicate, and moves no money', async () => {
    const syssn = await paid('REFUND-3')
    await refund(syssn, 'REFUND-3-a', '100')

    expect((await refund(syssn, 'REFUND-3-a', '100')).respcd).toBe('1102')
    expect((await refund(syssn, 'REFUND-3', '100')).respcd).toBe('1102')
    expect((await world.trade('REFUND-3-a')).respcd).toBe('1102')
    expect((await refund(syssn, 'REFUND-3-b', '900')).respcd).toBe('0000')
  })

  it('of what is not paid, or not known, is refused', async () => {
    const { syssn } = await world.trade('REFUND-4')

    expect((await refund(syssn, 'REFUND-4-a', '100')).respcd).toBe('1261')
    expect((await refund('20260102000000000000000000', 'REFUND-4-b', '100')).respcd).toBe('1268')
    expect((await refund(syssn, 'REFUND-4-c', '0')).respcd).toBe('1104')
  })

  it('made in the portal is one that the merchant did not ask for, at most what is left', async () => {
    const syssn = await paid('REFUND-5')
    await refund(syssn, 'REFUND-5-a', '300')

    const refused = await world.act('REFUND-5', { do: 'refund_externally', amount: 701 })
    const { data } = await world.act('REFUND-5', { do: 'refund_externally' })

    expect(refused.status).toBe(409)
    expect(await one(data.outRefundNo)).toMatchObject({ order_type: 'refund', origssn: syssn, txamt: '700' })
  })
})

describe('an order that is ended', () => {
  it.each(['close', 'reversal'] as const)('by %s before it was paid can be paid no more', async (how) => {
    const { syssn } = await world.trade(`END-${how}`)

    expect(await undo(how, { out_trade_no: `END-${how}` })).toMatchObject({ respcd: '0000', orig_syssn: syssn })

    expect(await one(`END-${how}`)).toMatchObject({ respcd: '1142', cancel: '2' })
    expect(await world.act(`END-${how}`, { do: 'pay' })).toMatchObject({ status: 409 })
    expect((await undo(how, { syssn })).respcd).toBe(how === 'close' ? '1264' : '1263')
  })

  it.each(['close', 'reversal'] as const)('by %s after it was paid stays paid', async (how) => {
    await paid(`PAID-${how}`)

    expect((await undo(how, { out_trade_no: `PAID-${how}` })).respcd).toBe('1260')
    expect(await one(`PAID-${how}`)).toMatchObject({ respcd: '0000', cancel: '0' })
  })

  it('is named with the amount and time it was made with', async () => {
    await world.trade('END-3')

    expect((await undo('close', { out_trade_no: 'END-3', txamt: '999' })).respcd).toBe('1266')
    expect((await undo('close', { out_trade_no: 'END-3', txdtm: '2026-01-02 12:00:01' })).respcd).toBe('1267')
    expect((await undo('close', { out_trade_no: 'END-4' })).respcd).toBe('1268')
  })
})

describe('a code that the payer shows', () => {
  const byCode = (given: Record<string, string> = {}) => ({
    pay_type: '800208',
    auth_code: world.emulator.showCode('qfpay', 'bob'),
    ...given,
  })

  it('pays at once', async () => {
    expect(await world.trade('CODE-1', byCode())).toMatchObject({ respcd: '0000', txamt: 1000, paydtm: '2026-01-02 12:05:00' })
    expect(await one('CODE-1')).toMatchObject({ respcd: '0000', cardcd: world.credentials.openids.bob })
  })

  it.each([
    ['800208', '130000000000000001'],
    ['800108', '280000000000000001'],
    ['800008', '130000000000000002'],
    ['800008', '280000000000000002'],
  ])('of type %s takes %s of any phone', async (payType, authCode) => {
    expect(await world.trade(`CODE-${authCode}`, { pay_type: payType, auth_code: authCode })).toMatchObject({ respcd: '0000' })
  })

  it.each([
    ['800208', '280000000000000003'],
    ['800108', '130000000000000003'],
    ['800008', '990000000000000003'],
    ['800208', '13000'],
  ])('of type %s does not take %s, and leaves no order', async (payType, authCode) => {
    expect(await world.trade('CODE-BAD', { pay_type: payType, auth_code: authCode })).toMatchObject({ respcd: '1202' })
    expect(await world.query({ out_trade_no: 'CODE-BAD' })).toEqual([])
  })

  it('is good for one payment and a minute', async () => {
    const members = byCode()
    await world.trade('CODE-2', members)
    const late = byCode()
    await world.pass(minute + 1)

    expect((await world.trade('CODE-3', members)).respcd).toBe('1202')
    expect((await world.trade('CODE-4', late)).respcd).toBe('1202')
  })

  it('above 1000.00 waits for the password, and is then paid, refused or undone', async () => {
    for (const number of ['CODE-5', 'CODE-6', 'CODE-7'])
      expect(await world.trade(number, byCode({ txamt: '100001' }))).toMatchObject({ respcd: '1143' })

    await world.act('CODE-5', { do: 'pay' })
    await world.act('CODE-6', { do: 'fail' })
    await undo('reversal', { out_trade_no: 'CODE-7', txamt: '100001' })

    expect(await one('CODE-5')).toMatchObject({ respcd: '0000', cancel: '0' })
    expect(await one('CODE-6')).toMatchObject({ respcd: '1205', cancel: '0' })
    expect(await one('CODE-7')).toMatchObject({ respcd: '1142', cancel: '1' })
    expect(await world.act('CODE-6', { do: 'pay' })).toMatchObject({ status: 409 })
  })

  it('that paid is undone by giving the money back, once', async () => {
    await world.trade('CODE-8', byCode())

    expect((await undo('close', { out_trade_no: 'CODE-8' })).respcd).toBe('1260')
    const undone = await undo('reversal', { out_trade_no: 'CODE-8' })

    expect(undone.respcd).toBe('0000')
    expect(await one('CODE-8')).toMatchObject({ respcd: '0000', cancel: '1' })
    expect(await world.query({ syssn: undone.syssn })).toMatchObject([{ order_type: 'refund', txamt: '1000' }])
    expect((await undo('reversal', { out_trade_no: 'CODE-8' })).respcd).toBe('1262')
  })
})

describe('what the control interface shows', () => {
  it('finds an order by what a phone was shown', async () => {
    const { qrcode } = await world.trade('SHOWN-1')
    const { pay_url: address } = await world.trade('SHOWN-2', { pay_type: '801512' })
    const { pay_params: params } = await world.trade('SHOWN-3', { pay_type: '800213', sub_openid: 'oAlice' })
    const find = (code: string) => world.emulator.sides.find((side) => side.channel === 'qfpay')?.find(code)

    expect(find(qrcode)).toMatchObject({ outTradeNo: 'SHOWN-1', total: 1000, currency: 'HKD', tradeState: 'NOTPAY' })
    expect(find(`${address}&redirect_url=x`)).toMatchObject({ outTradeNo: 'SHOWN-2' })
    expect(find(params.package)).toMatchObject({ outTradeNo: 'SHOWN-3' })
    expect(find('SHOWN')).toBeUndefined()
  })

  it('is what was there before the process was killed', async () => {
    const stateFile = join(mkdtempSync(join(tmpdir(), 'qfpay-')), 'state.jsonl')
    const before = await startQfpay({ stateFile })
    const { syssn } = await before.trade('KILLED-1')
    await before.act('KILLED-1', { do: 'pay' })
    await before.close()

    const after = await startQfpay({ stateFile, at: start })

    expect(after.credentials).toEqual(before.credentials)
    expect(await after.query({ out_trade_no: 'KILLED-1' })).toMatchObject([{ syssn, respcd: '0000' }])
    expect((await after.trade('KILLED-1')).respcd).toBe('1102')
    await after.close()
  })
})
