import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { apiDocument } from '../support/api-contract.ts'
import { seriousProblems } from '../support/cashier-pages.ts'
import { openBrowser } from '../support/chromium.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let browser: Browser
let page: Page
const problems: string[] = []
const asked: string[] = []

beforeAll(async () => {
  shop = await startShop({ store: 'sqlite' })
  browser = await openBrowser()
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('request', (request) => asked.push(request.url()))
}, 60_000)
afterAll(async () => {
  await browser.close()
  await shop.close()
})

async function open(): Promise<void> {
  await page.goto(`${shop.origin()}/docs`)
  await page.locator('html[data-ready]').waitFor()
}

describe('the reference page', () => {
  it('lists every operation of the document under its group', async () => {
    await open()

    const listed = await page.locator('.opblock').evaluateAll((blocks) => blocks.map((block) => block.id.split('-').at(-1) ?? ''))
    const described = [...Object.values(apiDocument.paths), ...Object.values(apiDocument.webhooks)].flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(new Set(listed)).toEqual(new Set(described))
    expect(listed).toHaveLength(described.length)
    await page.getByText('An order first, then a way to pay it').waitFor()
  })

  it('makes an order with a merchant’s key', async () => {
    await open()
    await page.locator('button.authorize').click()
    await page.locator('#auth-bearer-value').first().fill(shop.key)
    await page.locator('.auth-btn-wrapper button.authorize').first().click()
    await page.locator('.btn-done').first().click()

    await page.locator('#operations-Orders-createOrder .opblock-summary-control').click()
    await page.getByRole('button', { name: 'Try it out' }).click()
    await page.locator('#operations-Orders-createOrder textarea').fill('{"subject":"Tea","amount":"99.99","orderId":"T20260102-9"}')
    await page.getByRole('button', { name: 'Execute' }).click()
    await page.locator('.live-responses-table .response-col_status', { hasText: '201' }).waitFor()

    expect(await shop.read('T20260102-9')).toMatchObject({ subject: 'Tea', amount: '99.99', status: 'pending' })
  })

  it('speaks Chinese to who reads it', async () => {
    await page.goto(`${shop.origin()}/docs?lang=zh`)
    await page.locator('html[data-ready]').waitFor()

    await page.getByText('创建订单；orderId 与内容都相同就是同一个订单').waitFor()
    await page.getByText('先有订单，再选支付方式').waitFor()
    await page.getByText('超时表示未知，绝不表示失败。').waitFor()
    expect(await page.title()).toBe('Shouyin 收银：接口文档')
  })

  it('follows the system from light to dark', async () => {
    await open()
    const shade = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const isDark = () => page.locator('html.dark-mode').count()

    await page.emulateMedia({ colorScheme: 'light' })
    const light = [await shade(), await isDark()]
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = [await shade(), await isDark()]

    expect(light).toEqual(['rgb(255, 255, 255)', 0])
    expect(dark).toEqual(['rgb(28, 32, 34)', 1])
  })

  it.each(['light', 'dark'] as const)('can be read by everybody, in %s, with an operation open', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    await open()
    await page.locator('#operations-Orders-createOrder .opblock-summary-control').click()
    await page.locator('#operations-Orders-createOrder .microlight').first().waitFor()

    // The link within each operation's button is swagger-ui's own.
    expect((await seriousProblems(page)).filter((problem) => !problem.startsWith('nested-interactive'))).toEqual([])
  })

  it('says so when the document cannot be read', async () => {
    await page.route('**/openapi.json', (route) => route.abort())
    await page.goto(`${shop.origin()}/docs`)

    await page.getByText('The document cannot be read').waitFor()
    await page.unroute('**/openapi.json')
    problems.splice(0, problems.length, ...problems.filter((problem) => !problem.includes('ERR_FAILED')))
  })

  it('asked nothing of any other host, and showed no error', () => {
    const hosts = new Set(asked.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin))

    expect([...hosts]).toEqual([shop.origin()])
    expect(problems).toEqual([])
  })
})

describe('the files of the reference page', () => {
  it('come packed once, are asked about again by their tag, and may load from this host alone', async () => {
    const address = `${shop.origin()}/docs/swagger-ui-bundle.js`
    const packed = await fetch(address, { headers: { 'accept-encoding': 'gzip' } })
    const plain = await fetch(address, { headers: { 'accept-encoding': 'identity' } })
    const again = await fetch(address, { headers: { 'if-none-match': packed.headers.get('etag') ?? '', 'cache-control': 'max-age=0' } })
    const page = await fetch(`${shop.origin()}/docs`)

    expect(packed.headers.get('content-encoding')).toBe('gzip')
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(600_000)
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await plain.text()).toBe(await packed.text())
    expect(again.status).toBe(304)
    expect(packed.headers.get('cache-control')).toContain('max-age=3600')
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(await page.text()).not.toMatch(/<script>|style=|https?:\/\//)
  })

  it('are these and no others', async () => {
    expect((await fetch(`${shop.origin()}/docs/package.json`)).status).toBe(404)
    expect((await fetch(`${shop.origin()}/docs/..%2f..%2fpackage.json`)).status).toBe(404)
  })
})
