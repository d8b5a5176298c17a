import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type RunningEmulator, startEmulator } from '../../../server/emulator/listen.ts'
import { environmentOf, shouyin } from '../../support/command.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let folder: string
let shop: Shop
let second: RunningEmulator
let third: RunningEmulator
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-accounts-'))
  ;[second, third] = await Promise.all([startEmulator({ port: 0 }), startEmulator({ port: 0 })])
  shop = await startShop()
})
afterAll(async () => {
  await shop.close()
  await second.close()
  await third.close()
  rmSync(folder, { recursive: true })
})

/** A merchant of another WeChat Pay, by the names of the environment. */
function describedBy({ emulator, origin }: RunningEmulator, more: Record<string, string> = {}): Record<string, string> {
  return { ...emulator.environment(), WECHAT_GATEWAY: origin, ...more }
}

/** Only what is WeChat's. */
function file(name: string, content: Record<string, string>): string {
  const path = join(folder, name)
  const names = Object.entries(content).filter(([key]) => key.startsWith('WECHAT_') && !/_BASE$/.test(key))
  writeFileSync(path, JSON.stringify(Object.fromEntries(names)))
  return path
}

const run = (...words: string[]) => shouyin(environmentOf(shop), words)
const add = (name: string, from: string, ...more: string[]) => run('accounts', 'add', name, '--channel', 'wechat', '--from', from, ...more)
const secretsOf = ({ emulator }: RunningEmulator) => {
  const { apiV3Key, merchant, apps } = emulator.credentials()
  return [apiV3Key, merchant.privateKey.slice(60, 120), ...apps.map((app) => app.secret)]
}
/** Paid through that account, seen by the WeChat Pay it belongs to. */
async function paidThrough(account: string, there: RunningEmulator): Promise<string> {
  const { orderId } = await shop.order()
  await shop.eventually(
    () => shop.pay(orderId, { channel: 'wechat', account }),
    ({ status }) => status === 200,
  )
  await there.emulator.act(orderId, { do: 'pay' })
  await shop.until(orderId, ({ status }) => status === 'succeeded')
  return orderId
}

