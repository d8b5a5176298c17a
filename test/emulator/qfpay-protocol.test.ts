import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { pythonJson, signBody } from '../../server/emulator/qfpay/signing.ts'
import type { Data } from '../support/client.ts'
import { digest, type QfpayWorld, startQfpay, startSideAlone } from './qfpay-world.ts'

const payment = '/trade/v1/payment'
const scene = JSON.stringify({
  scene_info: { h5_info: { type: 'Wap', wap_url: 'https://shop.example', wap_name: '茶' } },
  spbill_create_ip: '203.0.113.9',
})
let world: QfpayWorld
beforeAll(async () => {
  world = await startQfpay()
})
afterAll(() => world.close())

describe('the example that QFPay prints', () => {
  const { vectors }: { vectors: Data[] } = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/qfpay-alipay.json'), 'utf8'))
  const { raw_body: body, key, headers } = vectors.find(({ id }) => id === 'qfpay-response-published')?.input ?? {}

  it('is what its members come out as here, byte for byte, with the digest it prints', () => {
    expect(pythonJson(JSON.parse(body))).toBe(body)
    expect(signBody(body, key)).toBe(headers['X-QF-SIGN'])
  })

  it('agrees with the digest that these tests check answers by', () => {
    expect(digest('MD5', body + key)).toBe(headers['X-QF-SIGN'])
  })
})

describe('a request', () => {
  it.each(['MD5', 'SHA256'])('signed with %s over raw values is taken', async (signType) => {
    const members = world.order(`SIGN-${signType}`, { goods_name: '龙井 50&g=1', return_url: 'https://shop.example/回?a=1&b=2' })

    expect(await world.call(payment, members, { signType })).toMatchObject({ status: 200, isVerified: true, data: { respcd: '0000' } })
  })

  it('without a type is signed with MD5, in whatever case', async () => {
    const [members, mchid] = [world.order('SIGN-CASE'), world.credentials.mchid]
    const body = new URLSearchParams({ ...members, mchid })
    const text = [...body]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    const sign = digest('MD5', text + world.credentials.clientKey).toLowerCase()
    const headers = { 'X-QF-APPCODE': world.credentials.appCode, 'X-QF-SIGN': sign }

    const answer = await fetch(`${world.origin}/qfpay${payment}`, { method: 'POST', headers, body })

    expect(await answer.json()).toMatchObject({ respcd: '0000' })
  })

  it.each([
    ['by another key', { key: 'F'.repeat(32) }],
    ['of other members', { signed: { txamt: '1' } }],
    ['of a type nobody knows', { headers: { 'X-QF-SIGNTYPE': 'MD4' } }],
    ['of the other type than it says', { headers: { 'X-QF-SIGNTYPE': 'SHA256' } }],
    ['that is missing', { headers: { 'X-QF-SIGN': '' } }],
  ])('with a signature %s is refused, and nothing is made', async (_how, change) => {
    const answer = await world.call(payment, world.order('SIGN-BAD'), change)

    expect(answer).toMatchObject({ status: 200, isVerified: true, data: { respcd: '1108' } })
    expect(await world.query({ out_trade_no: 'SIGN-BAD' })).toEqual([])
  })

  it('that leaves an empty member out of what it signs is refused', async () => {
    const { mchid } = world.credentials
    const signed = { ...world.order('SIGN-EMPTY'), mchid }
    const answer = await world.call(payment, { ...world.order('SIGN-EMPTY'), udid: '' }, { signed })

    expect(answer.data.respcd).toBe('1108')
  })

  it('of an unknown app code is refused', async () => {
    const answer = await world.call(payment, world.order('APPCODE-1'), { headers: { 'X-QF-APPCODE': '0'.repeat(32) } })

    expect(answer.data.respcd).toBe('1113')
  })

  it('without the merchant number that was issued is refused by its name', async () => {
    const answer = await world.call(payment, world.order('MCHID-1'), { isMchidLeftOut: true })

    expect(answer.data).toMatchObject({ respcd: '1104', resperr: expect.stringContaining('mchid') })
  })

  it('of the wrong method is refused', async () => {
    expect((await world.call(payment, world.order('METHOD-1'), { method: 'GET' })).data.respcd).toBe('1103')
  })

  it('is answered as Python writes JSON: blanks after commas and colons, ASCII alone', async () => {
    const { text, data } = await world.call(payment, world.order('PYTHON-1', { goods_name: '龙井' }))

    expect(text).toContain('"goods_name": "\\u9f99\\u4e95", "')
    expect(data.goods_name).toBe('龙井')
  })
})

