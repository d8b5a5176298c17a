import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createRawServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure, startAnother } from './instances.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

describe('a channel that cannot be reached', () => {
  it.each([
    ['refuses', 'http://127.0.0.1:1'],
    ['has no address', 'https://pay.invalid'],
  ])('F-024, F-034: since it %s: 502 in time, and another instance goes on under the same number', async (_how, gateway) => {
    const apart = await startAnother(shop, { WECHAT_GATEWAY: gateway })
    try {
      const { orderId } = await apart.order()

      const startedAt = performance.now()
      const answer = await apart.pay(orderId)

      expect([answer.status, answer.body.code]).toEqual([502, 'CHANNEL_ERROR'])
      expect(performance.now() - startedAt).toBeLessThan(5000)
      expect((await apart.read(orderId)).attempts).toMatchObject([{ status: 'sent' }])
      expect((await shop.pay(orderId)).data.outTradeNo).toBe(orderId)
    } finally {
      await apart.close()
    }
  })
})

/** Lets a server listen, and says where. */
async function originOf(server: Server, scheme = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `${scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

describe('an answer of another kind', () => {
  let answering: (response: ServerResponse) => void
  const gateway = createServer((_request, response) => answering(response))
  let apart: Shop
  beforeAll(async () => {
    apart = await startAnother(shop, { WECHAT_GATEWAY: await originOf(gateway) })
  })
  afterAll(async () => {
    await apart.close()
    gateway.closeAllConnections()
    gateway.close()
  })

  it.each([301, 302, 303, 307, 308])('F-035: %i to another host is not followed', async (status) => {
    const elsewhere: unknown[] = []
    const other = createServer((request, response) => {
      elsewhere.push(request.headers)
      response.end()
    })
    const location = `${await originOf(other)}/v3/pay/transactions/native`
    answering = (response) => void response.writeHead(status, { location }).end()
    const { orderId } = await apart.order()

    const answer = await apart.pay(orderId)
    other.close()

    expect([answer.status, answer.body.code]).toEqual([502, 'CHANNEL_ERROR'])
    expect(elsewhere).toEqual([])
    expect((await apart.read(orderId)).attempts).toMatchObject([{ status: 'sent' }])
  })

  it.each([
    ['without end', {}],
    ['of 1 GiB, as it says', { 'content-length': String(2 ** 30) }],
    ['that unpacks without end', { 'content-encoding': 'gzip' }],
  ])('F-033: %s is cut off', async (_how, headers) => {
    const piece = Buffer.alloc(64 * 1024, ' ')
    const poured = { bytes: 0, answers: 0, cut: 0 }
    const pour = (response: ServerResponse): void => {
      while (!response.destroyed && poured.bytes < 256 * 1024 * 1024) {
        poured.bytes += piece.length
        if (!response.write(piece)) return void response.once('drain', () => pour(response))
      }
    }
    answering = (response) => {
      poured.answers++
      response.once('close', () => poured.cut++)
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      pour(response)
    }
    const { orderId } = await apart.order()

    const answer = await apart.pay(orderId)

    expect([answer.status, answer.body.code]).toEqual([502, 'CHANNEL_ERROR'])
    expect((await apart.read(orderId)).attempts).toMatchObject([{ status: 'sent' }])
    await shop.eventually(
      async () => poured.answers - poured.cut,
      (open) => open === 0,
    )
    // Three tries, each of a mebibyte and what the sockets between hold.
    expect(poured.bytes).toBeLessThan(32 * 1024 * 1024)
  })
})

describe('TLS that is not to be trusted', () => {
  let apart: Shop
  let gateway: ReturnType<typeof createTlsServer>
  beforeAll(async () => {
    const { privateKey: key, certificate: cert } = shop.emulator.credentials().merchant
    gateway = createTlsServer({ key, cert }, (_request, response) => void response.end('{}'))
    apart = await startAnother(shop, { WECHAT_GATEWAY: await originOf(gateway, 'https') })
  })
  afterAll(async () => {
    await apart.close()
    gateway.closeAllConnections()
    gateway.close()
  })

  it('F-030: of a self-made certificate: 502 in words, no secret', async () => {
    const { orderId } = await apart.order()

    const answer = await apart.pay(orderId)

    expect([answer.status, answer.body.code]).toEqual([502, 'CHANNEL_ERROR'])
    expect(answer.body.error).toMatch(/TLS/)
    expect(answer.text).not.toMatch(/PRIVATE KEY|node:internal|\.ts:/)
    expect((await apart.read(orderId)).attempts).toMatchObject([{ status: 'sent' }])
  })

  it('F-030: of a self-made certificate raises an alarm of its own', async () => {
    const { orderId } = await apart.order()
    await apart.pay(orderId)

    expect(await figure(apart, 'shouyin_alarms', 'kind="channel_tls"')).toBe(1)
  })

  it('F-030: cut off in the handshake: 502, and nobody knows', async () => {
    const rude = createRawServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const cut = await startAnother(shop, { WECHAT_GATEWAY: await originOf(rude, 'https') })
    try {
      const { orderId } = await cut.order()

      const answer = await cut.pay(orderId)

      expect([answer.status, answer.body.code]).toEqual([502, 'CHANNEL_ERROR'])
      expect((await cut.read(orderId)).attempts).toMatchObject([{ status: 'sent' }])
    } finally {
      await cut.close()
      rude.close()
    }
  })
})
