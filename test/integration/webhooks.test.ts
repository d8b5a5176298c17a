import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import type { Data } from '../support/client.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
  shop = await startShop({ environment: { WEBHOOK_ALLOW_PRIVATE: '1', WEBHOOK_TIMEOUT: '1' } })
})
afterEach(async () => {
  await shop.close()
  await receiver.close()
})

const day = 24 * 60 * 60 * 1000

async function endpoint(given: Record<string, unknown> = {}): Promise<Data> {
  return (await shop.post('/webhook-endpoints', { url: `${receiver.origin}/hook`, ...given })).data
}

async function paidOrder(): Promise<Data> {
  const order = await shop.order()
  await shop.pay(order.orderId)
  await shop.phone(order.orderId)
  return shop.until(order.orderId, (seen) => seen.status === 'succeeded')
}

const typesOf = (letters: Receiver['letters']) => letters.map(({ body }) => JSON.parse(body).type)
const letters = (count: number) =>
  shop.eventually(
    async () => receiver.letters,
    (seen) => seen.length >= count,
  )
const created = async (orderId: string): Promise<Data> => (await eventsOf(orderId)).find(({ type }) => type === 'order.created')
const eventsOf = async (orderId: string): Promise<Data[]> => (await shop.get(`/events?orderId=${orderId}`)).data.items

describe('an event', () => {
  it('is told to the merchant’s endpoint, signed so that any library of the standard verifies it', async () => {
    const { secret } = await endpoint({ types: ['order.created', 'payment.succeeded'] })
    const order = await paidOrder()
    await letters(2)

    expect(new Set(typesOf(receiver.letters))).toEqual(new Set(['order.created', 'payment.succeeded']))
    for (const { headers, body } of receiver.letters) {
      const verified: Data = new Webhook(secret).verify(body, headers as Record<string, string>)
      expect(verified.data.orderId).toBe(order.orderId)
      expect(headers['webhook-id']).toBe(verified.id)
    }
  })

  it('stands in the log with every try, and in the order’s timeline', async () => {
    const { endpointId } = await endpoint({ types: ['payment.succeeded'] })
    const order = await paidOrder()
    const told = await shop.eventually(
      async () => (await eventsOf(order.orderId)).find(({ type }) => type === 'payment.succeeded'),
      (event) => event?.deliveries[0]?.status === 'succeeded',
    )

    expect(told).toMatchObject({ type: 'payment.succeeded', orderId: order.orderId, data: { amount: order.amount } })
    expect(told.deliveries).toMatchObject([
      { endpointId, status: 'succeeded', nextAt: null, tries: [{ outcome: 'delivered', statusCode: 200 }] },
    ])
    expect(await shop.get(`/events/${told.id}`)).toMatchObject({ status: 200, data: { id: told.id } })
    const { items } = (await shop.get(`/orders/${order.orderId}/timeline`)).data
    expect(items.filter(({ kind }: Data) => kind === 'webhook')).toMatchObject([{ title: 'webhook payment.succeeded: delivered' }])
  })

  it('is found in the log by its day', async () => {
    const first = await shop.order()
    await shop.advance(3 * day)
    const second = await shop.order()
    const between = encodeURIComponent(new Date(Date.parse(second.createdAt) - day).toISOString())
    const idsOf = async (query: string) =>
      (await shop.get(`/events?type=order.created&${query}`)).data.items.map((one: Data) => one.orderId)

    expect([await idsOf(`from=${between}`), await idsOf(`to=${between}`)]).toEqual([[second.orderId], [first.orderId]])
  })

  it('is told to endpoints that want to hear of it, and to no other merchant’s', async () => {
    await endpoint({ url: `${receiver.origin}/refunds`, types: ['refund.created'] })
    await endpoint({ url: `${receiver.origin}/all`, types: ['order.created', 'refund.created'] })
    await shop.order()
    await letters(1)

    expect(receiver.letters.map(({ path }) => path)).toEqual(['/all'])
  })
})

