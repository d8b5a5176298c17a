import { describe, expect, it } from '@jest/globals'
import * as shared from '../../miniprogram/generated/shared.js'
import { followDelaysMs, followOrder, payOrder } from '../../miniprogram/services/pay.ts'
import { presentOrderLine } from '../../miniprogram/services/present.ts'
import { makeSession } from '../../miniprogram/services/session.ts'
import { makeTransport } from '../../miniprogram/services/transport.ts'
import { textsIn } from '../../miniprogram/texts.ts'
import { ApiError, makePayerClient } from '../../shared/api/client.ts'
import type { Data } from '../support/client.ts'

const params = { appId: 'wx1', timeStamp: '1', nonceStr: 'n', package: 'prepay_id=wx', signType: 'RSA', paySign: 's' }
const noPause = async () => {}

function aSession({ tokens = ['t1', 't2', 't3'], expiresIn = 7200 }: { tokens?: string[]; expiresIn?: number } = {}) {
  const seen = { codes: 0, storage: undefined as unknown, now: 0 }
  const session = makeSession({
    loginCode: async () => `code-${++seen.codes}`,
    exchange: async () => ({ token: tokens.shift() ?? 'none', expiresIn }),
    load: () => seen.storage,
    save: (value) => {
      seen.storage = value
    },
    forget: () => {
      seen.storage = undefined
    },
    now: () => seen.now,
  })
  return { session, seen }
}

describe('a session', () => {
  it('is made once for all who ask at the same time, and kept', async () => {
    const { session, seen } = aSession()

    expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual(['t1', 't1', 't1'])
    expect(await session.token()).toBe('t1')
    expect(seen.codes).toBe(1)
  })

  it('is renewed a minute before it ends', async () => {
    const { session, seen } = aSession({ expiresIn: 120 })
    await session.token()

    seen.now = 59_000
    expect(await session.token()).toBe('t1')
    seen.now = 61_000
    expect(await session.token()).toBe('t2')
  })

  it('that the server refuses is renewed once for all who notice', async () => {
    const { session, seen } = aSession()
    await session.token()

    expect(await Promise.all([session.renew('t1'), session.renew('t1')])).toEqual(['t2', 't2'])
    expect(await session.renew('t1')).toBe('t2')
    expect(seen.codes).toBe(2)
  })
})

describe('the way to the server', () => {
  function aTransport(answers: Array<{ status: number; body?: unknown } | Error>) {
    const sent: Data[] = []
    const pauses: number[] = []
    const { session } = aSession()
    const transport = makeTransport({
      origin: 'https://pay.example',
      language: 'en',
      session,
      send: async (ask) => {
        sent.push(ask)
        const answer = answers.shift()
        if (!answer || answer instanceof Error) throw answer ?? new Error('nothing')
        return { body: {}, ...answer }
      },
      pause: async (ms) => void pauses.push(ms),
    })
    return { transport, sent, pauses }
  }

  it('carries the session and the language, and no session where none is needed', async () => {
    const { transport, sent } = aTransport([{ status: 200 }, { status: 200 }])

    await transport({ method: 'GET', path: '/cashier/orders', isPublic: false })
    await transport({ method: 'GET', path: '/cashier/products', isPublic: true })

    expect(sent[0]).toMatchObject({
      url: 'https://pay.example/api/v1/cashier/orders',
      header: { authorization: 'Bearer t1', 'accept-language': 'en' },
    })
    expect(sent[1].header.authorization).toBeUndefined()
  })

  it('logs in again silently on 401, once', async () => {
    const { transport, sent } = aTransport([{ status: 401 }, { status: 401 }])

    expect((await transport({ method: 'GET', path: '/cashier/orders', isPublic: false })).status).toBe(401)
    expect(sent.map((ask) => ask.header.authorization)).toEqual(['Bearer t1', 'Bearer t2'])
  })

  it('asks again when no answer came, under the same key', async () => {
    const { transport, sent, pauses } = aTransport([new Error('timeout'), new Error('timeout'), { status: 201 }])

    expect((await transport({ method: 'POST', path: '/cashier/orders', body: {}, isPublic: false, idempotencyKey: 'k' })).status).toBe(201)
    expect(sent.map((ask) => ask.header['idempotency-key'])).toEqual(['k', 'k', 'k'])
    expect(pauses).toEqual([400, 1200])
  })

  it('does not repeat what has no key', async () => {
    const { transport, sent } = aTransport([new Error('timeout')])

    await expect(transport({ method: 'POST', path: '/x', isPublic: false })).rejects.toMatchObject({ code: 'NETWORK' })
    expect(sent).toHaveLength(1)
  })
})

