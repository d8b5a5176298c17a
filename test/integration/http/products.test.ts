import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const change = (productId: string, body: unknown) => shop.request('PATCH', `/products/${productId}`, { body })

describe('a product', () => {
  it('is sold from when it is made until it is taken off the shelf', async () => {
    const made = await shop.post('/products', { productId: 'scone', title: 'Scone', price: '12.50' })
    const onSale = await shop.get('/cashier/products/scone', '')
    const removed = await shop.request('DELETE', '/products/scone')

    expect(made).toMatchObject({ status: 201, data: { price: '12.50', priceMinor: 1250, currency: 'CNY', active: true } })
    expect(onSale.data).toEqual(made.data)
    expect(removed.data.active).toBe(false)
    expect((await shop.get('/cashier/products/scone', '')).status).toBe(404)
    expect((await shop.get('/products/scone')).data.active).toBe(false)
  })

  it('is made once under one number', async () => {
    await shop.post('/products', { productId: 'bun', title: 'Bun', price: '1' })

    expect(await shop.post('/products', { productId: 'bun', title: 'Bun', price: '1' })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    })
  })

  it('keeps what a change leaves out, its currency above all', async () => {
    await shop.post('/products', { productId: 'tart', title: 'Tart', price: '10', currency: 'HKD', image: '/tart.png' })

    expect((await change('tart', { price: '20' })).data).toMatchObject({
      title: 'Tart',
      price: '20.00',
      currency: 'HKD',
      image: '/tart.png',
    })
    expect((await change('tart', { title: 'Egg tart' })).data).toMatchObject({ title: 'Egg tart', price: '20.00', currency: 'HKD' })
    expect((await change('tart', { price: '500', currency: 'JPY' })).data).toMatchObject({ price: '500', priceMinor: 500, currency: 'JPY' })
  })

  it('loses the image that a change takes away', async () => {
    await shop.post('/products', { productId: 'roll', title: 'Roll', price: '10', image: '/roll.png' })

    expect((await change('roll', { image: null })).data).toMatchObject({ title: 'Roll', image: null })
    expect((await shop.get('/products/roll')).data.image).toBeNull()
  })

  it.each<[string, unknown, string]>([
    ['a currency without a price', { currency: 'JPY' }, 'price'],
    ['decimals its currency lacks', { price: '1.5', currency: 'JPY' }, 'price'],
    ['a price of nothing', { price: 0 }, 'price'],
    ['an empty title', { title: '' }, 'title'],
    ['an image that is a script', { image: 'javascript:alert(1)' }, 'image'],
    ['a number of its own', { productId: 'other' }, 'productId'],
  ])('is not changed to %s', async (_name, body, field) => {
    const answer = await change('cake', body)

    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } })
    expect(answer.body.details.fields[0].path).toBe(field)
  })

  it('that does not exist is not changed or taken off', async () => {
    expect((await change('nothing', { title: 'x' })).status).toBe(404)
    expect((await shop.request('DELETE', '/products/nothing')).status).toBe(404)
  })
})
