import { generateKeyPairSync, sign } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { makeHttpClient } from '../../../server/lib/http-client.ts'
import { makePublicLookup } from '../../../server/lib/public-address.ts'
import { NetworkFailure } from '../../../server/lib/runtime.ts'
import { type NameServer, startNameServer } from '../../support/name-server.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const silent = Array.from({ length: 40 }, (_, nth) => `silent-${nth}.example.com`)

let names: NameServer
let client: ReturnType<typeof makeHttpClient>
beforeEach(async () => {
  names = await startNameServer({
    'inside.example.com': ['10.0.0.1'],
    'mixed.example.com': ['1.1.1.1', '127.0.0.1'],
    'outside.example.com': ['1.1.1.1', '8.8.8.8'],
    ...Object.fromEntries(silent.map((name) => [name, undefined])),
  })
  client = makeHttpClient({ nameServers: [names.address] })
})
afterEach(async () => {
  await client.end()
  await names.close()
})

const post = (host: string, timeoutMs = 4000) =>
  client
    .fetch({ method: 'POST', url: `https://${host}/hook`, headers: {}, timeoutMs, maxBytes: 1000, publicOnly: true })
    .catch((error: unknown) => (error instanceof NetworkFailure ? error : Promise.reject(error)))

describe('F-034 the name of a merchant’s server', () => {
  it.each([
    ['stands for an address inside', 'inside.example.com'],
    ['stands for one outside and one inside', 'mixed.example.com'],
  ])('that %s is not called', async (_name, host) => {
    expect(await post(host)).toMatchObject({ kind: 'notSent', isBlocked: true })
  })

  it('that does not exist was not called', async () => {
    expect(await post('nobody.example.com')).toMatchObject({ kind: 'notSent', isBlocked: false })
  })

  it('is called at the addresses it stands for', async () => {
    const found = await new Promise((resolve, reject) =>
      makePublicLookup([names.address])('outside.example.com', { all: true }, (error, addresses) =>
        error ? reject(error) : resolve(addresses),
      ),
    )

    expect(found).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '8.8.8.8', family: 4 },
    ])
  })

  it('whose name server keeps silent ends in time, and holds up no signature and no other name', async () => {
    let areOver = false
    const waiting = Promise.all(silent.map((host) => post(host))).finally(() => (areOver = true))
    while (names.asked.length < 40) await sleep(10)

    await Promise.all(Array.from({ length: 20 }, () => promisify(sign)('sha256', Buffer.from('bytes'), privateKey)))
    const other = await post('inside.example.com')

    expect([other, areOver]).toEqual([expect.objectContaining({ isBlocked: true }), false])
    for (const one of await waiting) expect(one).toMatchObject({ isTimeout: true })
  }, 20_000)
})