describe('an account that is added while the server runs', () => {
  it('takes payments and their notifications without a restart', async () => {
    const { code, out } = await add('second', file('second.json', describedBy(second)))
    const orderId = await paidThrough('second', second)

    expect(code).toBe(0)
    expect(out).toContain(second.emulator.credentials().mchid)
    expect((await shop.read(orderId)).attempts).toMatchObject([{ channel: 'wechat', account: 'second', kept: true }])
    expect(second.emulator.state().payment.get(orderId)?.notifyUrl).toBe(`${shop.origin()}/api/v1/payments/wechat/notify/second`)
  }, 40_000)

  it('lies sealed in the database: none of its secrets can be found there', async () => {
    await add('sealed', file('sealed.json', describedBy(third)))

    const rows = await shop.query((db) => db.query.selectFrom('channel_accounts').selectAll().execute())

    expect(rows).not.toHaveLength(0)
    for (const secret of secretsOf(third)) expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('may be described by a folder, whose keys lie in files beside it', async () => {
    const { mchid, apps, apiV3Key, merchant, publicKey } = second.emulator.credentials()
    const path = join(folder, 'by-folder')
    mkdirSync(path)
    writeFileSync(join(path, 'apiclient_key.pem'), merchant.privateKey)
    writeFileSync(join(path, 'apiclient_cert.pem'), merchant.certificate)
    const config = { apiV3Key, mchCert: './apiclient_cert.pem', publicKeyId: publicKey.id, publicKey: publicKey.publicKey }
    const e = { type: 'pays.WechatPayType', title: 'Fourth', mchId: mchid, appId: apps[1]?.appid, appSecret: apps[1]?.secret }
    writeFileSync(join(path, 'e.json'), JSON.stringify(e))
    writeFileSync(
      join(path, 'by-folder.json'),
      JSON.stringify({ config: { ...config, privateKeyFile: 'apiclient_key.pem', gateway: second.origin } }),
    )

    expect(await add('fourth', path)).toMatchObject({ code: 0 })
    rmSync(path, { recursive: true })
    await paidThrough('fourth', second)
  }, 40_000)

  it.each([
    [
      'names every problem, and stores nothing',
      { WECHAT_API_V3_KEY: 'short-secret', WECHAT_MCH_ID: '12' },
      ['WECHAT_API_V3_KEY', 'apiV3Key'],
      ['mchId'],
    ],
    ['names a member that nobody knows', { WECHAT_MCHID: '1900000109' }, ['WECHAT_MCHID'], ['is no member']],
  ])('%s', async (_name, wrong, names, others) => {
    const from = file('wrong.json', describedBy(second, wrong))

    const { code, err } = await add('wrong', from)

    expect(code).toBe(1)
    expect([...names, ...others].filter((name) => err.includes(name)).length).toBeGreaterThanOrEqual(2)
    expect(err).not.toContain('short-secret')
    expect((await run('accounts', 'list', '--json')).json.items.map((one: { account: string }) => one.account)).not.toContain('wrong')
  })

  it.each([
    ['second', 'already'],
    ['default', 'already'],
    ['a/b', 'no name'],
  ])('cannot be called %s', async (name, problem) => {
    const { code, err } = await add(name, file('second.json', describedBy(second)))

    expect([code, err.includes(problem)]).toEqual([1, true])
  })
})

describe('npx shouyin accounts list', () => {
  it('shows channel, name, merchant number, fingerprint and dates of all accounts, and no secret', async () => {
    const { code, out, json } = await run('accounts', 'list', '--json')
    const { out: text } = await run('accounts', 'list')

    expect(code).toBe(0)
    expect(json.items).toEqual(
      expect.arrayContaining([
        { channel: 'wechat', account: 'default', from: 'environment', merchantNumber: shop.emulator.credentials().mchid },
        expect.objectContaining({ channel: 'alipay', account: 'default' }),
        {
          channel: 'wechat',
          account: 'second',
          from: 'database',
          merchantNumber: second.emulator.credentials().mchid,
          fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
          createdAt: expect.stringMatching(/\+08:00$/),
          updatedAt: expect.stringMatching(/\+08:00$/),
          sealedUnderPreviousKey: false,
        },
      ]),
    )
    for (const secret of [...secretsOf(second), ...Object.values(shop.secrets)]) expect(out + text).not.toContain(secret)
  })
})

describe('npx shouyin accounts rotate', () => {
  const rotate = (name: string, from: string, ...more: string[]) =>
    run('accounts', 'rotate', name, '--channel', 'wechat', '--from', from, '--json', ...more)

  it('changes the credentials of an account, and the running server asks with the new ones', async () => {
    await add('turning', file('turning.json', describedBy(second, { WECHAT_API_V3_KEY: 'a'.repeat(32) })))
    const before = (await run('accounts', 'list', '--json')).json.items.find((one: { account: string }) => one.account === 'turning')

    const { code, json } = await rotate('turning', file('turning.json', describedBy(second)))

    expect(code).toBe(0)
    expect(json).toMatchObject({ account: 'turning', createdAt: before.createdAt })
    expect(json.fingerprint).not.toBe(before.fingerprint)
    // The notification opens with the new key alone.
    await shop.eventually(
      async () => shop.logged.filter((one) => one.event === 'account.taken_up' && one.account === 'turning').length,
      (times) => times > 0,
    )
    await paidThrough('turning', second)
  }, 40_000)

  it('to another merchant number is refused, unless it is forced', async () => {
    await add('moving', file('moving.json', describedBy(second)))
    const other = file('other.json', describedBy(third))

    const refused = await rotate('moving', other)
    const forced = await rotate('moving', other, '--force')

    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(third.emulator.credentials().mchid)])
    expect([forced.code, forced.json.merchantNumber]).toEqual([0, third.emulator.credentials().mchid])
  })

  it('of an account that is not in the database is refused', async () => {
    expect(await rotate('nobody', file('second.json', describedBy(second)))).toMatchObject({
      code: 1,
      err: expect.stringContaining('accounts add'),
    })
  })
})

describe('a master key', () => {
  it('is replaced by sealing every account anew, while the one before still opens them', async () => {
    const fresh = { ...environmentOf(shop), MASTER_KEY: 'Zm9yIHRlc3RzIG9ubHkgYnV0IGxvbmcgZW5vdWdo' }
    const both = { ...fresh, MASTER_KEY_PREVIOUS: shop.secrets.MASTER_KEY }

    const withoutOld = await shouyin(fresh, ['reseal'])
    const { json: listed } = await shouyin(both, ['accounts', 'list', '--json'])
    const resealed = await shouyin(both, ['reseal', '--json'])
    const { json: after } = await shouyin(fresh, ['accounts', 'list', '--json'])
    const kept = (json: typeof listed) => json.items.filter((one: { from: string }) => one.from === 'database')

    expect([withoutOld.code, withoutOld.err]).toEqual([1, expect.stringContaining('MASTER_KEY_PREVIOUS')])
    expect(kept(listed).every((one: { sealedUnderPreviousKey: boolean }) => one.sealedUnderPreviousKey)).toBe(true)
    expect(resealed.json.accounts).toBe(kept(listed).length)
    expect(kept(after).some((one: { sealedUnderPreviousKey: boolean }) => one.sealedUnderPreviousKey)).toBe(false)
    // Back, for the server that runs.
    await shouyin({ ...environmentOf(shop), MASTER_KEY_PREVIOUS: fresh.MASTER_KEY }, ['reseal'])
  })
})