describe('a receiver that is down for a day', () => {
  it('gets every event after it comes back, each of them verifiable', async () => {
    const { secret } = await endpoint()
    receiver.answers({ status: 503, body: 'closed for the day' })
    const orders = [await paidOrder(), await paidOrder(), await shop.order()]
    await letters(5)
    for (let hours = 0; hours < 24; hours += 6) {
      const seen = receiver.letters.length
      await shop.advance(6 * 60 * 60 * 1000)
      await letters(seen + 1)
    }
    receiver.answers({ status: 204 })
    receiver.letters.length = 0
    await shop.advance(day)

    const all = (await Promise.all(orders.map(({ orderId }) => eventsOf(orderId)))).flat().map(({ id }) => id)
    await shop.eventually(
      async () => new Set(receiver.letters.map(({ headers }) => headers['webhook-id'])),
      (ids) => all.every((id) => ids.has(id)),
    )
    for (const { headers, body } of receiver.letters)
      expect(new Webhook(secret).sign(String(headers['webhook-id']), dateOf(headers), body)).toBe(headers['webhook-signature'])
  }, 60_000)

  it('is told at once when it is back and somebody asks, whatever step is waited for', async () => {
    await endpoint({ types: ['order.created'] })
    receiver.answers({ status: 503 })
    const { orderId } = await shop.order()
    await letters(1)
    await shop.advance(60_000)
    await letters(2)
    receiver.answers({ status: 204 })
    const event = await created(orderId)

    expect((await shop.post(`/events/${event.id}/resend`, {})).status).toBe(200)

    const told = await shop.eventually(
      () => created(orderId),
      (seen) => seen.deliveries[0].status === 'succeeded',
    )
    expect(told.deliveries[0].tries).toHaveLength(3)
    expect(receiver.letters).toHaveLength(3)
  })

  it('is told on the contract’s ladder, then the delivery has failed, and can be sent again', async () => {
    await endpoint({ types: ['order.created'] })
    receiver.answers({ status: 500 })
    const order = await shop.order()
    const steps = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    for (const [nth, seconds] of steps.entries()) {
      await triedTimes(order.orderId, nth + 1)
      const [{ nextAt, tries }] = (await created(order.orderId)).deliveries
      const waitSeconds = (Date.parse(nextAt) - Date.parse(tries.at(-1).at)) / 1000
      expect(waitSeconds).toBeGreaterThanOrEqual(seconds - 1)
      expect(waitSeconds).toBeLessThanOrEqual(seconds * 1.1 + 1)
      await shop.advance(seconds * 1100 + 1000)
    }
    await triedTimes(order.orderId, steps.length + 1)
    const event = await created(order.orderId)
    expect(event.deliveries).toMatchObject([{ status: 'failed', nextAt: null }])
    const { items } = (await shop.get(`/orders/${order.orderId}/timeline`)).data
    const told = items.filter(({ kind }: Data) => kind === 'webhook').map(({ detail }: Data) => detail.nextAt)
    expect(told).toEqual([...steps.map(() => expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/)), undefined])

    receiver.answers({ status: 200 })
    expect((await shop.post(`/events/${event.id}/resend`, {})).status).toBe(200)
    await shop.eventually(
      async () => (await created(order.orderId)).deliveries[0].status,
      (status) => status === 'succeeded',
    )
  }, 60_000)

  const triedTimes = (orderId: string, times: number) =>
    shop.eventually(
      async () => (await created(orderId)).deliveries[0]?.tries.length,
      (count) => count === times,
    )
  const dateOf = (headers: Receiver['letters'][number]['headers']) => new Date(Number(headers['webhook-timestamp']) * 1000)
})

describe('a receiver', () => {
  const tryOf = async (orderId: string): Promise<Data> =>
    shop.eventually(
      async () => (await eventsOf(orderId))[0].deliveries[0]?.tries[0],
      (seen) => seen !== undefined,
    )

  it('that redirects is not followed', async () => {
    await endpoint({ types: ['order.created'] })
    receiver.answers({ status: 302, headers: { location: `${receiver.origin}/elsewhere` } })

    const { orderId } = await shop.order()

    expect(await tryOf(orderId)).toMatchObject({ outcome: 'redirected', statusCode: 302 })
    expect(receiver.letters.map(({ path }) => path)).toEqual(['/hook'])
  })

  it('that says it is gone is told nothing more, until it is enabled again', async () => {
    const { endpointId } = await endpoint({ types: ['order.created'] })
    receiver.answers({ status: 410 })
    const { orderId } = await shop.order()
    expect(await tryOf(orderId)).toMatchObject({ outcome: 'gone' })
    expect((await shop.get(`/webhook-endpoints/${endpointId}`)).data).toMatchObject({ status: 'disabled' })
    await shop.order()

    receiver.answers({ status: 200 })
    await shop.request('PATCH', `/webhook-endpoints/${endpointId}`, { body: { status: 'enabled' } })
    const heard = await shop.order()
    await letters(2)

    expect(receiver.letters.map(({ body }) => JSON.parse(body).data.orderId)).toEqual([orderId, heard.orderId])
  })

  it('that never answers holds up neither another receiver nor a payment', async () => {
    await endpoint({ types: ['order.created'] })
    receiver.answers('never')
    for (let nth = 0; nth < 12; nth++) await shop.order()
    const quick = await startReceiver()
    try {
      await endpoint({ url: quick.origin, types: ['payment.succeeded'] })
      await paidOrder()
      await shop.eventually(
        async () => quick.letters.length,
        (count) => count === 1,
      )
    } finally {
      await quick.close()
    }
  })

  it('that hangs up, or is not there, is told again later', async () => {
    await endpoint({ types: ['order.created'] })
    receiver.answers('hangUp')
    const first = await shop.order()
    expect(await tryOf(first.orderId)).toMatchObject({ outcome: 'unreachable', statusCode: null })
    receiver.answers({ status: 200 })
    await shop.advance(6000)

    await shop.eventually(
      async () => (await eventsOf(first.orderId))[0].deliveries[0].status,
      (status) => status === 'succeeded',
    )
  })

  it('whose secret rolls finds two signatures, of which the new secret and the former each verify one', async () => {
    const { endpointId, secret: former } = await endpoint({ types: ['order.created'] })
    const { secret } = (await shop.post(`/webhook-endpoints/${endpointId}/rotate-secret`, {})).data
    await shop.order()
    await letters(1)
    await shop.advance(day + 60_000)
    await shop.order()
    await letters(2)

    const [rolling, after] = receiver.letters.map(({ headers }) => String(headers['webhook-signature']).split(' ').length)
    expect([rolling, after]).toEqual([2, 1])
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.letters
    for (const one of [secret, former]) expect(() => new Webhook(one).verify(body, headers as Record<string, string>)).not.toThrow()
  })
})
