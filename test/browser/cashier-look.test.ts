import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { type browsers, isTooWide, openAs, type PayerPage, seriousProblems } from '../support/cashier-pages.ts'
import { openBrowser } from '../support/chromium.ts'
import { type Shop, startShop } from '../support/shop.ts'

const firstViewMaxBytes = 40 * 1024

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

const returnUrl = 'https://shop.example/done'

async function paidOrder(): Promise<{ orderId: string; cashierUrl: string }> {
  const order = await shop.order({ subject: '明前龙井 50 g', amount: '68.00', returnUrl })
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, ({ status }) => status === 'succeeded')
}

async function refunded(amount?: string): Promise<string> {
  const { orderId, cashierUrl } = await paidOrder()
  await shop.refund(orderId, amount === undefined ? {} : { amount })
  await shop.until(orderId, ({ refundStatus }) => refundStatus !== 'none')
  return cashierUrl
}

/** What an order can be, and what its page says then. */
const states: ReadonlyArray<readonly [string, string, () => Promise<string>, string]> = [
  [
    'that can be paid',
    'phone',
    async () => (await shop.order({ subject: '明前龙井 50 g', body: '春茶，两日内寄出' })).cashierUrl,
    '选择付款方式',
  ],
  ['whose code is shown', 'desktop', async () => codeOf((await shop.order()).orderId), '请用微信扫一扫付款'],
  ['that may have been paid', 'phone', async () => `${(await shop.order()).cashierUrl}&back=1`, '正在确认付款结果'],
  ['that is paid', 'phone', async () => (await paidOrder()).cashierUrl, '支付成功'],
  ['that is partly refunded', 'phone', () => refunded('10.00'), '已部分退款'],
  ['that is refunded', 'phone', () => refunded(), '已全额退款'],
  ['that was cancelled', 'phone', cancelled, '订单已关闭'],
  ['whose time is over', 'phone', expired, '付款时间已过'],
  ['that cannot be paid here', 'alipay', async () => (await shop.order({ currency: 'HKD' })).cashierUrl, '请换个浏览器打开'],
  ['that is not there', 'phone', async () => '/pay/D00000000000000000001', '找不到这笔订单'],
]

async function codeOf(orderId: string): Promise<string> {
  return (await shop.pay(orderId, { channel: 'wechat', payType: 'PAGE' })).data.payUrl
}

async function cancelled(): Promise<string> {
  const { orderId, cashierUrl } = await shop.order({ returnUrl })
  await shop.post(`/orders/${orderId}/cancel`)
  return cashierUrl
}

/** Whether it is closed already or not yet, it can no longer be paid. */
async function expired(): Promise<string> {
  const { cashierUrl } = await shop.order({ expiresIn: 60 })
  await shop.advance(61_000)
  return cashierUrl
}

const looks: ReadonlyArray<readonly [string, BrowserContextOptions]> = [
  ['by day', {}],
  ['by night', { colorScheme: 'dark' }],
  ['on a phone 360 wide', { viewport: { width: 360, height: 640 } }],
]

describe.each(states)('the page of an order %s', (_state, device, make, said) => {
  it.each(looks)('can be read by everybody, %s', async (_look, options) => {
    page = await openAs(browser, device as keyof typeof browsers, { ...options, reducedMotion: 'reduce' })
    const url = await make()

    await page.goto(new URL(url, shop.origin()).href)
    await page
      .locator('main')
      .getByText(said === '付款时间已过' ? /付款时间已过|订单已关闭/ : said)
      .first()
      .waitFor()

    expect(await seriousProblems(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    expect(page.problems.filter((problem) => !problem.includes('404'))).toEqual([])
  })
})

describe('the page of an order', () => {
  it('costs at most 40 KB until it can be used', async () => {
    const order = await shop.order({ subject: '明前龙井 50 g' })
    page = await openAs(browser, 'phone')
    const bodies: Array<Promise<Buffer>> = []
    page.on('response', (answer) => {
      if (/document|script|stylesheet/.test(answer.request().resourceType())) bodies.push(answer.body())
    })

    await page.goto(order.cashierUrl, { waitUntil: 'load' })
    const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length)

    expect(sizes.length).toBe(3)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(firstViewMaxBytes)
  })

  it('asks nobody but this server for anything', async () => {
    const order = await shop.order()
    const asked = new Set<string>()
    page = await openAs(browser, 'desktop')
    page.on('request', (request) => asked.add(new URL(request.url()).origin))

    await page.goto(order.cashierUrl, { waitUntil: 'load' })

    expect([...asked].filter((origin) => origin.startsWith('http'))).toEqual([shop.origin()])
  })

  it('is paid by keyboard alone, and tells a screen reader each step', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'desktop', { locale: 'en' })
    await page.goto(order.cashierUrl)

    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to payment')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.value')).toBe('wechat')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('status').getByText('Scan with WeChat to pay').waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Pay another way')
    await shop.phone(order.orderId)

    await page.getByRole('status').getByText('Payment successful ¥99.99').waitFor()
  })

  it('changes its language in place', async () => {
    const order = await shop.order()
    page = await openAs(browser, 'phone')
    await page.goto(order.cashierUrl)

    await page.getByRole('link', { name: '繁體' }).click()
    await page.getByRole('radio', { name: '支付寶' }).waitFor()
    await page.getByRole('link', { name: 'English' }).click()

    await page.getByRole('button', { name: 'Pay ¥99.99' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  })
})
