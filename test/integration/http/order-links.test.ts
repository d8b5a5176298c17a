import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Data } from '../../support/client.ts'
import { alipay, apiOf, makePageBrowser, phone, textOf, to, wechat } from '../../support/page-browser.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const hourMs = 60 * 60 * 1000

let shop: Shop
beforeAll(async () => {
  shop = await startShop({ environment: { MERCHANT_NAME: '云上茶铺' } })
})
afterAll(() => shop.close())

const browser = (userAgent?: string) => makePageBrowser(shop, userAgent)

describe('the link of an order', () => {
  it('stands in every answer about the order, and opens its page in any browser', async () => {
    const order = await shop.order({ subject: '明前龙井', body: '春茶', amount: '1234.50' })

    const answer = await browser().open(order.cashierUrl)
    const text = await textOf(answer)

    expect(order.cashierUrl).toMatch(new RegExp(`^${shop.origin()}/pay/${order.orderId}\\?k=[\\w-]{24}$`))
    expect((await shop.read(order.orderId)).cashierUrl).toBe(order.cashierUrl)
    expect(answer.status).toBe(200)
    for (const shown of ['明前龙井', '春茶', '¥1,234.50', '云上茶铺', order.orderId]) expect(text).toContain(shown)
  })

  it('is another for each order, and none can be made from the number', async () => {
    const [one, other] = [await shop.order(), await shop.order()]
    const k = new URL(one.cashierUrl).searchParams.get('k') ?? ''

    expect((await browser().open(`/pay/${other.orderId}?k=${k}`)).status).toBe(404)
  })

  it.each([
    ['a wrong key', (url: URL) => url.searchParams.set('k', 'A'.repeat(24))],
    ['a key that lacks a letter', (url: URL) => url.searchParams.set('k', (url.searchParams.get('k') ?? '').slice(1))],
    ['no key', (url: URL) => url.searchParams.delete('k')],
    ['two keys', (url: URL) => url.searchParams.append('k', url.searchParams.get('k') ?? '')],
    ['an account it was not made for', (url: URL) => url.searchParams.set('via', 'wechat.default')],
  ])('with %s is answered as an order that is not there', async (_name, spoil) => {
    await shop.advance(61_000)
    const order = await shop.order({ subject: 'Nobody sees this' })
    const url = new URL(order.cashierUrl)
    spoil(url)

    const wrong = await browser().open(url.href)
    const nothing = await browser().open('/pay/D00000000000000000001?k=AAAAAAAAAAAAAAAAAAAAAAAA')

    expect([wrong.status, nothing.status]).toEqual([404, 404])
    const texts = [await textOf(wrong), await textOf(nothing)]
    expect(texts[0]).toBe(texts[1])
    expect(texts[0]).not.toContain('Nobody sees this')
    const api = await browser().open(apiOf(url.href))
    expect(api.status).toBe(404)
    expect(await api.text()).not.toContain('Nobody')
  })

  it('that was cut off on its way is a page, too', async () => {
    for (const path of ['/pay', '/pay/']) {
      const answer = await browser().open(path, { 'accept-language': 'en' })

      expect(answer.status).toBe(404)
      expect(await textOf(answer)).toContain('This order cannot be found')
    }
  })

  it('lets nobody guess: after ten wrong keys of a minute the address waits, and right keys pass', async () => {
    await shop.advance(61_000)
    const order = await shop.order()
    const statuses: number[] = []
    for (let nth = 0; nth < 12; nth++) statuses.push((await browser().open(`/pay/${order.orderId}?k=guess-${nth}`)).status)

    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 404), 429, 429])
    const waiting = await browser().open(`/pay/${order.orderId}?k=guess`)
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await browser().open(order.cashierUrl)).status).toBe(200)
    await shop.advance(61_000)
  })

  it('says what the page may do, and keeps it out of frames and caches', async () => {
    const { headers } = await browser().open((await shop.order()).cashierUrl)
    const policy = headers.get('content-security-policy') ?? ''

    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("base-uri 'none'; frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('shows what a merchant wrote as text, whatever it is', async () => {
    const order = await shop.order({ subject: '"><script>alert(1)</script>', body: '</main><img src=x onerror=alert(2)>' })

    const html = await (await browser().open(order.cashierUrl)).text()

    expect(html).not.toContain('<script>alert')
    expect(html).not.toContain('<img')
  })

  it('speaks the language that is asked for, and goes on in the one that was chosen', async () => {
    const { cashierUrl } = await shop.order()
    const reader = browser()
    const titles: string[] = []
    for (const language of ['en-GB,en', 'zh-TW', 'zh-CN', 'fr']) {
      const html = await (await browser().open(cashierUrl, { 'accept-language': language })).text()
      titles.push(/<html lang="([^"]+)"/.exec(html)?.[1] ?? '')
    }
    await reader.open(`${cashierUrl}&lang=zh-HK`)
    const later = await (await reader.open(cashierUrl, { 'accept-language': 'en' })).text()

    expect(titles).toEqual(['en', 'zh-HK', 'zh-CN', 'zh-CN'])
    expect(later).toContain('<html lang="zh-HK"')
  })

  it('can be read and looked ahead by anything without a payment being begun', async () => {
    const order = await shop.order()
    for (const method of ['GET', 'HEAD'])
      for (const headers of [{}, { 'sec-purpose': 'prefetch' }] as Array<Record<string, string>>)
        await fetch(order.cashierUrl, { method, headers: { 'user-agent': wechat, ...headers }, redirect: 'manual' })

    expect((await shop.read(order.orderId)).attempts).toEqual([])
  })
})

