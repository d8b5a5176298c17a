import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { insertKey, revokeKey } from '../../../server/store/api-keys.ts'
import { asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { scopes } from '../../../shared/kernel/scopes.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let shop: Shop
beforeEach(async () => {
  shop = await startShop()
})
afterEach(() => shop.close())

const key = { merchantId: defaultMerchant, keyId: asOwnId('KeyId', 'key_1') }
const at = asInstant(Date.UTC(2026, 0, 2))

describe('a merchant’s key', () => {
  it('opens the doors until it is revoked, and none after', async () => {
    const text = 'sk_test_a_key_of_the_store_0001'
    const hash = createHash('sha256').update(text).digest('hex')
    await shop.query((db) => insertKey(db, { ...key, hash, name: 'till', scopes, createdAt: at }))
    const before = await shop.get('/orders', text)

    await shop.query((db) => revokeKey(db, key, at))

    expect(before.status).toBe(200)
    for (const path of ['/orders', '/refunds', '/products', '/unmatched'])
      expect(await shop.get(path, text)).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
  })

  it('that is left out is told otherwise than one that opens nothing', async () => {
    const [without, wrong] = [await shop.get('/orders', ''), await shop.get('/orders', 'sk_test_of_nobody_0001')]

    expect(without.body.error).toContain('this needs a merchant key: Authorization: Bearer')
    expect(wrong.body.error).toContain('it is wrong, or was revoked, or has ended')
    for (const { headers } of [without, wrong]) expect(headers.get('www-authenticate')).toBe('Bearer')
  })

  it.each([
    ['its hash', createHash('sha256').update('sk_test_shop_0001').digest('hex')],
    ['another letter case', 'SK_TEST_SHOP_0001'],
    ['its beginning', 'sk_test_shop'],
    ['more behind it', 'sk_test_shop_00010'],
  ])('is not %s', async (_name, token) => {
    expect((await shop.get('/orders', token)).status).toBe(401)
  })
})

describe('wrong login codes', () => {
  const logIn = (code: string) => shop.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')

  it('are answered ten times a minute for an address, then it waits and the channel is not asked', async () => {
    const answers = []
    for (let nth = 0; nth < 12; nth++) answers.push(await logIn(`no-code-${nth}`))
    const good = shop.emulator.mintCode({ person: 'alice' })
    const early = await logIn(good)
    await shop.advance(61_000)

    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect(early).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } })
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await logIn(shop.emulator.mintCode({ person: 'alice' }))).status).toBe(200)
  })

  it('keep no merchant out, nor a payer with a session', async () => {
    const alice = await shop.payer('alice')
    for (let nth = 0; nth < 11; nth++) await logIn(`no-code-${nth}`)

    expect((await shop.get('/orders')).status).toBe(200)
    expect((await shop.get('/cashier/orders', alice.token)).status).toBe(200)
  })

  it('are counted', async () => {
    await logIn('no-code')

    expect(await shop.metrics()).toMatch(/shouyin_auth_failures_total\{audience="payer"\} 1/)
  })
})
