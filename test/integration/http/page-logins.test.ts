import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { apiOf, makePageBrowser, type PageBrowser, to, wechat } from '../../support/page-browser.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop({ environment: { MERCHANT_NAME: '云上茶铺' } })
})
afterAll(() => shop.close())

const browser = (userAgent?: string) => makePageBrowser(shop, userAgent)

/** From the link to WeChat's page and back with a code. */
async function ledToWechat(payer: PageBrowser, cashierUrl: string): Promise<URL> {
  const toLogin = await payer.open(cashierUrl)
  const toWechat = await payer.open(to(toLogin))
  const back = await fetch(to(toWechat), { redirect: 'manual' })
  return new URL(to(back))
}

describe('a login through WeChat’s page', () => {
  it('gives the browser a session no script reads, and the payment its openid', async () => {
    const order = await shop.order()
    const payer = browser(wechat)

    const toLogin = await payer.open(order.cashierUrl)
    const toWechat = await payer.open(to(toLogin))
    const callback = await ledToWechat(payer, order.cashierUrl)
    const done = await payer.open(callback.href)
    const cookie = done.headers.getSetCookie().find((line) => line.startsWith('shouyin-payer='))

    expect(toWechat.status).toBe(303)
    expect(new URL(to(toWechat)).searchParams.get('redirect_uri')).toBe(`${shop.origin()}/oauth/wechat/callback`)
    expect(new URL(to(toWechat)).searchParams.get('state')).toMatch(/^[0-9a-f]{32}$/)
    expect(to(done)).toContain(`/pay/${order.orderId}?k=`)
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/)
    const paying: Data = await (await payer.post(apiOf(order.cashierUrl, '/pay'), '{"channel":"wechat"}')).json()
    expect(paying.data.action).toMatchObject({ type: 'wx.requestPayment', params: { package: expect.stringMatching(/^prepay_id=/) } })
    expect((await shop.read(order.orderId)).attempts[0]).toMatchObject({ payType: 'JSAPI' })
  })

  it('is needed before a payment there, and the page says where', async () => {
    const { cashierUrl, orderId } = await shop.order()

    const answer: Data = await (await browser(wechat).post(apiOf(cashierUrl, '/pay'), '{"channel":"wechat"}')).json()

    expect(answer.data.action.url).toContain(`${shop.origin()}/pay/${orderId}/login?k=`)
  })

  it('is nothing in another browser', async () => {
    const { cashierUrl } = await shop.order()
    const callback = await ledToWechat(browser(wechat), cashierUrl)

    const stranger = browser(wechat)
    const refused = await stranger.open(callback.href)

    expect(refused.status).toBe(400)
    expect([...stranger.cookies.keys()]).not.toContain('shouyin-payer')
  })

  it('is finished once: its state again, even with its cookie, is refused, and so is a code that was used', async () => {
    const { cashierUrl } = await shop.order()
    const payer = browser(wechat)
    const callback = await ledToWechat(payer, cashierUrl)
    const kept = new Map(payer.cookies)

    const first = await payer.open(callback.href)
    const again = await payer.open(callback.href)
    const thief = browser(wechat)
    for (const [name, value] of kept) thief.cookies.set(name, value)
    const replayed = await thief.open(callback.href)
    const other = browser(wechat)
    const fresh = await ledToWechat(other, cashierUrl)
    fresh.searchParams.set('code', callback.searchParams.get('code') ?? '')
    const usedCode = await other.open(fresh.href)

    expect([first.status, again.status, replayed.status]).toEqual([303, 400, 400])
    expect([...thief.cookies.keys()]).not.toContain('shouyin-payer')
    expect(to(usedCode)).toContain('&trouble=login')
    expect([...other.cookies.keys()]).not.toContain('shouyin-payer')
  })

  it('is over after ten minutes', async () => {
    const { cashierUrl } = await shop.order({ expiresIn: 3600 })
    const payer = browser(wechat)
    const callback = await ledToWechat(payer, cashierUrl)

    await shop.advance(10 * 60_000 + 1000)

    expect((await payer.open(callback.href)).status).toBe(400)
  })

  it('leads nowhere but to this site, whatever the address says', async () => {
    await shop.advance(61_000)
    const { cashierUrl } = await shop.order()
    const payer = browser(wechat)
    const callback = await ledToWechat(payer, cashierUrl)
    for (const name of ['redirect_uri', 'returnUrl', 'next', 'url']) callback.searchParams.set(name, 'https://evil.example/')

    expect(to(await payer.open(callback.href))).toMatch(/^\/pay\//)
    expect(to(await browser(wechat).open(`${cashierUrl}&back=//evil.example&login=https://evil.example`))).toBe('')
  })

  it('is not begun, and its code is not used, by a browser that looks ahead', async () => {
    const { cashierUrl } = await shop.order()
    const payer = browser(wechat)
    const callback = await ledToWechat(payer, cashierUrl)

    await payer.open(callback.href, { 'sec-purpose': 'prefetch' })

    expect((await payer.open(callback.href)).status).toBe(303)
    expect((await browser(wechat).open(cashierUrl, { 'sec-purpose': 'prefetch' })).status).toBe(200)
  })

  it('is asked for again when the store no longer knows the person', async () => {
    const { cashierUrl } = await shop.order()
    const payer = browser(wechat)
    await payer.open((await ledToWechat(payer, cashierUrl)).href)
    await shop.query(async (db) => db.query.deleteFrom('payers').execute())

    const answer: Data = await (await payer.post(apiOf(cashierUrl, '/pay'), '{"channel":"wechat"}')).json()

    expect(answer.data.action).toMatchObject({ type: 'redirect', url: expect.stringContaining('/login?k=') })
  })

  it('lets the browser’s session do what the mini-program’s does, from pages of this site', async () => {
    const { cashierUrl } = await shop.order()
    const payer = browser(wechat)
    await payer.open((await ledToWechat(payer, cashierUrl)).href)

    expect((await payer.open('/api/v1/cashier/orders')).status).toBe(200)
    const items = JSON.stringify({ items: [{ productId: 'cake', quantity: 1 }] })
    expect((await payer.post('/api/v1/cashier/orders', items)).status).toBe(201)
    expect((await payer.post('/api/v1/cashier/orders', items, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await payer.post('/api/v1/cashier/orders', items, { origin: '' })).status).toBe(403)
  })
})

describe('a payer inside WeChat whose merchant takes money through QFPay', () => {
  it('goes to QFPay for an openid of this payment, pays at its page and comes back', async () => {
    const order = await shop.order({ currency: 'HKD', amount: '88.88' })
    const payer = browser(wechat)

    const page = await payer.open(order.cashierUrl)
    const toLogin = await payer.post(order.cashierUrl, 'channel=qfpay')
    const toQfpay = await payer.open(to(toLogin))
    const back = await fetch(to(toQfpay), { redirect: 'manual', headers: { 'user-agent': wechat } })
    const toCashier = await payer.open(to(back))
    const cashier = new URL(to(toCashier))

    expect(page.status).toBe(200)
    expect(to(back)).toContain(`${shop.origin()}/oauth/qfpay/callback?`)
    expect(cashier.pathname).toBe('/qfpay/q/direct')
    expect(cashier.searchParams.get('mchntnm')).toBe('云上茶铺')
    expect(cashier.searchParams.get('redirect_url')).toBe(`${order.cashierUrl}&back=1`)
    expect([...payer.cookies.keys()]).not.toContain('shouyin-payer')
    expect((await shop.read(order.orderId)).attempts).toMatchObject([{ channel: 'qfpay', payType: 'JSAPI' }])
  })

  it('begins no second payment with the callback’s address again', async () => {
    const order = await shop.order({ currency: 'HKD', amount: '88.88' })
    const payer = browser(wechat)
    const toQfpay = await payer.open(to(await payer.post(order.cashierUrl, 'channel=qfpay')))
    const back = to(await fetch(to(toQfpay), { redirect: 'manual', headers: { 'user-agent': wechat } }))

    await payer.open(back)

    expect((await payer.open(back)).status).toBe(400)
    expect((await shop.read(order.orderId)).attempts.length).toBe(1)
  })
})

describe('over https', () => {
  it('cookies are Secure, and their names are for this host alone', async () => {
    const secure = await startShop({ environment: { PUBLIC_URL: 'https://pay.example' } })
    try {
      const { cashierUrl } = await secure.order()
      const url = new URL(cashierUrl)
      const login = await fetch(`${secure.origin()}${url.pathname}/login${url.search}&channel=wechat`, {
        headers: { 'user-agent': wechat },
        redirect: 'manual',
      })

      expect(url.origin).toBe('https://pay.example')
      expect(login.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-shouyin-oauth-\w{8}=.*; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/),
      ])
    } finally {
      await secure.close()
    }
  })
})
