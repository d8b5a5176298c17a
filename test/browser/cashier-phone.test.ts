import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { openAs, type PayerPage } from '../support/cashier-pages.ts'
import { openBrowser } from '../support/chromium.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let browser: Browser
beforeAll(async () => {
  shop = await startShop({ store: 'sqlite' })
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await shop.close()
})

let page: PayerPage
afterEach(() => page.context().close())

describe('in a phone’s browser', () => {
  it('the payer goes out to WeChat Pay, pays, comes back, and the page asks what became of it', async () => {
    const order = await shop.order({ subject: '明前龙井', amount: '68.00' })
    page = await openAs(browser, 'phone')

    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: '支付 ¥68.00' }).click()
    await page.waitForURL(/h5pay/)
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByText('支付成功').waitFor()
    await page.getByRole('link', { name: '返回商家' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
    expect(new URL(page.url()).origin).toBe(shop.origin())
    expect(await shop.read(order.orderId)).toMatchObject({ status: 'succeeded', payType: 'MWEB' })
    expect(page.problems).toEqual([])
  })

  it('who comes back without paying is asked, and can go out again with the same payment', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'phone')
    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: /^支付 / }).click()
    await page.waitForURL(/h5pay/)
    await page.getByRole('link', { name: '返回商家' }).click()

    await page.getByRole('heading', { name: '正在确认付款结果' }).waitFor()
    await page.getByRole('link', { name: '我已完成付款' }).click()
    await page.locator('.trouble').getByText('暂未收到付款').waitFor()
    await page.getByRole('link', { name: '还没付，继续付款' }).click()
    await page.getByRole('button', { name: /^支付 / }).click()
    await page.waitForURL(/h5pay/)

    expect((await shop.read(order.orderId)).attempts.length).toBe(1)
  })

  it('Alipay is chosen, opened and led back from as well', async () => {
    const order = await shop.order({ amount: '12.30' })
    page = await openAs(browser, 'phone')

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '支付 ¥12.30' }).click()
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(await shop.read(order.orderId)).toMatchObject({ channel: 'alipay', payType: 'MWEB' })
  })

  it('everything works without script: out by a form, back, and paid', async () => {
    const order = await shop.order({ amount: '12.30' })
    page = await openAs(browser, 'phone', { javaScriptEnabled: false })

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '支付 ¥12.30' }).click()
    await page.getByRole('button', { name: '确认支付' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('Alipay’s own browser offers Alipay alone', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'alipay')

    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: /^支付 / }).click()
    await page.getByRole('button', { name: '确认支付' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('Alipay’s own browser says what to do with an order it cannot pay', async () => {
    const order = await shop.order({ currency: 'HKD', amount: '10.00' })
    page = await openAs(browser, 'alipay')

    await page.goto(order.cashierUrl)

    await page.getByRole('heading', { name: '请换个浏览器打开' }).waitFor()
  })
})
