import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import type { Log } from '../../server/lib/log.ts'
import { aDay } from '../support/builders.ts'
import { aNumber, aQfpayAttempt, aQfpayRefund, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { clientKey, type QfpayStandIn, type Reply, startQfpayStandIn } from '../support/qfpay-stand-in.ts'
import { silentLog } from '../support/silent-log.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, { at: aDay })
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const byCode = { payType: 'MICROPAY', authCode: '134579302432164181' } as const
const calls: Readonly<Record<string, readonly [path: string, (account: ChannelAccount) => Promise<unknown>]>> = {
  payment: ['/trade/v1/payment', (account) => account.prepare(aQfpayAttempt().ask)],
  'payment by code': ['/trade/v1/payment', (account) => account.prepare(aQfpayAttempt(byCode).ask)],
  query: ['/trade/v1/query', (account) => account.query(aQfpayAttempt())],
  close: ['/trade/v1/close', (account) => account.close(aQfpayAttempt())],
  reversal: ['/trade/v1/reversal', async (account) => account.reverse?.(aQfpayAttempt(byCode))],
  refund: ['/trade/v1/refund', (account) => account.refund(aQfpayRefund())],
  'refund query': ['/trade/v1/query', (account) => account.queryRefund(aQfpayRefund())],
  openid: ['/tool/v1/get_weixin_openid', async (account) => account.oauth?.openId({ code: '011QipnO1yMI' })],
}
const every = Object.keys(calls)
const ask = (name: string, reply: Reply, log: Log = silentLog) => {
  const [path, call] = calls[name] ?? []
  if (path === undefined || !call) throw new Error(`there is no call ${name}`)
  standIn.answer(path, reply)
  return call(accounts.open({ patienceMs: 1500, log }))
}
const failureOf = (name: string, reply: Reply) =>
  ask(name, reply).then(
    () => 'it was believed',
    (error: unknown) => error,
  )

/** What every call would be glad of. */
const item = { order_type: 'payment', respcd: '0000', syssn: aSyssn, out_trade_no: aNumber, txamt: '8888', paydtm: '2026-01-02 12:00:09' }
const good = { respcd: '0000', syssn: aSyssn, qrcode: 'weixin://q', openid: 'o', data: [item] }
const html = '<html><head><title>502 Bad Gateway</title></head></html>'
const gbk = Buffer.concat([Buffer.from('{"respcd": "0000", "resperr": "'), Buffer.from([0xbd, 0xbb, 0xd2, 0xd7]), Buffer.from('"}')])

const bad: ReadonlyArray<readonly [string, Reply]> = [
  ['an HTML page with 502', { status: 502, raw: html }],
  ['an HTML page with 200', { raw: html }],
  ['500 and a success in it', { status: 500, says: good }],
  ['403 and a success in it', { status: 403, says: good }],
  ['a redirect', { status: 302, says: good }],
  ['nothing', { raw: '' }],
  ['bytes of GBK', { raw: gbk }],
  ['JSON that is cut off', { raw: '{"respcd": "00' }],
  ['zeroes that are no JSON', { says: '{"respcd": 0000}' }],
  ['a member twice', { says: '{"respcd": "1108", "respcd": "0000"}' }],
  ['a list', { says: '[]' }],
  ['a bare word', { says: '"0000"' }],
  ['no respcd', { says: { ok: true } }],
  ['an empty respcd', { says: { respcd: '' } }],
  ['a respcd that is an object', { says: { respcd: { code: '0000' } } }],
  ['half an answer', { says: good, fault: 'cut' }],
  ['a line that is cut', { fault: 'reset' }],
]

describe.each(every)('%s', (name) => {
  it.each(bad)('learns nothing from %s', async (_what, reply) => {
    expect(await failureOf(name, reply)).toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })

  it('takes silence for a timeout, which is unknown', async () => {
    expect(await failureOf(name, { fault: 'silent' })).toMatchObject({
      failure: { kind: 'unknown', code: 'CHANNEL_TIMEOUT', isTimeout: true },
    })
  })

  it.each([
    ['that is wrong', () => 'A'.repeat(32)],
    ['of another body', (right: string) => [...right].reverse().join('')],
    ['that is cut', (right: string) => right.slice(0, 31)],
    ['that is empty', () => ''],
    ['of another length', () => 'A'.repeat(64)],
  ])('believes no answer with a signature %s', async (_what, sign) => {
    expect(await failureOf(name, { says: good, sign })).toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
  })

  it('of too many calls may go again', async () => {
    expect(await failureOf(name, { status: 429, raw: '' })).toMatchObject({
      failure: { kind: 'refused', refusal: 'rateLimited', code: 'RATE_LIMITED' },
    })
  })

  it('has sent nothing where nobody listens', async () => {
    const call = calls[name]?.[1]
    const account = accounts.open({ credentials: { gateway: 'http://127.0.0.1:9' } })

    await expect(call?.(account)).rejects.toMatchObject({ failure: { kind: 'notSent' } })
  })

  it('says no secret in what it fails with', async () => {
    const failures = [...bad, ['', { says: { respcd: '1108', resperr: 'sign error' } }] as const]
    for (const [, reply] of failures) {
      const said = await failureOf(name, reply)
      const whole = JSON.stringify(said) + String(said)
      for (const secret of [clientKey, byCode.authCode, '011QipnO1yMI']) expect(whole).not.toContain(secret)
    }
  })
})

describe('an answer', () => {
  it.each([
    ['signed with MD5', {}],
    ['signed with SHA-256', { hash: 'sha256' }],
    ['signed in lower case', { sign: (right: string) => right.toLowerCase() }],
    ['that nobody signed: not every region is known to', { sign: () => undefined }],
  ] as const)('is believed when it is %s', async (_what, how) => {
    expect(await ask('query', { says: good, ...how })).toMatchObject({ outcome: { status: 'succeeded' } })
  })

  it('with members nobody knows is read as without', async () => {
    expect(await ask('query', { says: { ...good, new_member: { deep: [1] }, data: [{ ...item, surcharge_fee: 1.5 }] } })).toMatchObject({
      outcome: { status: 'succeeded' },
    })
  })

  it('that nobody signed is told of once', async () => {
    const told: unknown[] = []
    const log: Log = { ...silentLog, info: (record) => void told.push(record) }
    standIn.answer('/trade/v1/query', { says: good, sign: () => undefined })
    const account = accounts.open({ log })

    await account.query(aQfpayAttempt())
    await account.query(aQfpayAttempt())

    expect(told).toMatchObject([{ event: 'qfpay.unsigned', account: 'default' }])
  })
})
