import { describe, expect, it } from '@jest/globals'
import { makeSessions } from '../../../server/identity/sessions.ts'
import { hmacSha256 } from '../../../server/lib/hmac.ts'
import { makeNodeRuntime } from '../../../server/lib/node-runtime.ts'
import { Secret } from '../../../server/lib/secret.ts'
import { asAppId, asOwnId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant, later } from '../../../shared/kernel/time.ts'

const payer = { merchantId: defaultMerchant, payerId: asOwnId('PayerId', 'usr_1'), appId: asAppId('wx0000000000000001') }
const words = 'a secret that is long enough for a test'
const hourMs = 60 * 60 * 1000

const { randomBytes } = makeNodeRuntime()

function sessionsAt(secret = words) {
  const clock = { now: asInstant(1_800_000_000_000) }
  return { clock, ...makeSessions({ secret: new Secret(secret), runtime: { now: () => clock.now, randomBytes } }) }
}

/** A token whose signature is right, about whatever a test likes. */
function signed(claims: object | string, purpose = 'payer session'): string {
  const body = Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url')
  return `${body}.${Buffer.from(hmacSha256(hmacSha256(Buffer.from(words), purpose), body)).toString('base64url')}`
}

describe('a session', () => {
  it('stands for the payer it was issued to, for two hours', () => {
    const { clock, issue, read } = sessionsAt()
    const { token, expiresInSeconds } = issue(payer)

    expect(expiresInSeconds).toBe(7200)
    clock.now = later(clock.now, 2 * hourMs - 1)
    expect(read(token)).toEqual(payer)
    clock.now = later(clock.now, 1)
    expect(read(token)).toBeUndefined()
  })

  it('holds our own numbers and nothing of WeChat but the app', () => {
    const [body = ''] = sessionsAt().issue(payer).token.split('.')

    expect(Object.keys(JSON.parse(Buffer.from(body, 'base64url').toString())).sort()).toEqual(['a', 'aud', 'exp', 'm', 'n', 'p', 'v'])
  })

  it('is nothing on a server with another secret', () => {
    expect(sessionsAt('another secret that is long enough').read(sessionsAt().issue(payer).token)).toBeUndefined()
  })

  it('is nothing once a single letter of it is another', () => {
    const { issue, read } = sessionsAt()
    const { token } = issue(payer)

    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      expect(read(changed)).toBeUndefined()
    }
  })

  const claims = { v: 1, aud: 'payer', m: 'mer_default', p: 'usr_1', a: 'wx1', exp: 1_900_000_000_000 }

  it.each<[string, string]>([
    ['nothing', ''],
    ['a dot', '.'],
    ['a token without a signature', signed(claims).split('.')[0] ?? ''],
    ['a token with a part more', `${signed(claims)}.x`],
    ['a signature of the plain secret', signed(claims, '')],
    ['another audience', signed({ ...claims, aud: 'console' })],
    ['another version', signed({ ...claims, v: 2 })],
    ['no end', signed({ ...claims, exp: undefined })],
    ['an end that is text', signed({ ...claims, exp: '1900000000000' })],
    ['a payer that is a number', signed({ ...claims, p: 1 })],
    ['a payer that is no name', signed({ ...claims, p: "' OR 1=1" })],
    ['null', signed('null')],
    ['no JSON', signed('{')],
    ['a key of a merchant', 'sk_test_0000000000000001'],
    ['100 KB', 'x'.repeat(100_000)],
  ])('%s is none', (_name, token) => {
    expect(sessionsAt().read(token)).toBeUndefined()
  })

  it('of these very claims is one: what is refused above is refused for its own reason', () => {
    expect(sessionsAt().read(signed(claims))).toMatchObject({ payerId: 'usr_1' })
  })
})
