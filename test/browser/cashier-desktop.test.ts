import { describe, expect, it } from '@jest/globals'
import { startCashier } from '../support/cashier-pages.ts'

const { shop, open } = startCashier({ MERCHANT_NAME: '云上茶铺' })

/** WeChat's codes are good for two hours; the page has another half a minute before. */
const codeLifeMs = 2 * 60 * 60 * 1000
const renewalMs = 30_000

/** The page that shows WeChat Pay's code at once. */
async function codeOf(order: { orderId: string }): Promise<string> {
  return (await shop().pay(order.orderId, { channel: 'wechat', payType: 'PAGE' })).data.payUrl
}

describe('the page of an order on a desktop', () => {
  it('shows the code of the one channel, and turns by itself when a phone has paid', async () => {
    const order = await shop().order({ subject: '明前龙井', amount: '68.00', returnUrl: 'https://shop.example/done' })
    const page = await open('desktop')

    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    await shop().phone(order.orderId)
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(await page.getByRole('status').textContent()).toBe('支付成功 ¥68.00')
    expect(await page.getByRole('link', { name: '返回商家' }).getAttribute('href')).toBe('https://shop.example/done')
    expect(page.problems).toEqual([])
  })

  it('turns without the stream, too', async () => {
    const order = await shop().order()
    const page = await open('desktop')
    await page.route(/\/events\?/, (route) => route.abort())

    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    await shop().phone(order.orderId)

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('turns where a stream opens and is never heard', async () => {
    const order = await shop().order()
    const page = await open('desktop')
    await page.addInitScript(() => {
      const Silent = class extends EventTarget {
        readyState = 1
        close() {}
      }
      Reflect.set(globalThis, 'EventSource', Silent)
    })

    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    await shop().phone(order.orderId)

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('counts down beside the code, and has another in time where the order outlives it', async () => {
    const order = await shop().order({ expiresIn: 7 * 24 * 3600 })
    const page = await open('desktop')
    await page.clock.install()
    await page.goto(await codeOf(order))
    await page.getByText(/二维码有效时间 (2:00:00|1:59:5\d)/).waitFor()
    const first = await page.locator('.code path').getAttribute('d')

    await shop().advance(codeLifeMs - renewalMs)
    await page.clock.fastForward(codeLifeMs - renewalMs)
    await page.getByText(/二维码有效时间 (2:00:00|1:59:5\d)/).waitFor()

    expect(await page.locator('.code path').getAttribute('d')).not.toBe(first)
    expect((await shop().read(order.orderId)).attempts.length).toBe(1)
  })

  it('says on its tab what became of the order', async () => {
    const order = await shop().order({ amount: '68.00' })
    const page = await open('desktop')
    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()
    const open68 = await page.title()

    await shop().post(`/orders/${order.orderId}/cancel`)
    await page.getByRole('heading', { name: '订单已关闭' }).waitFor()

    expect([open68, await page.title()]).toEqual(['¥68.00 · 云上茶铺', '订单已关闭 · 云上茶铺'])
  })

  it('lets the payer choose where there are several channels, and choose again', async () => {
    const order = await shop().order()
    const page = await open('desktop')

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '显示付款二维码' }).click()
    await page.getByRole('img', { name: '支付宝付款二维码' }).waitFor()
    await page.getByRole('link', { name: '换一种付款方式' }).click()
    await page.getByRole('radio', { name: '微信支付' }).check()
    await page.getByRole('button', { name: '显示付款二维码' }).click()
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    const attempts = (await shop().read(order.orderId)).attempts.map(
      ({ channel, status }: Record<string, string>) => `${channel} ${status}`,
    )
    expect(attempts).toEqual(['alipay closed', 'wechat open'])
  })

  it('shows a code that was made before again, without a second payment', async () => {
    const order = await shop().order()
    const url = await codeOf(order)
    const page = await open('desktop')
    await page.goto(url)
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    await page.reload()
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    expect((await shop().read(order.orderId)).attempts.length).toBe(1)
  })

  it('says so when the network is gone, and goes on when it is back', async () => {
    const order = await shop().order()
    const page = await open('desktop')
    await page.goto(await codeOf(order))
    await page.getByRole('img', { name: '微信付款二维码' }).waitFor()

    await page.context().setOffline(true)
    await page.getByText('网络已断开').waitFor()
    await shop().phone(order.orderId)
    await page.context().setOffline(false)

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
    expect(await page.getByText('网络已断开').count()).toBe(0)
  })

  it('says that it takes a while, and then what can be done, when the channel does not answer', async () => {
    const order = await shop().order()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const silence = { success: false, code: 'CHANNEL_TIMEOUT', error: '', details: {}, requestId: '' }
    const page = await open('desktop')
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
    const order = await shop().order({ subject: 'Nobody sees this' })
    const page = await open('desktop', { locale: 'en' })

    const answer = await page.goto(`${order.cashierUrl.slice(0, -1)}~`)

    expect(answer?.status()).toBe(404)
    await page.getByRole('heading', { name: 'This order cannot be found' }).waitFor()
    expect(await page.content()).not.toMatch(/Nobody sees this|99\.99|data-model/)
  })
})
