import { expect } from '@jest/globals'
import { listEventTypes } from '../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../shared/kernel/ids.ts'
import type { Answer, Data } from './client.ts'
import { deliver } from './deliver.ts'
import type { Shop } from './shop.ts'

type Letter = Shop['mail']['letters'][number]
type Settling = (unmatchedId: string, body: Data, headers?: Record<string, string>, token?: string) => Promise<Answer>

let numbers = 0

/** Money that fits nothing in a shop, and what staff do about it. */
export function unmatchedMoneyOf(shop: () => Shop) {
  return {
    strangeMoney,
    shortMoney,
    paidUnheard,
    listed,
    refund: settling('refund'),
    assign: settling('assign'),
    noted: settling('note'),
    refunded,
    moneyBack,
    eventTypes: (orderId: string) => shop().query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId))),
  }

  /** Money under a number that nobody here asked for, as after a restored backup. */
  async function strangeMoney(total = 1234): Promise<{ outTradeNo: string; letter: Letter; item: Data }> {
    const template = await shop().order({ amount: '12.34' })
    await shop().pay(template.orderId)
    await shop().post(`/orders/${template.orderId}/cancel`)
    const outTradeNo = `ELSEWHERE-${++numbers}-${total}`
    const { payments } = shop().emulator
    payments.put({ ...payments.find(template.orderId), outTradeNo, total, state: 'NOTPAY' })
    const letter = await paidUnheard(outTradeNo)
    expect((await deliver(letter)).status).toBe(404)
    return { outTradeNo, letter, item: await listed(outTradeNo) }
  }

  /** Money that is a fen short of what was asked for, at the channel as well. */
  async function shortMoney(given: Record<string, unknown> = {}): Promise<{ orderId: string; letter: Letter; item: Data }> {
    const { orderId } = await shop().order(given)
    await shop().pay(orderId)
    const { payments } = shop().emulator
    payments.put({ ...payments.find(orderId), total: 9998 })
    const letter = await paidUnheard(orderId)
    expect((await deliver(letter)).status).toBe(400)
    return { orderId, letter, item: await listed(orderId) }
  }

  /** Pays a number at the channel, and takes the notification before it is told. */
  async function paidUnheard(outTradeNo: string): Promise<Letter> {
    const { mail } = shop()
    mail.isHeld = true
    mail.letters = []
    await shop().phone(outTradeNo, 'pay', { force: true })
    mail.isHeld = false
    const [letter] = mail.letters.splice(0)
    if (!letter) throw new Error('nothing was sent')
    return letter
  }

  async function listed(outTradeNo: string): Promise<Data> {
    const { items } = (await shop().get('/unmatched?limit=100')).data
    return items.find((item: Data) => item.outTradeNo === outTradeNo)
  }

  function settling(how: string): Settling {
    return (unmatchedId, body, headers, token) => shop().post(`/unmatched/${unmatchedId}/${how}`, body, headers, token)
  }

  async function refunded(refundId: string): Promise<Data> {
    await shop().advance(2000)
    return shop().eventually(
      async () => (await shop().get(`/refunds/${refundId}`)).data,
      ({ status }) => status === 'succeeded',
    )
  }

  /** How much of a payment the channel gave back. */
  function moneyBack(outTradeNo: string): number {
    return [...shop().emulator.state().refund.values()]
      .filter((one) => one.outTradeNo === outTradeNo && one.state === 'SUCCESS')
      .reduce((sum, one) => sum + one.refund, 0)
  }
}
