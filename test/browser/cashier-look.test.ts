import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import type { BrowserContextOptions } from 'playwright-core'
import { type Device, isTooWide, seriousProblems, startCashier } from '../support/cashier-pages.ts'

const firstViewMaxBytes = 40 * 1024

const { shop, open } = startCashier({ MERCHANT_NAME: '云上茶铺' })

const returnUrl = 'https://shop.example/done'

async function paidOrder(): Promise<{ orderId: string; cashierUrl: string }> {
  const order = await shop().order({ subject: '明前龙井 50 g', amount: '68.00', returnUrl })
  await shop().pay(order.orderId)
  await shop().phone(order.orderId)
  return shop().until(order.orderId, ({ status }) => status === 'succeeded')
}

async function refunded(amount?: string): Promise<string> {
  const { orderId, cashierUrl } = await paidOrder()
  await shop().refund(orderId, amount === undefined ? {} : { amount })
  await shop().until(orderId, ({ refundStatus }) => refundStatus !== 'none')
  return cashierUrl
}

/** What an order can be, and what its page says then. */
const states: ReadonlyArray<readonly [string, Device, () => Promise<string>, string]> = [
  [
    'that can be paid',
    'phone',
    async () => (await shop().order({ subject: '明前龙井 50 g', body: '春茶，两日内寄出' })).cashierUrl,
    '选择付款方式',
  ],
  ['whose code is shown', 'desktop', async () => codeOf((await shop().order()).orderId), '请用微信扫一扫付款'],
  ['that may have been paid', 'phone', async () => `${(await shop().order()).cashierUrl}&back=1`, '正在确认付款结果'],
  ['that is paid', 'phone', async () => (await paidOrder()).cashierUrl, '支付成功'],
  ['that is partly refunded', 'phone', () => refunded('10.00'), '已部分退款'],
  ['that is refunded', 'phone', () => refunded(), '已全额退款'],
  ['that was cancelled', 'phone', cancelled, '订单已关闭'],
  ['whose time is over', 'phone', expired, '付款时间已过'],
  ['that cannot be paid in a mini-program', 'miniprogram', async () => (await shop().order()).cashierUrl, '请在浏览器中打开'],
  ['that cannot be paid here', 'alipay', async () => (await shop().order({ currency: 'HKD' })).cashierUrl, '请换个浏览器打开'],
  ['that met trouble', 'phone', async () => `${(await shop().order()).cashierUrl}&trouble=channel`, '支付渠道暂时没有响应'],
  ['that is not there', 'phone', async () => '/pay/D00000000000000000001', '找不到这笔订单'],
]

async function codeOf(orderId: string): Promise<string> {
  return (await shop().pay(orderId, { channel: 'wechat', payType: 'PAGE' })).data.payUrl
}

async function cancelled(): Promise<string> {
  const { orderId, cashierUrl } = await shop().order({ returnUrl })
  await shop().post(`/orders/${orderId}/cancel`)
  return cashierUrl
}

/** Whether it is closed already or not yet, it can no longer be paid. */
async function expired(): Promise<string> {
  const { cashierUrl } = await shop().order({ expiresIn: 60 })
  await shop().advance(61_000)
  return cashierUrl
}

const looks: ReadonlyArray<readonly [string, BrowserContextOptions]> = [
  ['by day', {}],
  ['by night', { colorScheme: 'dark' }],
  ['on a phone 360 wide', { viewport: { width: 360, height: 640 } }],
]

describe.each(states)('the page of an order %s', (_state, device, make, said) => {
  it.each(looks)('can be read by everybody, %s', async (_look, options) => {
    const page = await open(device, { ...options, reducedMotion: 'reduce' })
    const url = await make()

    await page.goto(new URL(url, shop().origin()).href)
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
    const order = await shop().order({ subject: '明前龙井 50 g' })
    const page = await open('phone')
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
    const order = await shop().order()
    const asked = new Set<string>()
    const page = await open('desktop')
    page.on('request', (request) => asked.add(new URL(request.url()).origin))

    await page.goto(order.cashierUrl, { waitUntil: 'load' })

    expect([...asked].filter((origin) => origin.startsWith('http'))).toEqual([shop().origin()])
  })

  it('breaks no amount in two, on the smallest phone', async () => {
    const page = await open('phone', { viewport: { width: 320, height: 568 } })
    for (const [amount, currency] of [
      ['68.00', 'CNY'],
      ['99999999.99', 'HKD'],
      ['99999999', 'JPY'],
    ]) {
      await page.goto((await shop().order({ amount, currency })).cashierUrl)

      expect(
        await page.evaluate(
          '[...document.querySelectorAll(".price")].map((one) => Math.round(one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight)))',
        ),
      ).toEqual([1])
      expect(await isTooWide(page)).toBe(false)
    }
  })

  it('grows with the letters that the payer has chosen', async () => {
    const page = await open('phone')
    await page.goto((await shop().order({ subject: '明前龙井 50 g' })).cashierUrl)
    const sizes = () =>
      page.evaluate<number[]>(
        '[...document.querySelectorAll("h1, .price, .facts, button, .secured")].map((one) => parseFloat(getComputedStyle(one).fontSize))',
      )
    const before = await sizes()

    await page.evaluate('document.documentElement.style.fontSize = "200%"')

    expect(await sizes()).toEqual(before.map((size) => 2 * size))
    expect(await isTooWide(page)).toBe(false)
  })

  it('is paid by keyboard alone, and tells a screen reader each step', async () => {
    const order = await shop().order()
    const page = await open('desktop', { locale: 'en' })
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
    await shop().phone(order.orderId)

    await page.getByRole('status').getByText('Payment successful ¥99.99').waitFor()
  })

  it('changes its language in place', async () => {
    const order = await shop().order()
    const page = await open('phone')
    await page.goto(order.cashierUrl)

    await page.getByRole('link', { name: '繁體' }).click()
    await page.getByRole('radio', { name: '支付寶' }).waitFor()
    await page.getByRole('link', { name: 'English' }).click()

    await page.getByRole('button', { name: 'Pay ¥99.99' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  })
})
