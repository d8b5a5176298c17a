import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeLog } from '../../../server/lib/pino-log.ts'
import { Secret } from '../../../server/lib/secret.ts'

const known = new Secret('0123456789abcdef0123456789ABCDEF')

/** What a record looks like on standard output. */
function lineOf(record: Record<string, unknown>): string {
  const lines: string[] = []
  const log = makeLog({ level: 'info', secrets: [known], destination: { write: (line) => void lines.push(line) } })
  log.info({ event: 'test', ...record })
  return lines.join('')
}
const read = (record: Record<string, unknown>) => JSON.parse(lineOf(record))

const letters = (alphabet: string, length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((all) => all.join(''))
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** What must not get out, and a text or value that holds it. */
type Planted = { readonly core: string; readonly value: unknown }
const words = fc.string({ maxLength: 30 })
const within = (text: (core: string) => string) => (core: string) =>
  fc.tuple(words, words).map(([before, after]) => ({ core, value: `${before} ${text(core)} ${after}` }))

const byLook: fc.Arbitrary<Planted> = letters(base62, 24).chain((core) =>
  fc.oneof(
    ...[
      (one: string) => `sk_live_${one}`,
      (one: string) => `whsec_${one}`,
      (one: string) => `Bearer ${one}`,
      (one: string) => `-----BEGIN PRIVATE KEY-----\n${one}\n-----END PRIVATE KEY-----`,
      (one: string) => `-----BEGIN PRIVATE KEY-----\\n${one}`,
      (one: string) => `https://merchant:${one}@db.example/shop`,
      (one: string) => `/pay/D1?k=${one}`,
      (one: string) => `{"openid":"${one}"}`,
      (one: string) => `{\\"session_key\\":\\"${one}\\"}`,
      (one: string) => `appid=wx1&sign=${one}&total=1`,
      (one: string) => `<paySign><![CDATA[${one}]]></paySign>`,
      (one: string) => `signature="${one}",serial_no="1"`,
    ].map((text) => within(text)(core)),
    fc.constant({ core, value: new Secret(core) }),
  ),
)
const byName: fc.Arbitrary<Planted> = letters(base62, 24).chain((core) =>
  fc
    .constantFrom('openId', 'sub_openid', 'Authorization', 'set-cookie', 'apiV3Key', 'real_name', 'sessionToken', 'PASSWORD', 'mobile')
    .chain((name) =>
      fc.constantFrom<unknown>(core, [core], { text: core }, new Error(core)).map((value) => ({ core, value: { [name]: value } })),
    ),
)
const byKnowledge: fc.Arbitrary<Planted> = fc
  .tuple(words, words)
  .map(([before, after]) => ({ core: known.reveal(), value: before + known.reveal() + after }))

/** Puts a value somewhere into a record: into lists, objects, errors, their causes, maps, and names of members. */
const somewhere = (planted: Planted): fc.Arbitrary<unknown> => {
  const wraps: Array<(inner: unknown) => unknown> = [
    (inner) => ({ detail: inner, other: 1 }),
    (inner) => ['first', inner],
    (inner) => Object.assign(new Error(typeof inner === 'string' ? inner : 'broken'), { body: inner }),
    (inner) => new Error('broken', { cause: inner }),
    (inner) => new Map([['member', inner]]),
    (inner) => new Set([inner]),
    (inner) => ({ toJSON: () => ({ inner }) }),
    (inner) => (typeof inner === 'string' ? { [inner]: 1 } : { inner }),
  ]
  return fc
    .array(fc.constantFrom(...wraps), { maxLength: 9 })
    .map((ways) => ways.reduce<unknown>((inner, wrap) => wrap(inner), planted.value))
}

describe('a line of the log', () => {
  it('lets no secret out, wherever in a record it was put', () => {
    const planted = fc.oneof(byLook, byName, byKnowledge).chain((one) => somewhere(one).map((value) => ({ core: one.core, value })))

    fc.assert(
      fc.property(planted, fc.constantFrom('error', 'detail', 'answer'), ({ core, value }, name) => {
        expect(lineOf({ [name]: value })).not.toContain(core)
      }),
      { numRuns: 2000 },
    )
  })

  it('says what it is about as it is', () => {
    const record = {
      requestId: 'req_01kexample0000000000000000',
      orderId: 'D2026010203040500010001',
      paymentId: 'pay_01kexample0000000000000000',
      userId: 'u-7',
      amount: '99.99',
      status: 'succeeded',
      alarm: 'notify_key',
      keyId: 'key_bootstrap',
      remedy: 'set this machine’s clock (NTP)',
      route: 'GET /api/v1/orders/:orderId',
      kept: true,
      ms: 3,
    }

    expect(read(record)).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), event: 'test', ...record })
  })

  it('shows an error with where it came from and why, and long paths of files whole', () => {
    const cause = Object.assign(new Error('no connection: ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const error = new TypeError('the store is away', { cause })
    error.stack = `TypeError: the store is away\n    at query (file:///opt/a-long-folder/shouyin/node_modules/kysely/dist/query-executor/query-executor-base-of-all/more.js:37:41)`

    expect(read({ error }).error).toMatchObject({
      type: 'TypeError',
      message: 'the store is away',
      stack: expect.stringContaining('query-executor-base-of-all/more.js:37:41'),
      cause: { type: 'Error', message: 'no connection: ECONNREFUSED', code: 'ECONNREFUSED' },
    })
  })

  it('comes to an end whatever it is given', () => {
    const round: Record<string, unknown> = {}
    round.self = round
    const broken = Object.defineProperty({}, 'member', {
      enumerable: true,
      get: () => {
        throw new Error('never')
      },
    })

    const line = read({ round, broken, big: 12n, bytes: new Uint8Array(40), long: 'x y '.repeat(20_000), work: () => {} })

    expect(line).toMatchObject({ round: { self: '[…]' }, broken: '[unreadable]', big: '12', bytes: '[40 bytes]' })
    expect(line.long.length).toBeLessThan(9000)
    expect(line).not.toHaveProperty('work')
  })
})
