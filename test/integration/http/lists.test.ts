import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asInstant, formatInstant, later } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const hour = 60 * 60 * 1000
const items = async (path: string): Promise<Data[]> => (await shop.get(path)).data.items
const ids = async (path: string, member: string): Promise<string[]> => (await items(path)).map((one) => one[member])

describe('a list of orders by channel', () => {
  it('has those that are being paid there, and says so of each', async () => {
    const [untouched, native, moved] = [await shop.order(), await shop.order(), await shop.order()]
    await shop.pay(native.orderId, { channel: 'wechat' })
    await shop.pay(moved.orderId, { channel: 'wechat' })
    await shop.pay(moved.orderId, { channel: 'alipay' })

    const [wechat, alipay] = [await items('/orders?channel=wechat'), await items('/orders?channel=alipay&status=pending')]

    expect(wechat).toMatchObject([{ orderId: native.orderId, channel: 'wechat', payType: 'NATIVE', status: 'pending' }])
    expect(alipay).toMatchObject([{ orderId: moved.orderId, channel: 'alipay', attempts: [{ status: 'closed' }, { status: 'open' }] }])
    expect(await shop.read(untouched.orderId)).toMatchObject({ channel: null, payType: null })
  })

  it('has what was paid there, whatever else was tried', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId, { channel: 'wechat' })
    const other = (await shop.pay(orderId, { channel: 'alipay' })).data.outTradeNo
    await shop.phone(orderId, 'pay', { force: true })
    await shop.until(orderId, ({ status }) => status === 'succeeded')

    expect(other).not.toBe(orderId)
    expect(await ids('/orders?channel=wechat&status=succeeded', 'orderId')).toEqual([orderId])
    expect(await ids('/orders?channel=alipay&status=succeeded', 'orderId')).toEqual([])
  })
})

describe('a list between two times', () => {
  it('takes the + of an offset as it is written, and the last moment not any more', async () => {
    const { orderId, createdAt } = await shop.order()
    const made = asInstant(Date.parse(createdAt))
    const [before, after] = [formatInstant(later(made, -hour)), formatInstant(later(made, hour))]

    expect(await ids(`/orders?from=${createdAt}&to=${after}`, 'orderId')).toContain(orderId)
    expect(await ids(`/orders?from=${encodeURIComponent(before)}&to=${encodeURIComponent(createdAt)}`, 'orderId')).not.toContain(orderId)
  })

  it('is one of payments, of an account, and of refunds as well', async () => {
    const { outTradeNo } = (await shop.post('/payments/wechat/native', { subject: 'Tea', amount: '5' })).data
    await shop.phone(outTradeNo)
    await shop.until(outTradeNo, ({ status }) => status === 'succeeded')
    const { refundId, createdAt } = (await shop.refund(outTradeNo, { amount: '1' })).data
    const made = asInstant(Date.parse(createdAt))
    const span = (from: number, to: number) => `from=${formatInstant(later(made, from))}&to=${formatInstant(later(made, to))}`

    const numbers = async (query: string) => (await items(`/payments?${query}`)).map(({ metadata }) => metadata.outTradeNo)

    expect(await numbers(span(-hour, hour))).toContain(outTradeNo)
    expect(await numbers(`account=default&channel=wechat&${span(-hour, hour)}`)).toContain(outTradeNo)
    expect(await numbers(`account=second&${span(-hour, hour)}`)).toEqual([])
    expect(await numbers(span(hour, 2 * hour))).toEqual([])
    expect(await ids(`/refunds?${span(-hour, hour)}`, 'refundId')).toContain(refundId)
    expect(await ids(`/refunds?${span(-2 * hour, -hour)}`, 'refundId')).toEqual([])
  })
})
