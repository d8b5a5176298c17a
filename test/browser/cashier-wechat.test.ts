import { describe, expect, it } from '@jest/globals'
import { type PayerPage, putBridge, startCashier } from '../support/cashier-pages.ts'
import type { Data } from '../support/client.ts'

const { shop, open } = startCashier()

const payButton = (page: PayerPage) => page.getByRole('button', { name: /^支付 / })

describe('inside WeChat', () => {
  it('the payer is known on the way in, pays over the page, and the server says that it is paid', async () => {
    const order = await shop().order({ subject: '明前龙井', amount: '68.00' })
    const asked: Data[] = []
    const page = await open('wechat')
    await putBridge(page, async (params) => {
      asked.push(params)
      await shop().phone(order.orderId)
      return 'ok'
    })

    await page.goto(order.cashierUrl)
    await payButton(page).click()
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(asked).toMatchObject([{ signType: 'RSA', package: expect.stringMatching(/^prepay_id=wx/), paySign: expect.any(String) }])
    expect(await shop().read(order.orderId)).toMatchObject({ status: 'succeeded', payType: 'JSAPI', amount: '68.00' })
    expect(page.problems).toEqual([])
  })

  it('says nothing of paid when WeChat says ok and no money came', async () => {
    const order = await shop().order()
    const page = await open('wechat')
    await putBridge(page, async () => 'ok')

    await page.goto(order.cashierUrl)
    await payButton(page).click()
    await page.getByRole('heading', { name: '正在确认付款结果' }).waitFor()
    await page.getByRole('link', { name: '我已完成付款' }).click()
    await page.locator('.trouble').getByText('暂未收到付款').waitFor()

    expect(await page.getByText('支付成功').count()).toBe(0)
    expect((await shop().read(order.orderId)).status).toBe('pending')
    await shop().phone(order.orderId)
    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('lets a payer who broke off begin again, with the same payment', async () => {
    const order = await shop().order()
    const answers = ['cancel', 'ok']
    const page = await open('wechat')
    await putBridge(page, async () => {
      const word = answers.shift() ?? 'fail'
      if (word === 'ok') await shop().phone(order.orderId)
      return word
    })

    await page.goto(order.cashierUrl)
    await payButton(page).click()
    await page.locator('.trouble').getByText('付款未完成').waitFor()
    await payButton(page).click()
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect((await shop().read(order.orderId)).attempts.length).toBe(1)
  })

  it('goes through QFPay’s own pages where QFPay takes the money', async () => {
    const order = await shop().order({ subject: '茶', currency: 'HKD', amount: '88.88' })
    const page = await open('wechat')

    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: '支付 HK$88.88' }).click()
    await page.getByText('88.88 HKD').waitFor()
    await page.getByRole('button', { name: '确认支付' }).click()
    await page.getByRole('heading', { name: '支付成功' }).waitFor()

    expect(new URL(page.url()).origin).toBe(shop().origin())
    expect(await shop().read(order.orderId)).toMatchObject({ status: 'succeeded', channel: 'qfpay', payType: 'JSAPI' })
  })

  it('asks a payer who came back from QFPay without paying, instead of telling him', async () => {
    const order = await shop().order({ currency: 'HKD', amount: '88.88' })
    const page = await open('wechat')
    await page.goto(order.cashierUrl)
    await page.getByRole('button', { name: '支付 HK$88.88' }).click()
    await page.getByRole('button', { name: '不支付' }).click()

    await page.getByRole('heading', { name: '正在确认付款结果' }).waitFor()
    await page.getByRole('link', { name: '还没付，继续付款' }).click()
    await page.getByRole('button', { name: '支付 HK$88.88' }).click()
    await page.getByRole('button', { name: '确认支付' }).click()

    await page.getByRole('heading', { name: '支付成功' }).waitFor()
  })

  it('says plainly where the order can be paid instead, in the web view of a mini-program', async () => {
    const order = await shop().order()
    const page = await open('miniprogram')

    await page.goto(order.cashierUrl)

    await page.getByRole('heading', { name: '请在浏览器中打开' }).waitFor()
    expect(await page.getByRole('button', { name: /^支付/ }).count()).toBe(0)
    await page.getByText(order.cashierUrl).waitFor()
  })
})