describe('the typed client', () => {
  it('gives the data of a success and throws the refusal with its code', async () => {
    const answers = [
      { status: 200, body: { success: true, data: { orderId: 'D1' } } },
      { status: 409, body: { success: false, code: 'ORDERPAID', error: 'paid', details: {}, requestId: 'r1' } },
    ]
    const api = makePayerClient(
      async () => answers.shift() ?? { status: 500, body: '' },
      () => 'k',
    )

    expect(await api.order('D1')).toEqual({ orderId: 'D1' })
    await expect(api.pay('D1', 'MINIPROGRAM')).rejects.toMatchObject({ code: 'ORDERPAID', status: 409, requestId: 'r1' })
    await expect(api.order('D1')).rejects.toMatchObject({ code: 'SYSTEMERROR' })
  })

  it('is the same code in the copy that the mini-program carries', () => {
    expect(Object.keys(shared)).toEqual(expect.arrayContaining(['makePayerClient', 'ApiError', 'orderStatusWords', 'languageOf']))
  })
})

describe('paying', () => {
  const api = (action: unknown) => ({ pay: async () => ({ action }), order: async () => ({}) }) as Data
  const pay = (said: string, action: unknown = { type: 'wx.requestPayment', params }) =>
    payOrder({ api: api(action), requestPayment: async () => said, pause: noPause }, 'D1')

  it.each([
    ['requestPayment:ok', 'confirming'],
    ['requestPayment:fail cancel', 'cancelled'],
    ['requestPayment:cancel', 'cancelled'],
    ['requestPayment:fail no permission', 'confirming'],
    ['requestPayment:fail (detail)', 'confirming'],
    ['requestPayment:fail cancel ', 'confirming'],
  ])('%s of the dialog means %s, never paid', async (said, outcome) => {
    expect(await pay(said)).toEqual({ is: outcome })
  })

  it('hands WeChat exactly what it takes, without the app id', async () => {
    let handed: unknown
    await payOrder(
      {
        api: api({ type: 'wx.requestPayment', params }),
        requestPayment: async (given) => {
          handed = given
          return 'requestPayment:ok'
        },
        pause: noPause,
      },
      'D1',
    )

    expect(handed).toEqual({ timeStamp: '1', nonceStr: 'n', package: 'prepay_id=wx', signType: 'RSA', paySign: 's' })
  })

  it.each([
    ['ORDERPAID', { is: 'paid' }],
    ['ORDERCLOSED', { is: 'closed' }],
    ['CHANNEL_TIMEOUT', { is: 'failed', message: 'busy' }],
  ] as const)('the server’s %s is shown as it is', async (code, outcome) => {
    // The copy's own class: it is what the services know.
    const refusing = { pay: async () => Promise.reject(new (shared as Data).ApiError(code, 'busy')), order: async () => ({}) } as Data

    expect(await payOrder({ api: refusing, requestPayment: async () => '', pause: noPause }, 'D1')).toEqual(outcome)
    expect(new ApiError(code, '').code).toBe(code)
  })
})

describe('confirming', () => {
  function following(statuses: string[], isWatched = () => true) {
    const pauses: number[] = []
    const api = { order: async () => ({ status: statuses.length > 1 ? statuses.shift() : statuses[0] }) } as Data
    return { pauses, result: followOrder({ api, pause: async (ms) => void pauses.push(ms) }, 'D1', isWatched) }
  }

  it('asks at once, then less and less often, until the server says paid', async () => {
    const { pauses, result } = following(['pending', 'pending', 'succeeded'])

    expect(await result).toMatchObject({ status: 'succeeded' })
    expect(pauses).toEqual([0, 1000, 2000])
  })

  it('ends without a verdict when the server never has one', async () => {
    const { pauses, result } = following(['pending'])

    expect(await result).toMatchObject({ status: 'pending' })
    expect(pauses).toEqual(followDelaysMs)
  })

  it('stops when nobody looks any more', async () => {
    let looks = 0
    const { pauses, result } = following(['pending'], () => ++looks < 3)

    await result
    expect(pauses).toHaveLength(3)
  })
})

describe('what is shown', () => {
  it('is the server’s figure and word in the phone’s language', () => {
    const order = { orderId: 'D1', subject: 'Tea', amount: '9.90', status: 'succeeded', createdAt: '2026-01-02T03:04:05+08:00' } as Data

    expect(presentOrderLine(order, 'zh_CN')).toMatchObject({ amount: '¥9.90', statusText: '已支付', createdAt: '2026-01-02 03:04' })
    expect(presentOrderLine(order, 'en')).toMatchObject({ statusText: 'Paid' })
  })

  it('has every text in both languages', () => {
    const [zh, en] = [textsIn('zh'), textsIn('en')]

    expect(Object.keys(en)).toEqual(Object.keys(zh))
    for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text).not.toBe('')
  })
})
