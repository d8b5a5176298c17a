import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

type Alice = Awaited<ReturnType<Shop['payer']>>

async function follow({ token }: Alice, orderId: string, method = 'GET') {
  const leaving = new AbortController()
  const answer = await fetch(`${shop.origin()}/api/v1/cashier/orders/${orderId}/events`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: leaving.signal,
  })
  return { answer, status: answer.status, leave: () => leaving.abort() }
}

/** What a stream says until it has said something so many times, or has ended. */
async function heardUntil(said: string, { body }: Response, times = 1): Promise<string> {
  let text = ''
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (text.split(said).length > times) break
  }
  return text
}

/** Follows until a place is free. */
async function followWhenFree(payer: Alice, orderId: string) {
  return shop.eventually(
    () => follow(payer, orderId),
    ({ status }) => status === 200,
  )
}

describe('the live status of an order', () => {
  it('begins with the state as it is, and says when to come back', async () => {
    const alice = await shop.payer('alice')
    const { orderId } = await alice.order()
    const { answer, leave } = await follow(alice, orderId)

    const text = await heardUntil('data: ', answer)
    leave()

    expect(text).toMatch(/^retry: 3000\n\nevent: status\ndata: \{"orderId":/)
  })

  it('beats so that a page hears it, and so knows that nobody holds the stream back', async () => {
    const frank = await shop.payer('frank')
    const { orderId } = await frank.order()
    const { answer, leave } = await follow(frank, orderId)

    await shop.advance(15_000)
    const text = await heardUntil('event: ', answer, 2)
    leave()

    expect(text).toMatch(/\n\nevent: alive\ndata: 1\n\n$/)
  })

  it('is one of twenty for a payer; who leaves makes room', async () => {
    const carol = await shop.payer('carol')
    const { orderId } = await carol.order()
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow(carol, orderId)))
    const tooMany = await follow(carol, orderId)

    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(tooMany.status).toBe(503)
    expect(tooMany.answer.headers.get('retry-after')).toBe('5')
    expect(await tooMany.answer.json()).toMatchObject({ success: false, code: 'UNAVAILABLE' })

    streams[0]?.leave()
    const another = await followWhenFree(carol, orderId)

    for (const { leave } of [...streams, another]) leave()
  })

  it('asked for by HEAD takes no place', async () => {
    const dave = await shop.payer('dave')
    const { orderId } = await dave.order()

    for (let nth = 0; nth < 25; nth++) await follow(dave, orderId, 'HEAD')
    const stream = await followWhenFree(dave, orderId)

    expect(stream.answer.headers.get('content-type')).toContain('text/event-stream')
    stream.leave()
  })

  it('ends when the server stops, so that stopping need not wait for readers', async () => {
    const erin = await shop.payer('erin')
    const { orderId } = await erin.order()
    const { answer } = await follow(erin, orderId)
    const reading = answer.text()

    await shop.restart()

    expect(await reading).toContain(`"orderId":"${orderId}"`)
    expect((await erin.read(orderId)).status).toBe('pending')
  })
})
