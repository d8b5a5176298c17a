import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ApiError } from '../../../shared/client/api-error.ts'
import { type CallAnswer, type CallRequest, usualPolicy } from '../../../shared/client/calls.ts'
import { makeMerchantClient } from '../../../shared/client/merchant-client.ts'

type Scripted = Partial<CallAnswer> | 'cut'

const done: Scripted = { status: 201, body: { success: true, data: { orderId: 'T20260102-1' } } }
const refused = (status: number, code: string, more: { details?: object; retryAfter?: string } = {}): Scripted => ({
  status,
  body: { success: false, error: 'no', code, details: more.details ?? {}, requestId: 'req_1' },
  ...(more.retryAfter === undefined ? {} : { retryAfter: more.retryAfter }),
})
const running = refused(409, 'CONFLICT', { details: { isRunning: true }, retryAfter: '1' })

/** A server that answers by a script, the last line for ever, under a clock that only waiting moves. */
function aClient({ script, chance = 0, tryMs = 0, policy = {} }: { script: Scripted[]; chance?: number; tryMs?: number; policy?: object }) {
  const clock = { now: Date.UTC(2026, 0, 2) }
  const sent: Array<CallRequest & { at: number }> = []
  const waits: number[] = []
  const startedAt = clock.now
  let keys = 0
  const client = makeMerchantClient({
    transport: async (request) => {
      sent.push({ ...request, at: clock.now - startedAt })
      clock.now += tryMs
      const line = script[Math.min(sent.length, script.length) - 1]
      if (line === undefined || line === 'cut') throw new Error('socket hang up')
      return { status: 200, body: undefined, ...line }
    },
    runtime: {
      now: () => clock.now,
      sleep: async (ms) => {
        waits.push(ms)
        clock.now += ms
      },
      random: () => chance,
      newKey: () => `key-${++keys}`,
    },
    policy,
  })
  return { client, sent, waits, elapsed: () => clock.now - startedAt }
}

const tea = { subject: 'Tea', amount: '99.99' }
const failureOf = (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => {
      throw new Error('it succeeded')
    },
    (error) => {
      if (!(error instanceof ApiError)) throw error
      return error
    },
  )