describe('what the page asks', () => {
  it('is the order as a payer may see it, and nothing of the merchant’s', async () => {
    const order = await shop.order({ userId: 'customer-7', metadata: { margin: 'secret' }, returnUrl: 'https://shop.example/done' })
    const answer: Data = await (await browser().open(apiOf(order.cashierUrl))).json()

    expect(answer.data).toMatchObject({ orderId: order.orderId, amount: '99.99', status: 'pending', returnUrl: null })
    expect(JSON.stringify(answer)).not.toMatch(/customer-7|margin|attempts|transaction/)
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)
    await shop.until(order.orderId, ({ status }) => status === 'succeeded')
    expect(((await (await browser().open(apiOf(order.cashierUrl))).json()) as Data).data).toMatchObject({
      status: 'succeeded',
      returnUrl: 'https://shop.example/done',
    })
  })

  it('gives a desktop the code of its channel, drawn, and a phone the way out', async () => {
    const [one, other] = [await shop.order(), await shop.order()]
    const code: Data = await (await browser().post(apiOf(one.cashierUrl, '/pay'), '{"channel":"wechat"}')).json()
    const away: Data = await (await browser(phone).post(apiOf(other.cashierUrl, '/pay'), '{"channel":"wechat"}')).json()

    expect(code.data).toMatchObject({ action: { type: 'qr' }, qr: { size: expect.any(Number), path: expect.stringMatching(/^M0 0h7v1/) } })
    expect(away.data).toMatchObject({ action: { type: 'redirect' }, qr: null })
    const back = new URL(new URL(away.data.action.url).searchParams.get('redirect_url') ?? '')
    expect(back.href).toBe(`${other.cashierUrl}&back=1`)
  })

  it('says of a code until when it is good: as long as the channel takes it, and no longer than the order', async () => {
    const [long, short] = [await shop.order({ expiresIn: 7 * 24 * 3600 }), await shop.order({ expiresIn: 1800 })]
    const codeOf = async ({ cashierUrl }: Data): Promise<Data> =>
      ((await (await browser().post(apiOf(cashierUrl, '/pay'), '{"channel":"wechat"}')).json()) as Data).data.qr
    const lifeOf = (order: Data, code: Data) => Date.parse(code.expiresAt) - Date.parse(order.createdAt)

    const first = await codeOf(long)
    const again = await codeOf(long)
    const ofShort = await codeOf(short)
    await shop.advance(2 * hourMs - 30_000)
    const later = await codeOf(long)

    expect(Math.round(lifeOf(long, first) / hourMs)).toBe(2)
    expect(again).toEqual(first)
    expect(ofShort.expiresAt).toBe(short.expiresAt)
    expect(later.path).not.toBe(first.path)
    expect(Math.round(lifeOf(long, later) / hourMs)).toBe(4)
    expect((await shop.read(long.orderId)).attempts.length).toBe(1)
  })

  it('takes neither an amount, nor a payer, nor a way that the browser does not have', async () => {
    const { cashierUrl } = await shop.order()
    const said: number[] = []
    for (const body of ['{"channel":"wechat","amount":"0.01"}', '{"channel":"wechat","openid":"o-somebody"}', '{"channel":"qfpay"}', '{}'])
      said.push((await browser().post(apiOf(cashierUrl, '/pay'), body)).status)

    expect(said).toEqual([400, 400, 400, 400])
    expect((await browser(alipay).post(apiOf(cashierUrl, '/pay'), '{"channel":"wechat"}')).status).toBe(400)
  })

  it('is refused to pages of other sites', async () => {
    const { cashierUrl, orderId } = await shop.order()
    const foreign: Array<Record<string, string>> = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '', 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign) {
      expect((await browser().post(apiOf(cashierUrl, '/pay'), '{"channel":"wechat"}', headers)).status).toBe(403)
      expect((await browser().post(cashierUrl, 'channel=wechat', headers)).status).toBe(403)
    }

    expect((await shop.read(orderId)).attempts).toEqual([])
  })

  it('is told as it changes, without what is the merchant’s', async () => {
    const order = await shop.order({ metadata: { margin: 'secret' } })
    await shop.pay(order.orderId)
    const stream = await browser().open(apiOf(order.cashierUrl, '/events'))
    const text = stream.text()

    await shop.phone(order.orderId)
    const told = [...(await text).matchAll(/event: status\ndata: (.*)\n/g)].map(([, data]) => JSON.parse(data ?? '').status)

    expect(told[0]).toBe('pending')
    expect(told.at(-1)).toBe('succeeded')
    expect(await text).not.toContain('margin')
  })
})

