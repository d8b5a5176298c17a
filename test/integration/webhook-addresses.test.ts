import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeSealer } from '../../server/lib/seal.ts'
import { Secret } from '../../server/lib/secret.ts'
import { insertEndpoint } from '../../server/store/webhook-endpoints.ts'
import { asOwnId, defaultMerchant } from '../../shared/kernel/ids.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Data } from '../support/client.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { masterKey, type Shop, startShop } from '../support/shop.ts'

let shop: Shop
let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
  shop = await startShop()
})
afterAll(async () => {
  await shop.close()
  await receiver.close()
})

describe('a webhook endpoint', () => {
  it.each([
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://127.1/hook',
    'https://2130706433/hook',
    'https://0x7f000001/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://[fd00::1]/hook',
    'https://[fe80::1]/hook',
    'https://10.1.2.3/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://172.16.0.1/hook',
    'https://192.168.1.1/hook',
    'https://100.64.0.1/hook',
    'https://localhost/hook',
    'https://localhost./hook',
    'https://metadata.google.internal/hook',
    'https://till/hook',
    'https://user:word@example.com/hook',
    'ftp://example.com/hook',
  ])('at %s is refused, and the answer names the member', async (url) => {
    expect(await shop.post('/webhook-endpoints', { url })).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR', details: { fields: [{ path: 'url' }] } },
    })
  })

  it('at a public https address is taken', async () => {
    expect(await shop.post('/webhook-endpoints', { url: 'https://shop.example.com/hook' })).toMatchObject({
      status: 201,
      data: { status: 'enabled', secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) },
    })
  })

  it('that got into the store with a private address is not called', async () => {
    const endpointId = asOwnId('EndpointId', 'whe_01private0000000000000000')
    const sealer = makeSealer({ masterKey: new Secret(masterKey), runtime: { randomBytes: (count) => new Uint8Array(count) } })
    const sealedSecret = sealer.seal('webhook secret', endpointId, new Secret('whsec_AAAA'))
    const given = {
      merchantId: defaultMerchant,
      endpointId,
      url: receiver.origin,
      status: 'enabled',
      sealedSecret,
      createdAt: asInstant(0),
    } as const
    await shop.query((db) => insertEndpoint(db, given))

    const { orderId } = await shop.order()
    const made: Data = await shop.eventually(
      async () =>
        (await shop.get(`/events?orderId=${orderId}`)).data.items[0].deliveries.find((one: Data) => one.endpointId === endpointId)
          ?.tries[0],
      (seen) => seen !== undefined,
    )

    expect(made).toMatchObject({ outcome: 'blocked', statusCode: null })
    expect(receiver.letters).toEqual([])
  })

  it('shows its secret once', async () => {
    const { endpointId, secret } = (await shop.post('/webhook-endpoints', { url: 'https://shop.example.com/other' })).data

    const texts = [await shop.get(`/webhook-endpoints/${endpointId}`), await shop.get('/webhook-endpoints')].map(({ text }) => text)

    for (const text of texts) expect(text).not.toContain(secret.slice(6, 30))
    expect(JSON.stringify(shop.logged)).not.toContain(secret.slice(6, 30))
  })

  it('is made once under its Idempotency-Key, and nobody who reads the store reads its secret', async () => {
    const key = { 'idempotency-key': 'endpoint-1' }
    const first = await shop.post('/webhook-endpoints', { url: 'https://shop.example.com/once' }, key)
    const again = await shop.post('/webhook-endpoints', { url: 'https://shop.example.com/once' }, key)

    expect(again.text).toBe(first.text)
    const rows = await shop.query(async (db) => [
      await db.query.selectFrom('idempotency').select(['body']).execute(),
      await db.query.selectFrom('webhook_endpoints').select(['url', 'secret']).execute(),
    ])
    expect(JSON.stringify(rows)).toContain('https://shop.example.com/once')
    expect(JSON.stringify(rows)).not.toContain(first.data.secret)
    expect(JSON.stringify(rows)).not.toContain(first.data.secret.slice(6))
  })
})