describe('a call', () => {
  it('that succeeds is one request, with a key of its own', async () => {
    const { client, sent } = aClient({ script: [done] })

    const order = await client.orders.create(tea)
    await client.orders.create(tea)

    expect(order.orderId).toBe('T20260102-1')
    expect(sent).toMatchObject([
      { method: 'POST', path: '/orders', body: tea, idempotencyKey: 'key-1' },
      { method: 'POST', path: '/orders', body: tea, idempotencyKey: 'key-2' },
    ])
  })

  it('carries the caller’s own key where one is given, and none where nothing is made', async () => {
    const { client, sent } = aClient({ script: [done] })

    await client.orders.create(tea, { idempotencyKey: 'order-17' })
    await client.orders.get('T20260102-1')

    expect(sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['order-17', undefined])
  })

  it.each([
    ['no answer', 'cut'],
    ['a page of somebody on the way', { status: 200, body: undefined }],
    ['RATE_LIMITED', refused(429, 'RATE_LIMITED')],
    ['SYSTEMERROR', refused(500, 'SYSTEMERROR')],
    ['CHANNEL_ERROR', refused(502, 'CHANNEL_ERROR')],
    ['a proxy without a server behind it', { status: 502, body: undefined }],
    ['UNAVAILABLE', refused(503, 'UNAVAILABLE')],
    ['CHANNEL_TIMEOUT', refused(504, 'CHANNEL_TIMEOUT')],
    ['CONFLICT while the first request runs', running],
  ] as Array<[string, Scripted]>)('is tried again after %s, under the same key', async (_what, line) => {
    const { client, sent } = aClient({ script: [line, line, done] })

    expect((await client.orders.create(tea)).orderId).toBe('T20260102-1')

    expect(sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['key-1', 'key-1', 'key-1'])
    expect(new Set(sent.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  it.each([
    [400, 'PARAM_ERROR'],
    [400, 'INVALID_REQUEST'],
    [401, 'UNAUTHORIZED'],
    [403, 'NOAUTH'],
    [404, 'NOT_FOUND'],
    [409, 'CONFLICT'],
    [409, 'ORDERPAID'],
    [409, 'ORDERCLOSED'],
    [422, 'IDEMPOTENCY_MISMATCH'],
  ])('is not tried again after %i %s', async (status, code) => {
    const { client, sent } = aClient({ script: [refused(status, code, { retryAfter: '1' }), done] })

    expect(await failureOf(client.orders.create(tea))).toMatchObject({ status, code })

    expect(sent).toHaveLength(1)
  })

  it('waits longer each time, half of it by chance, up to a longest wait', async () => {
    const [none, all] = [aClient({ script: ['cut'] }), aClient({ script: ['cut'], chance: 0.999 })]
    await failureOf(none.client.orders.create(tea))
    await failureOf(all.client.orders.create(tea))

    expect(none.waits).toEqual([200, 400, 800, 1600, 3200])
    expect(all.waits).toEqual([400, 800, 1599, 3198, 6397])
  })

  it('waits as long as Retry-After says, in seconds or by the clock', async () => {
    const { client, waits } = aClient({
      script: [
        refused(503, 'UNAVAILABLE', { retryAfter: '7' }),
        refused(429, 'RATE_LIMITED', { retryAfter: 'Fri, 02 Jan 2026 00:00:12 GMT' }),
        done,
      ],
    })

    await client.orders.create(tea)

    expect(waits).toEqual([7000, 5000])
  })

  it('waits by its own measure when Retry-After is nonsense or already over', async () => {
    const { client, waits } = aClient({
      script: [
        refused(503, 'UNAVAILABLE', { retryAfter: 'soon' }),
        refused(503, 'UNAVAILABLE', { retryAfter: '0' }),
        refused(503, 'UNAVAILABLE', { retryAfter: 'Thu, 01 Jan 2026 00:00:00 GMT' }),
        done,
      ],
    })

    await client.orders.create(tea)

    expect(waits).toEqual([200, 400, 800])
  })

  it('does not wait for what comes after its deadline', async () => {
    const { client, sent, elapsed } = aClient({ script: [refused(429, 'RATE_LIMITED', { retryAfter: '61' }), done] })

    expect(await failureOf(client.orders.create(tea))).toMatchObject({ code: 'RATE_LIMITED' })

    expect(sent).toHaveLength(1)
    expect(elapsed()).toBe(0)
  })

  it('ends by its deadline, and gives no try more time than is left', async () => {
    const { client, sent, elapsed } = aClient({ script: ['cut'], tryMs: 20_000, policy: { deadlineMs: 45_000 } })

    expect(await failureOf(client.orders.create(tea))).toMatchObject({ code: 'NETWORK', status: 0 })

    expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([20_000, 20_000, 4400])
    expect(elapsed()).toBeGreaterThan(44_999)
  })

  it('is tried so often and no more', async () => {
    const { client, sent } = aClient({ script: ['cut'], policy: { maxTries: 2 } })

    await failureOf(client.orders.create(tea))

    expect(sent).toHaveLength(2)
  })

  it('fails with the server’s own words', async () => {
    const hint = { zh: '商户号与 AppID 没有绑定', en: 'The merchant number is not bound to this app' }
    const { client } = aClient({
      script: [refused(400, 'PARAM_ERROR', { details: { fields: [{ path: 'amount', problem: 'is missing' }], hint } })],
    })

    const error = await failureOf(client.orders.create(tea))

    expect(error).toMatchObject({ name: 'ApiError', code: 'PARAM_ERROR', status: 400, requestId: 'req_1', message: 'no', hint })
    expect(error.details.fields).toEqual([{ path: 'amount', problem: 'is missing' }])
  })

  it('says why no answer came', async () => {
    const { client } = aClient({ script: ['cut'] })

    expect((await failureOf(client.orders.create(tea))).cause).toEqual(new Error('socket hang up'))
  })

  it('whatever happens, keeps its key, its tries and its deadline', async () => {
    const line = fc.oneof(
      fc.constant<Scripted>('cut'),
      fc.constantFrom<Scripted>(done, running, { status: 502 }, refused(400, 'PARAM_ERROR'), refused(409, 'CONFLICT')),
      fc
        .tuple(fc.constantFrom(429, 500, 503), fc.option(fc.nat(90).map(String), { nil: undefined }))
        .map(([status, retryAfter]) => refused(status, 'UNAVAILABLE', retryAfter === undefined ? {} : { retryAfter })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 10 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(30_000),
        async (script, chance, tryMs) => {
          const { client, sent, waits, elapsed } = aClient({ script, chance, tryMs })

          await client.orders.create(tea).catch((error: unknown) => expect(error).toBeInstanceOf(ApiError))

          expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set(['key-1']))
          expect(sent.length).toBeLessThanOrEqual(usualPolicy.maxTries)
          expect(sent.every(({ timeoutMs, at }) => timeoutMs > 0 && at + timeoutMs <= usualPolicy.deadlineMs)).toBe(true)
          expect(waits.every((ms) => ms > 0)).toBe(true)
          expect(elapsed()).toBeLessThan(usualPolicy.deadlineMs + tryMs)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a list', () => {
  const pages: Scripted[] = [
    { body: { success: true, data: { items: [{ orderId: 'one' }, { orderId: 'two' }], nextCursor: 'c 2' } } },
    { body: { success: true, data: { items: [], nextCursor: 'c3' } } },
    { body: { success: true, data: { items: [{ orderId: 'three' }], nextCursor: null } } },
  ]

  it('gives each item, page after page, with the filter on each', async () => {
    const { client, sent } = aClient({ script: pages })
    const seen: string[] = []

    for await (const order of client.orders.each({ status: 'succeeded', limit: 2 })) seen.push(order.orderId)

    expect(seen).toEqual(['one', 'two', 'three'])
    expect(sent.map(({ path }) => path)).toEqual([
      '/orders?status=succeeded&limit=2',
      '/orders?status=succeeded&limit=2&cursor=c%202',
      '/orders?status=succeeded&limit=2&cursor=c3',
    ])
  })

  it('asks for no page that nobody reads', async () => {
    const { client, sent } = aClient({ script: pages })

    for await (const _first of client.orders.each()) break

    expect(sent).toHaveLength(1)
  })
})

describe('an address', () => {
  it('holds any name a caller may have', async () => {
    const { client, sent } = aClient({ script: [done] })

    await client.orders.get('a/../b?c#d 茶')

    expect(sent[0]?.path).toBe('/orders/a%2F..%2Fb%3Fc%23d%20%E8%8C%B6')
  })
})

it('what must not compile does not', () => {
  const { client } = aClient({ script: [done] })
  const never: Array<() => unknown> = [
    // @ts-expect-error an order asks for something
    () => client.orders.create({ subject: 'Tea' }),
    // @ts-expect-error a member that the server refuses
    () => client.orders.create({ ...tea, price: '1' }),
    // @ts-expect-error a way to pay that there is not
    () => client.orders.pay('T20260102-1', { payType: 'CASH' }),
    // @ts-expect-error a currency that is not taken
    () => client.orders.create({ ...tea, currency: 'XYZ' }),
    // @ts-expect-error a state that no order has
    () => client.orders.list({ status: 'paid' }),
    // @ts-expect-error a member that no order has
    async () => (await client.orders.get('T20260102-1')).paid,
    // @ts-expect-error reading makes nothing, so it has no key
    () => client.orders.get('T20260102-1', { idempotencyKey: 'k' }),
    // @ts-expect-error a card needs its number
    () => client.refunds.retry('R1', { to: 'card' }),
  ]
  expect(never).toHaveLength(8)
})
