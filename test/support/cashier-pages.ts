import { afterAll, afterEach, beforeAll } from '@jest/globals'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { openBrowser } from './chromium.ts'
import type { Data } from './client.ts'
import { alipay, desktop, phone, wechat } from './page-browser.ts'
import { type Shop, startShop } from './shop.ts'

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/** The browsers that payers have. */
const browsers = {
  desktop: { userAgent: desktop, viewport: sizes.desktop },
  phone: { userAgent: phone, viewport: sizes.phone, hasTouch: true, isMobile: true },
  wechat: { userAgent: wechat, viewport: sizes.phone, hasTouch: true, isMobile: true },
  alipay: { userAgent: alipay, viewport: sizes.phone, hasTouch: true, isMobile: true },
  miniprogram: { userAgent: `${wechat} miniProgram/wx0000000000000001`, viewport: sizes.phone, hasTouch: true, isMobile: true },
} satisfies Record<string, BrowserContextOptions>

export type PayerPage = Page & { readonly problems: string[] }

export type Device = keyof typeof browsers

/** A shop and a browser for the tests of a file: what a test opens, as a payer's browser would, is closed after it. */
export function startCashier(environment: Record<string, string> = {}) {
  const started: { shop?: Shop; browser?: Browser } = {}
  beforeAll(async () => {
    started.shop = await startShop({ store: 'sqlite', environment })
    started.browser = await openBrowser()
  }, 60_000)
  afterEach(() => Promise.all((started.browser?.contexts() ?? []).map((context) => context.close())))
  afterAll(async () => {
    await started.browser?.close()
    await started.shop?.close()
  })
  return {
    shop: () => there(started.shop),
    open: (device: Device, options?: BrowserContextOptions) => openAs(there(started.browser), device, options),
  }
}

function there<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('it is there within a test')
  return one
}

/** What goes wrong in the page is collected. */
async function openAs(browser: Browser, device: Device, { locale = 'zh-CN', ...options }: BrowserContextOptions = {}): Promise<PayerPage> {
  const context = await browser.newContext({ ...browsers[device], locale, ...options })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  return Object.assign(page, { problems })
}

/** What WeChat puts into a page: its `invoke` is answered by the test, as the payer's phone would. */
export async function putBridge(page: Page, answer: (params: Data) => Promise<string>): Promise<void> {
  await page.exposeFunction('answerOfTheWallet', (_name: string, params: Data) => answer(params))
  await page.addInitScript(() => {
    const invoke = (name: string, params: unknown, done: (result: unknown) => void) => {
      const answered: Promise<string> = Reflect.get(globalThis, 'answerOfTheWallet')(name, params)
      void answered.then((word) => done({ err_msg: `get_brand_wcpay_request:${word}` }))
    }
    Reflect.set(globalThis, 'WeixinJSBridge', { invoke })
  })
}

/** What axe finds serious in a page, each as its rule and place. */
export async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found: Data = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')
  return found.violations
    .filter(({ impact }: Data) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }: Data) => nodes.map((node: Data) => `${id}: ${node.target.join(' ')}`))
}

/** Whether something stands out of the page at the side. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}
