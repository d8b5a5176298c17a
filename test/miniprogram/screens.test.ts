import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import simulate from 'miniprogram-simulate'
import type { Data } from '../support/client.ts'

const own = join(import.meta.dirname, '../../miniprogram')
const told: string[] = []

beforeEach(() => {
  jest.resetModules()
  told.length = 0
})
afterEach(() => document.body.replaceChildren())

function show(component: string, properties: Record<string, unknown>): Data {
  const shown: Data = simulate.render(simulate.load(join(own, component), { rootPath: own } as never), properties as never)
  shown.attach(document.body)
  for (const name of ['retry', 'buy', 'open'])
    shown.addEventListener(name, (event: Data) => told.push(`${name} ${JSON.stringify(event.detail ?? {})}`))
  return shown
}

describe('the state of a screen', () => {
  it('that failed offers to try again', async () => {
    const screen = show('components/state-view/index', { state: 'failed', text: '加载失败', retry: '重试' })

    screen.querySelector('.retry').dispatchEvent('tap')
    await simulate.sleep(10)

    expect(screen.dom.textContent).toContain('加载失败')
    expect(told).toEqual(['retry {}'])
  })

  it.each(['loading', 'empty'])('that is %s offers nothing', (state) => {
    expect(show('components/state-view/index', { state, text: '…', retry: '重试' }).querySelector('.retry')).toBeUndefined()
  })
})

describe('a product', () => {
  it('shows the server’s price and tells which is bought', async () => {
    const card = show('components/product-card/index', {
      product: { productId: 'tea', title: '龙井', price: '¥68.00', image: '', initial: '龙' },
      buy: '购买',
    })

    card.querySelector('.buy').dispatchEvent('tap')
    await simulate.sleep(10)

    expect(card.dom.textContent).toContain('¥68.00')
    expect(told).toEqual(['buy {"productId":"tea"}'])
  })
})

describe('an order in the list', () => {
  it('shows its state in words and tells which is opened', async () => {
    const card = show('components/order-card/index', {
      order: {
        orderId: 'D1',
        subject: '龙井 ×2',
        amount: '¥136.00',
        status: 'succeeded',
        statusText: '已支付',
        createdAt: '2026-01-02 03:04',
      },
    })

    card.querySelector('.order').dispatchEvent('tap')
    await simulate.sleep(10)

    expect(card.dom.textContent).toContain('已支付')
    expect(told).toEqual(['open {"orderId":"D1"}'])
  })
})