describe('without script', () => {
  it('a form leads a phone out to the channel, and the page asks when the payer is back', async () => {
    const order = await shop.order()
    const payer = browser(phone)

    const out = await payer.post(order.cashierUrl, 'channel=wechat')
    await shop.phone(order.orderId)
    const back = await payer.open(`${order.cashierUrl}&back=1`)

    expect(out.status).toBe(303)
    expect(to(out)).toContain('/h5pay?')
    expect(out.headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    expect(await textOf(back)).toContain('支付成功')
  })

  it('a form shows a desktop the code, and the page turns over by reloading itself', async () => {
    const order = await shop.order()
    const payer = browser()

    const shown = await payer.post(order.cashierUrl, 'channel=wechat')
    const html = await (await payer.open(to(shown))).text()

    expect(shown.status).toBe(303)
    expect(html).toMatch(/<svg viewBox="-4 -4 [^>]*>/)
    expect(html).toContain('<noscript><meta http-equiv="refresh"')
  })

  it('a payer who is shown a code can choose again', async () => {
    const order = await shop.order()
    const payer = browser()
    const shown = await payer.post(order.cashierUrl, 'channel=wechat')
    const html = await (await payer.open(to(shown))).text()
    const [, again = ''] = /class="plain" href="([^"]+)"/.exec(html) ?? []

    const choice = await (await payer.open(again.replaceAll('&amp;', '&'))).text()

    expect(choice).toContain('value="alipay"')
    expect(choice).not.toContain('<svg viewBox="-4')
  })

  it('inside WeChat, where only a script opens the wallet, the page says why nothing happens', async () => {
    const order = await shop.order()
    const payer = browser(wechat)
    const toWechat = await payer.open(to(await payer.open(order.cashierUrl)))
    await payer.open(to(await fetch(to(toWechat), { redirect: 'manual' })))

    const answer = await payer.post(order.cashierUrl, 'channel=wechat')

    expect(to(answer)).toContain('&trouble=script')
    expect(await textOf(await payer.open(to(answer)))).toContain('页面还没有加载完整')
  })

  it('Alipay’s browser is led to Alipay', async () => {
    const order = await shop.order()

    const out = await browser(alipay).post(order.cashierUrl, 'channel=alipay')

    expect(to(out)).toContain('alipay.trade.wap.pay')
  })
})

describe('a mistake of ours', () => {
  it('is a page for payers, and a line with its cause in the log', async () => {
    const broken = await startShop()
    try {
      const { cashierUrl } = await broken.order()
      await broken.query((db) => db.query.schema.alterTable('orders').renameTo('orders_elsewhere').execute())

      const answer = await makePageBrowser(broken).open(cashierUrl)

      expect([answer.status, answer.headers.get('content-type')]).toEqual([500, 'text/html; charset=utf-8'])
      expect(await textOf(answer)).toContain('页面暂时打不开')
      expect(broken.logged).toContainEqual(expect.objectContaining({ event: 'request.failed', error: expect.anything() }))
    } finally {
      await broken.close()
    }
  })
})

describe('a page for a merchant’s server', () => {
  it('is the order’s link where the channel has none of its own, and no payment is begun', async () => {
    const order = await shop.order()

    const { status, data } = await shop.pay(order.orderId, { channel: 'wechat', payType: 'PAGE' })

    expect(status).toBe(200)
    expect(data).toMatchObject({ outTradeNo: null, action: { type: 'redirect', url: data.payUrl } })
    expect((await shop.read(order.orderId)).attempts).toEqual([])
    expect(new URL(data.payUrl).searchParams.get('via')).toBe('wechat.default')
    const html = await (await browser(phone).open(data.payUrl)).text()
    expect(html).toContain('value="wechat"')
    expect(html).not.toContain('value="alipay"')
  })

  it('is refused for an order that is paid', async () => {
    const order = await shop.order()
    await shop.pay(order.orderId)
    await shop.phone(order.orderId)
    await shop.until(order.orderId, ({ status }) => status === 'succeeded')

    expect((await shop.pay(order.orderId, { channel: 'wechat', payType: 'PAGE' })).body.code).toBe('ORDERPAID')
  })
})
