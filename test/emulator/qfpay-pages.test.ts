import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../support/client.ts'
import { digest, joined, type QfpayWorld, startQfpay } from './qfpay-world.ts'

const back = 'https://shop.example/back?order=1'
const done = 'https://shop.example/done?order=1'
const inWechat = { 'user-agent': 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.50' }
let world: QfpayWorld
beforeAll(async () => {
  world = await startQfpay()
})
afterAll(() => world.close())

function oauth(given: { change?: Record<string, string>; payer?: string; headers?: Record<string, string> } = {}): Promise<Response> {
  const { appCode, mchid, clientKey } = world.credentials
  const members = { app_code: appCode, mchid, redirect_uri: back }
  const sign = digest('MD5', joined(members) + clientKey)
  const payer = given.payer === undefined ? {} : { payer: given.payer }
  const query = new URLSearchParams({ ...members, sign, ...given.change, ...payer })
  return fetch(`${world.origin}/qfpay/tool/v1/get_weixin_oauth_code?${query.toString()}`, {
    redirect: 'manual',
    headers: given.headers ?? inWechat,
  })
}
const codeOf = (answer: Response) => new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
const openid = async (code: string) => (await world.call('/tool/v1/get_weixin_openid', { code }, { method: 'GET' })).data

describe('the way to an openid', () => {
  it('leads back with a code, beside what stood in the address', async () => {
    const answer = await oauth()
    const { origin, searchParams } = new URL(answer.headers.get('location') ?? '')

    expect([answer.status, origin, searchParams.get('order')]).toEqual([302, 'https://shop.example', '1'])
    expect(searchParams.get('code')).toMatch(/^qf\w+$/)
  })

  it('names who pays: alice, or whoever is asked for', async () => {
    const alice = await openid(codeOf(await oauth()))
    const bob = await openid(codeOf(await oauth({ payer: 'bob' })))

    expect(alice).toMatchObject({ respcd: '0000', openid: world.credentials.openids.alice })
    expect(bob).toMatchObject({ respcd: '0000', openid: world.credentials.openids.bob })
  })

  it('takes a code once', async () => {
    const code = codeOf(await oauth())
    await openid(code)

    expect(await openid(code)).toMatchObject({ respcd: '1104' })
    expect(await openid('qf00')).toMatchObject({ respcd: '1104' })
  })

  it('outside of WeChat’s browser says where to open it, and gives no code', async () => {
    const answer = await oauth({ headers: { 'user-agent': 'Mozilla/5.0' } })

    expect([answer.status, answer.headers.get('location')]).toEqual([200, null])
    expect(await answer.text()).toContain('Open this link in WeChat')
  })

  it.each([
    ['another address than was signed', { change: { redirect_uri: 'https://thief.example/' } }],
    ['another app code', { change: { app_code: '0'.repeat(32) } }],
    ['another merchant', { change: { mchid: 'QF00000000' } }],
    ['a payer who has no name', { payer: 'no body' }],
  ])('refuses %s', async (_what, given) => {
    const answer = await oauth(given)

    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })
})

describe('QFPay’s own cashier', () => {
  async function ready(outTradeNo: string): Promise<Record<string, string>> {
    const members = { pay_type: '800207', sub_openid: 'oAlice', goods_name: '龙井' }
    const { pay_params: params }: Data = await world.trade(outTradeNo, members)
    return { mchntnm: '茶 <b>Shop</b>', txamt: '1000', currency: 'HKD', goods_name: '龙井', redirect_url: done, ...params }
  }
  const direct = () => `${world.origin}/qfpay/q/direct`
  const shown = (given: Record<string, string>) => fetch(`${direct()}?${new URLSearchParams(given).toString()}`)
  const chosen = (given: Record<string, string>, what: string) =>
    fetch(direct(), { method: 'POST', body: new URLSearchParams({ ...given, do: what }), redirect: 'manual' })

  it('shows merchant, amount and goods, and runs no script', async () => {
    const page = await (await shown(await ready('DIRECT-1'))).text()

    for (const text of ['10.00 HKD', '龙井', '茶 &lt;b&gt;Shop&lt;/b&gt;', 'DIRECT-1']) expect(page).toContain(text)
    expect(page).not.toContain('<script')
  })

  it('on paying tells the merchant, then leads back', async () => {
    const answer = await chosen(await ready('DIRECT-2'), 'pay')

    expect([answer.status, answer.headers.get('location')]).toEqual([303, done])
    expect(world.letterOf('DIRECT-2')).toHaveLength(1)
    expect(await world.query({ out_trade_no: 'DIRECT-2' })).toMatchObject([{ respcd: '0000', cardcd: 'oAlice' }])
  })

  it('pressed twice pays once', async () => {
    const given = await ready('DIRECT-3')
    await chosen(given, 'pay')
    const again = await chosen(given, 'pay')

    expect([again.status, again.headers.get('location')]).toEqual([303, done])
    expect(world.letterOf('DIRECT-3')).toHaveLength(1)
  })

  it('given up leads back too, and nothing is paid', async () => {
    const answer = await chosen(await ready('DIRECT-4'), 'refuse')

    expect(answer.headers.get('location')).toBe(done)
    expect(await world.query({ out_trade_no: 'DIRECT-4' })).toMatchObject([{ respcd: '1145' }])
  })

  it.each([
    ['txamt', '1'],
    ['currency', 'JPY'],
    ['package', 'prepay_id=wx0'],
    ['paySign', 'F'.repeat(32)],
    ['timeStamp', '1'],
    ['nonceStr', 'x'],
    ['appId', 'wx0000000000000000'],
    ['signType', 'RSA'],
    ['mchntnm', ''],
    ['redirect_url', ''],
    ['redirect_url', 'javascript:alert(1)'],
  ])('refuses a %s that is not the order’s: %s', async (name, value) => {
    const given = { ...(await ready(`DIRECT-${name}-${value.length}`)), [name]: value }

    expect((await shown(given)).status).toBe(400)
    expect((await chosen(given, 'pay')).status).toBe(400)
    expect(await world.query({ out_trade_no: `DIRECT-${name}-${value.length}` })).toMatchObject([{ respcd: '1145' }])
  })

  it('refuses the parameters of two orders mixed', async () => {
    const [one, other] = [await ready('DIRECT-5'), await ready('DIRECT-6')]

    expect((await shown({ ...one, package: other.package ?? '' })).status).toBe(400)
  })

  it('of an order that is closed offers no button, and takes no money', async () => {
    const given = await ready('DIRECT-7')
    await world.call('/trade/v1/close', { out_trade_no: 'DIRECT-7', txamt: '1000', txdtm: '2026-01-02 12:00:00' })
    const page = await (await shown(given)).text()
    const paying = await chosen(given, 'pay')

    expect(page).toContain('Closed or expired')
    expect(page).not.toContain('<button')
    expect(paying.status).toBe(409)
    expect(world.letterOf('DIRECT-7')).toEqual([])
  })
})

describe('the page behind a pay_url', () => {
  const opened = async (outTradeNo: string, given: Record<string, string> = {}) => {
    const { pay_url: url }: Data = await world.trade(outTradeNo, { pay_type: '801512', ...given })
    return new URL(url)
  }
  const chosen = (url: URL, what: string) =>
    fetch(url.origin + url.pathname, {
      method: 'POST',
      body: new URLSearchParams({ ...Object.fromEntries(url.searchParams), do: what }),
      redirect: 'manual',
    })

  it('is paid, and leads to the address that the order names', async () => {
    const url = await opened('WEB-1', { return_url: done })
    expect(await (await fetch(url)).text()).toContain('10.00 HKD')

    expect((await chosen(url, 'pay')).headers.get('location')).toBe(done)
    expect(await world.query({ out_trade_no: 'WEB-1' })).toMatchObject([{ respcd: '0000' }])
  })

  it('leads to the address that was put behind it instead', async () => {
    const url = await opened('WEB-2', { return_url: done })
    url.searchParams.set('redirect_url', back)

    expect((await chosen(url, 'refuse')).headers.get('location')).toBe(back)
    expect(await world.query({ out_trade_no: 'WEB-2' })).toMatchObject([{ respcd: '1145' }])
  })

  it('without any says what became of it', async () => {
    expect(await (await chosen(await opened('WEB-3'), 'pay')).text()).toContain('Paid')
  })

  it('of no order is refused', async () => {
    expect((await fetch(`${world.origin}/qfpay/pay?syssn=1`)).status).toBe(400)
  })
})
