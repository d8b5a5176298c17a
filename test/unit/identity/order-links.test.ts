import { describe, expect, it } from '@jest/globals'
import { makeOAuthFlows } from '../../../server/identity/oauth-flows.ts'
import { makeOrderLinks } from '../../../server/identity/order-links.ts'
import { makeSessions } from '../../../server/identity/sessions.ts'
import { Secret } from '../../../server/lib/secret.ts'
import { asAppId, asOrderId, asOwnId, defaultAccount, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'

const secret = new Secret('a secret for tests that is long enough')
const links = makeOrderLinks({ secret, publicUrl: 'https://pay.example' })
const link = { merchantId: defaultMerchant, orderId: asOrderId('D202601020304050001') }
const via = { channel: 'wechat', account: defaultAccount } as const
const given = (url: string) => {
  const { pathname, searchParams } = new URL(url)
  return { orderId: pathname.split('/')[2] ?? '', k: searchParams.get('k') ?? '', via: searchParams.get('via') ?? '' }
}

describe('the link of an order', () => {
  it('is the same every time, with 144 bits that nobody has without the secret', () => {
    const other = makeOrderLinks({ secret: new Secret('another secret that is long enough'), publicUrl: 'https://pay.example' })

    expect(links.url(link)).toBe(links.url(link))
    expect(links.url(link)).toMatch(/^https:\/\/pay\.example\/pay\/D202601020304050001\?k=[\w-]{24}$/)
    expect(other.url(link)).not.toBe(links.url(link))
  })

  it('is read back as what it was made for', () => {
    expect(links.read(defaultMerchant, given(links.url(link)))).toEqual({ ...link, via: undefined })
    expect(links.read(defaultMerchant, given(links.url({ ...link, via })))).toEqual({ ...link, via })
  })

  it.each([
    ['of another merchant', { merchantId: asOwnId('MerchantId', 'mer_other') }],
    ['of another order', { orderId: 'D202601020304050002' }],
    ['through an account it does not name', { via: 'wechat.second' }],
    ['through something that is no account', { via: 'wechat' }],
    ['with a shorter key', { k: given(links.url(link)).k.slice(0, -1) }],
    ['with the key in capitals', { k: given(links.url(link)).k.toUpperCase() }],
    ['without a key', { k: '' }],
    ['of a number that is none', { orderId: '../x' }],
  ])('opens nothing %s', (_what, { merchantId = defaultMerchant, ...other }: Record<string, string>) => {
    expect(links.read(asOwnId('MerchantId', String(merchantId)), { ...given(links.url(link)), ...other })).toBeUndefined()
  })
})

describe('a login under way', () => {
  const clock = { at: asInstant(1_767_326_400_000) }
  const runtime = { now: () => clock.at, randomBytes: (count: number) => new Uint8Array(count).fill(7) }
  const flows = makeOAuthFlows({ secret, runtime })
  const flow = { link: { ...link, via }, channel: 'qfpay', account: defaultAccount } as const

  it('is known again by its token and its state together', () => {
    const { state, token } = flows.begin(flow)

    expect(state).toMatch(/^[0-9a-f]{32}$/)
    expect(flows.read(token, state)).toEqual({ ...flow, state })
    expect(flows.read(token, `${state.slice(0, -1)}0`)).toBeUndefined()
    expect(flows.read(`${token.slice(0, -1)}~`, state)).toBeUndefined()
  })

  it('is over after ten minutes', () => {
    const { state, token, expiresInSeconds } = flows.begin(flow)

    expect(expiresInSeconds).toBe(600)
    clock.at = asInstant(clock.at + 600_000)
    expect(flows.read(token, state)).toBeUndefined()
  })

  it('is no session, nor is a session one', () => {
    const sessions = makeSessions({ secret, runtime })
    const { token: session } = sessions.issue({ merchantId: defaultMerchant, payerId: asOwnId('PayerId', 'usr_1'), appId: asAppId('wxa') })
    const { state, token } = flows.begin(flow)

    expect(sessions.read(token)).toBeUndefined()
    expect(flows.read(session, state)).toBeUndefined()
  })
})