describe('an order', () => {
  it.each([
    ['800201', {}, { qrcode: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/) }],
    ['800101', {}, { qrcode: expect.stringMatching(/^https:\/\/qr\.alipay\.com\/\w+$/) }],
    ['801501', {}, { qrcode: expect.stringMatching(/^https:\/\/qr\.alipay\.com\/\w+$/) }],
    ['800212', { extend_info: scene }, { pay_url: expect.stringContaining('/qfpay/pay?') }],
    ['801101', {}, { pay_url: expect.stringContaining('/qfpay/pay?') }],
    ['801107', {}, { pay_url: expect.stringContaining('/qfpay/pay?') }],
    ['801512', {}, { pay_url: expect.stringContaining('/qfpay/pay?') }],
    ['801514', {}, { pay_url: expect.stringContaining('/qfpay/pay?') }],
    ['800107', { openid: '2088000000000001' }, { pay_params: { tradeNO: expect.any(String) } }],
  ])('of type %s is answered with what its page needs', async (payType, more, needed) => {
    const data = await world.trade(`TYPE-${payType}`, { pay_type: payType, ...more })

    expect(data).toMatchObject({ respcd: '0000', pay_type: payType, out_trade_no: `TYPE-${payType}`, txamt: '1000', ...needed })
    expect(data.syssn).toMatch(/^20260102\d{18}$/)
  })

  it.each(['800207', '800213'])('of type %s gives the six parameters, the openid being named', async (payType) => {
    const { pay_params: params } = await world.trade(`BRIDGE-${payType}`, { pay_type: payType, sub_openid: 'oAlice' })

    expect(Object.keys(params).sort()).toEqual(['appId', 'nonceStr', 'package', 'paySign', 'signType', 'timeStamp'])
    expect(params).toMatchObject({ package: expect.stringMatching(/^prepay_id=\w+$/), signType: 'MD5' })
  })

  it('of type 800210 gives an app its seven', async () => {
    const { pay_params: params } = await world.trade('TYPE-APP', { pay_type: '800210' })

    expect(Object.keys(params).sort()).toEqual(['appid', 'noncestr', 'package', 'partnerid', 'prepayid', 'sign', 'timestamp'])
  })

  it.each([
    ['txamt', { txamt: '0' }],
    ['txamt', { txamt: '10.00' }],
    ['txamt', { txamt: '-5' }],
    ['txcurrcd', { txcurrcd: 'RMB' }],
    ['pay_type', { pay_type: '999999' }],
    ['out_trade_no', { out_trade_no: '' }],
    ['out_trade_no', { out_trade_no: 'with blank' }],
    ['out_trade_no', { out_trade_no: 'x'.repeat(129) }],
    ['txdtm', { txdtm: '2026-01-02T12:00:00Z' }],
    ['txdtm', { txdtm: '2026-02-30 12:00:00' }],
    ['expired_time', { expired_time: '4' }],
    ['expired_time', { expired_time: '121' }],
    ['expired_time', { expired_time: '5.5' }],
    ['goods_name', { goods_name: '茶'.repeat(65) }],
    ['notify_url', { notify_url: 'shop.example/notify' }],
    ['sub_openid', { pay_type: '800207' }],
    ['sub_openid', { pay_type: '800213' }],
    ['openid', { pay_type: '800107' }],
    ['extend_info', { pay_type: '800212' }],
    ['extend_info', { pay_type: '800212', extend_info: '{"scene_info":{"h5_info":{"type":"Wap"}}}' }],
    ['extend_info', { pay_type: '800212', extend_info: 'no JSON' }],
    ['auth_code', { pay_type: '800208' }],
  ])('with a wrong %s is refused by its name and leaves its number free: %j', async (name, wrong: Record<string, string>) => {
    const answer = await world.call(payment, world.order('WRONG-1', wrong))

    expect(answer.data).toMatchObject({ respcd: '1104', resperr: expect.stringContaining(name) })
    expect(await world.query({ out_trade_no: 'WRONG-1' })).toEqual([])
  })

  it('with members that nobody knows is taken', async () => {
    expect(await world.trade('MORE-1', { from_the_future: 'yes', limit_pay: 'no_credit' })).toMatchObject({ respcd: '0000' })
  })

  it('in yen counts in yen', async () => {
    expect(await world.trade('YEN-1', { txcurrcd: 'JPY', txamt: '88' })).toMatchObject({ txamt: '88', txcurrcd: 'JPY' })
  })

  it('is made once: its number again is a duplicate, even with the same members', async () => {
    await world.trade('ONCE-1')

    expect((await world.trade('ONCE-1')).respcd).toBe('1102')
    expect(await world.query({ out_trade_no: 'ONCE-1' })).toHaveLength(1)
  })
})

describe('a merchant in Canada', () => {
  it('gets an address for 800207, without an openid', async () => {
    const canada = await startSideAlone({ region: 'CA', currency: 'CAD' })
    const members = { pay_type: '800207', txcurrcd: 'CAD', return_url: 'https://shop.example/done' }

    const data = await canada.trade('CANADA-1', members)

    expect(data).toMatchObject({ respcd: '0000', pay_url: expect.stringContaining('/qfpay/pay?') })
    expect(data.pay_params).toBeUndefined()
    expect(canada.side.environment().QFPAY_CURRENCY).toBe('CAD')
    canada.close()
  })
})
