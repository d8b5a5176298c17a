import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { isTooWide, seriousProblems } from '../support/cashier-pages.ts'
import { openBrowser } from '../support/chromium.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  shop = await startShop({ store: 'sqlite', withApiKey: true })
  browser = await openBrowser()
  page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
}, 60_000)
afterAll(async () => {
  await browser.close()
  await shop.close()
})

describe('the payer’s phone', () => {
  it('lists what waits to be paid; paying it there makes the order paid', async () => {
    const order = await shop.order({ subject: '明前龙井', amount: '68.00' })
    await shop.pay(order.orderId)

    await page.goto(`${shop.emulatorOrigin}/phone`)
    await page.getByRole('button', { name: /明前龙井/ }).click()
    await page.getByText('¥68.00').first().waitFor()
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByText('支付成功').waitFor()

    expect((await shop.until(order.orderId, (seen) => seen.status === 'succeeded')).amount).toBe('68.00')
    await page.getByText('暂时没有等待支付的订单').waitFor()
  })

  it('reads the code of a QR code, in English, and can leave it unpaid', async () => {
    const order = await shop.order({ subject: 'Cup', amount: '129.00' })
    const { data } = await shop.pay(order.orderId)

    await page.goto(`${shop.emulatorOrigin}/phone`)
    await page.getByRole('button', { name: 'EN' }).click()
    await page.getByLabel(/Scan/).fill(data.action.codeUrl)
    await page.getByRole('button', { name: 'Read' }).click()
    await page.getByRole('button', { name: 'Do not pay' }).click()
    await page.getByText('the order can still be paid').waitFor()

    expect((await shop.read(order.orderId)).status).toBe('pending')
    await page.getByRole('button', { name: 'Pay', exact: true }).click()
    await page.getByText('Paid', { exact: true }).waitFor()
  })

  it('shows a code that the counter takes, once', async () => {
    const { orderId } = await shop.order({ subject: 'Cup' })
    await page.goto(`${shop.emulatorOrigin}/phone`)
    await page.getByRole('button', { name: /^(出示|Show)$/ }).click()
    const code = (await page.locator('#counter-code').textContent())?.replaceAll(' ', '')

    expect(await shop.pay(orderId, { payType: 'MICROPAY', authCode: code })).toMatchObject({ status: 200 })
    await shop.until(orderId, ({ status }) => status === 'succeeded')
    expect((await shop.pay((await shop.order()).orderId, { payType: 'MICROPAY', authCode: code })).status).not.toBe(200)
  })

  it('opens an H5 payment and leads back to the shop', async () => {
    const order = await shop.order({ subject: 'Cake' })
    const { data } = await shop.pay(order.orderId, { payType: 'MWEB', clientIp: '203.0.113.9', returnUrl: 'https://shop.example/done' })

    await page.goto(data.payUrl, { referer: 'https://shop.example/' })
    await page.getByRole('button', { name: 'Pay', exact: true }).click()

    await page.getByText('Paid', { exact: true }).waitFor()
    expect(await page.getByRole('link', { name: 'Back to the shop' }).getAttribute('href')).toBe('https://shop.example/done')
  })

  it('can be read by everybody, by day and by night, and fits a small phone with the largest amount', async () => {
    const order = await shop.order({ subject: 'A very long name of a cup that was made by hand', amount: '99999999.99', currency: 'HKD' })
    await shop.pay(order.orderId, { channel: 'qfpay' })
    await page.setViewportSize({ width: 320, height: 568 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.goto(`${shop.emulatorOrigin}/phone?code=${order.orderId}`)
      await page.getByText('HK$99,999,999.99').first().waitFor()

      expect(await seriousProblems(page)).toEqual([])
      expect(await isTooWide(page)).toBe(false)
    }
  })

  it('says plainly when a code is not known', async () => {
    await page.goto(`${shop.emulatorOrigin}/phone?code=nonsense`)

    await page.getByText('This code is not known').waitFor()
  })

  it('shows no error on the way but that one', () => {
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
  })
})
