import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asOutTradeNo } from '../../shared/kernel/ids.ts'
import { later } from '../../shared/kernel/time.ts'
import { aDay, anApp, anAttempt } from '../support/builders.ts'
import { makeWechatAccounts } from '../support/wechat-account.ts'
import { startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'

const hourMs = 60 * 60 * 1000

let standIn: WechatStandIn
let accounts: ReturnType<typeof makeWechatAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startWechatStandIn(() => clock.at)
  accounts = makeWechatAccounts(standIn, clock)
})
beforeEach(() => {
  clock.at = aDay
  standIn.asked.length = 0
  standIn.give(standIn.certificates.first)
  standIn.answer({ body: open, by: standIn.certificates.first })
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const outTradeNo = asOutTradeNo('D202601020304050001')
const open = { appid: anApp, mchid: '1900000001', out_trade_no: outTradeNo, trade_state: 'NOTPAY' }
const certificatesOnly = { publicKey: undefined }
const account = (kept = new Map<string, string>()) => accounts.open({ credentials: certificatesOnly, kept })
const fetched = () => standIn.asked.filter(({ url }) => url === '/v3/certificates').length

describe('an account without a public key', () => {
  it('fetches the certificates before its first call, and names the one it wants the answer signed with', async () => {
    await account().query(anAttempt({ outTradeNo }))

    expect(standIn.asked.map(({ url }) => url.replace(/\?.*/, ''))).toEqual([
      '/v3/certificates',
      `/v3/pay/transactions/out-trade-no/${outTradeNo}`,
    ])
    expect(standIn.asked[1]?.headers['wechatpay-serial']).toBe(standIn.certificates.first.serial)
  })

  it('fetches them once, however many calls wait for them', async () => {
    const one = account()

    await Promise.all(Array.from({ length: 20 }, () => one.query(anAttempt({ outTradeNo }))))

    expect(fetched()).toBe(1)
  })

  it('sends nothing while they cannot be had', async () => {
    standIn.give({ ...standIn.certificates.first, key: standIn.stranger.key })

    await expect(account().close(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
    expect(standIn.asked).toHaveLength(1)
  })

  it('does not believe a list that holds another certificate than the one that signs it', async () => {
    standIn.give({ ...standIn.certificates.first, serial: standIn.certificates.second.serial })

    await expect(account().query(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })
})

describe('what was fetched', () => {
  it('is kept: the next instance asks for nothing', async () => {
    const kept = new Map<string, string>()
    await account(kept).query(anAttempt({ outTradeNo }))
    standIn.asked.length = 0

    await account(kept).query(anAttempt({ outTradeNo }))

    expect(fetched()).toBe(0)
  })

  it('is fetched anew when what was kept cannot be read', async () => {
    const kept = new Map([['platform-certificates', '{"fetchedAt":']])

    await account(kept).query(anAttempt({ outTradeNo }))

    expect(fetched()).toBe(1)
  })

  it('holds no key that opens or signs anything', async () => {
    const kept = new Map<string, string>()
    await account(kept).query(anAttempt({ outTradeNo }))

    const texts = JSON.stringify([...kept])

    expect(texts).toContain('BEGIN CERTIFICATE')
    expect(texts).not.toMatch(/PRIVATE KEY/)
    expect(texts).not.toContain(standIn.apiV3Key)
  })

  it('is refreshed within the 12 hours that WeChat allows, and not sooner than needed', async () => {
    const one = account()
    await one.query(anAttempt({ outTradeNo }))

    await one.refreshKeys?.()
    expect(fetched()).toBe(1)

    clock.at = later(aDay, 11 * hourMs)
    await one.refreshKeys?.()
    expect(fetched()).toBe(2)
  })
})

describe('a rotation', () => {
  it('costs one look when twenty answers come under the new serial at once, and all are believed', async () => {
    const one = account()
    await one.query(anAttempt({ outTradeNo }))
    clock.at = later(aDay, hourMs)
    standIn.give(standIn.certificates.first, standIn.certificates.second)
    standIn.answer({ body: open, by: standIn.certificates.second })
    standIn.asked.length = 0

    const reports = await Promise.all(Array.from({ length: 20 }, () => one.query(anAttempt({ outTradeNo }))))

    expect(reports.map(({ outcome }) => outcome.status)).toEqual(Array.from({ length: 20 }, () => 'pending'))
    expect(fetched()).toBe(1)
  })

  it('leaves the old certificate good until it ends', async () => {
    const kept = new Map<string, string>()
    const one = account(kept)
    await one.query(anAttempt({ outTradeNo }))
    clock.at = later(aDay, 7 * hourMs)
    standIn.give(standIn.certificates.second)
    await one.refreshKeys?.()

    expect(JSON.parse(kept.get('platform-certificates') ?? '').pems).toHaveLength(2)
    expect((await one.query(anAttempt({ outTradeNo }))).outcome.status).toBe('pending')
    clock.at = later(aDay, 366 * 24 * hourMs)
    await expect(one.query(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('that one instance saw reaches another by what is kept, without a fetch', async () => {
    const kept = new Map<string, string>()
    const [one, other] = [account(kept), account(kept)]
    await one.query(anAttempt({ outTradeNo }))
    await other.query(anAttempt({ outTradeNo }))
    clock.at = later(aDay, 7 * hourMs)
    standIn.give(standIn.certificates.second)
    await one.refreshKeys?.()
    const before = fetched()

    await other.refreshKeys?.()
    standIn.answer({ body: open, by: standIn.certificates.second })

    expect((await other.query(anAttempt({ outTradeNo }))).outcome.status).toBe('pending')
    expect(fetched()).toBe(before)
  })

  it('by serials that nobody gave out costs one look a minute', async () => {
    const one = account()
    await one.query(anAttempt({ outTradeNo }))
    clock.at = later(aDay, hourMs)
    standIn.asked.length = 0
    const unknown = () =>
      one.readNotification(standIn.notice({ by: { ...standIn.stranger, serial: '7'.repeat(40) } })).catch(({ refusal }) => refusal)

    const during = [await unknown(), await unknown(), await unknown()]
    clock.at = later(clock.at, 60_000)
    await unknown()

    expect(during).toEqual(['unknown_key', 'unknown_key', 'unknown_key'])
    expect(fetched()).toBe(2)
  })
})
