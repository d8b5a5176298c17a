import { describe, expect, it } from '@jest/globals'
import { startCashier } from '../support/cashier-pages.ts'

const { shop, open } = startCashier()

describe('in a phone’s browser', () => {
  it('the payer goes out to WeChat Pay, pays, comes back, and the page asks what became of it', async () => {
    const order = await shop().order({ subject: '明前龙井', amount: '68.00' })
    const page = await open('phone')

    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: '支付 ¥68.00' }).click()
    await page.waitForURL(/h5pay/)
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByText('支付成功').waitFor()
    await page.getByRole('link', { name: '返回商家' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
    expect(new URL(page.url()).origin).toBe(shop().origin())
    expect(await shop().read(order.orderId)).toMatchObject({ status: 'succeeded', payType: 'MWEB' })
    expect(page.problems).toEqual([])
  })

  it('who comes back without paying is asked, and can go out again with the same payment', async () => {
    const order = await shop().order()
    const page = await open('phone')
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

    expect((await shop().read(order.orderId)).attempts.length).toBe(1)
  })

  it('who comes back by the browser’s own button is asked as well', async () => {
    const order = await shop().order()
    const page = await open('phone')
    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: /^支付 / }).click()
    await page.waitForURL(/h5pay/)

    await page.goBack()

    await page.getByRole('heading', { name: '正在确认付款结果' }).waitFor()
    await page.getByRole('link', { name: '我已完成付款' }).waitFor()
  })

  it('who says that he has paid is told when nobody could be asked', async () => {
    const order = await shop().order()
    const page = await open('phone')
    await page.route(/\/cashier\/links\//, (route) => route.abort())
    await page.goto(`${order.cashierUrl}&back=1`)

    await page.getByRole('link', { name: '我已完成付款' }).click()

    await page.locator('.trouble').getByText('暂时查询不到付款结果').waitFor()
    await page.getByRole('link', { name: '我已完成付款' }).waitFor()
  })

  it('a server that is not reached is no silence of the channel', async () => {
    const order = await shop().order()
    const page = await open('phone')
    await page.goto(order.cashierUrl)
    await page.route(/\/pay\?/, (route) => route.abort())

    await page.getByRole('button', { name: /^支付 / }).click()

    await page.locator('.trouble').getByText('网络连接不上，没有发起付款').waitFor()
  })

  it('what went wrong before is told once, and not again at a reload', async () => {
    const order = await shop().order()
    const page = await open('phone')
    await page.goto(`${order.cashierUrl}&trouble=channel`)
    await page.locator('.trouble').waitFor()
    await page.waitForURL(order.cashierUrl)

    await page.reload()

    await page.getByRole('button', { name: /^支付 / }).waitFor()
    expect(await page.locator('.trouble').count()).toBe(0)
  })

  it('Alipay is chosen, opened and led back from as well', async () => {
    const order = await shop().order({ amount: '12.30' })
    const page = await open('phone')

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '支付 ¥12.30' }).click()
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(await shop().read(order.orderId)).toMatchObject({ channel: 'alipay', payType: 'MWEB' })
  })

  it('everything works without script: out by a form, back, and paid', async () => {
    const order = await shop().order({ amount: '12.30' })
    const page = await open('phone', { javaScriptEnabled: false })

    await page.goto(order.cashierUrl)
    await page.getByRole('radio', { name: '支付宝' }).check()
    await page.getByRole('button', { name: '支付 ¥12.30' }).click()
    await page.getByRole('button', { name: '确认支付' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('Alipay’s own browser offers Alipay alone', async () => {
    const order = await shop().order()
    const page = await open('alipay')

    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: /^支付 / }).click()
    await page.getByRole('button', { name: '确认支付' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('Alipay’s own browser says what to do with an order it cannot pay', async () => {
    const order = await shop().order({ currency: 'HKD', amount: '10.00' })
    const page = await open('alipay')

    await page.goto(order.cashierUrl)

    await page.getByRole('heading', { name: '请换个浏览器打开' }).waitFor()
  })
})
