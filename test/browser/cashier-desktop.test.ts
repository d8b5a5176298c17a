import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { openAs, type PayerPage } from '../support/cashier-pages.ts'
import { openBrowser } from '../support/chromium.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let browser: Browser
beforeAll(async () => {
  shop = await startShop({ store: 'sqlite', environment: { MERCHANT_NAME: '云上茶铺' } })
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await shop.close()
})

let page: PayerPage
afterEach(() => page.context().close())

/** The page that shows WeChat Pay's code at once. */
async function codeOf(order: { orderId: string }): Promise<string> {
  return (await shop.pay(order.orderId, { channel: 'wechat', payType: 'PAGE' })).data.payUrl
}

describe('the page of an order on a desktop', () => {
  it('shows the code of the one channel, and turns by itself when a phone has paid', async () => {
    const order = await shop.order({ subject: '明前龙井', amount: '68.00', returnUrl: 'https://shop.example/done' })
    page = await openAs(browser, 'desktop')

    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    await shop.phone(order.orderId)
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(await page.getByRole('status').textContent()).toBe('支付成功 ¥68.00')
    expect(await page.getByRole('link', { name: '返回商家' }).getAttribute('href')).toBe('https://shop.example/done')
    expect(page.problems).toEqual([])
  })

  it('turns without the stream, too', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'desktop')
    await page.route(/\/events\?/, (route) => route.abort())

    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    await shop.phone(order.orderId)

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('lets the payer choose where there are several channels, and choose again', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'desktop')

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '显示付款二维码' }).click()
    await page.getByRole('img', { name: '支付宝付款二维码' }).waitFor()
    await page.getByRole('button', { name: '换一种付款方式' }).click()
    await page.getByRole('radio', { name: '微信支付' }).check()
    await page.getByRole('button', { name: '显示付款二维码' }).click()
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    const attempts = (await shop.read(order.orderId)).attempts.map(({ channel, status }: Record<string, string>) => `${channel} ${status}`)
    expect(attempts).toEqual(['alipay closed', 'wechat open'])
  })

  it('shows a code that was made before again, without a second payment', async () => {
    const order = await shop.order()
    const url = await codeOf(order)
    page = await openAs(browser, 'desktop')
    await page.goto(url)
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    await page.reload()
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    expect((await shop.read(order.orderId)).attempts.length).toBe(1)
  })

  it('says so when the network is gone, and goes on when it is back', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'desktop')
    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    await page.context().setOffline(true)
    await page.getByText('网络已断开').waitFor()
    await shop.phone(order.orderId)
    await page.context().setOffline(false)

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
    expect(await page.getByText('网络已断开').count()).toBe(0)
  })

  it('says that it takes a while, and then what can be done, when the channel does not answer', async () => {
    const order = await shop.order()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const silence = { success: false, code: 'CHANNEL_TIMEOUT', error: '', details: {}, requestId: '' }
    page = await openAs(browser, 'desktop')
    await page.route(
      /\/links\/[^/]+\/pay\?/,
      async (route) => {
        await held
        await route.fulfill({ status: 504, json: silence })
      },
      { times: 1 },
    )
    await page.goto(await codeOf(order))

    await page.locator('.moment').getByText('网络有点慢').waitFor()
    release()
    await page.locator('.trouble').getByText('支付渠道暂时没有响应').waitFor()
    await page.getByRole('button', { name: '显示付款二维码' }).click()

    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
  })
})

describe('a link with a wrong key', () => {
  it('is a page that tells nothing', async () => {
    const order = await shop.order({ subject: 'Nobody sees this' })
    page = await openAs(browser, 'desktop', { locale: 'en' })

    const answer = await page.goto(`${order.cashierUrl.slice(0, -1)}~`)

    expect(answer?.status()).toBe(404)
    await page.getByRole('heading', { name: 'This order cannot be found' }).waitFor()
    expect(await page.content()).not.toMatch(/Nobody sees this|99\.99|data-model/)
  })
})
