import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { environmentOf, shouyin } from '../../support/command.ts'
import { freshDatabase } from '../../support/databases.ts'
import { bad, examine, type Found, type Given, offline } from '../../support/examine.ts'
import { freePort } from '../../support/mariadb.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const minute = 60_000

let shop: Shop
let folder: string
beforeAll(async () => {
  shop = await startShop()
  folder = mkdtempSync(join(tmpdir(), 'shouyin-doctor-'))
})
afterAll(async () => {
  await shop.close()
  rmSync(folder, { recursive: true })
})

const doctor = (given?: Given, more?: Parameters<typeof examine>[2]) => examine(shop, given, more)

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('a healthy installation', () => {
  it('has no warning: every account, the database and the running server were looked at', async () => {
    const ran = await doctor()

    expect(bad(ran)).toEqual([])
    expect(ran.code).toBe(0)
    expect(new Set(ran.found.filter((one) => one.severity === 'ok').map((one) => one.id))).toEqual(
      new Set([
        'configuration',
        'secrets',
        'database',
        'migrations',
        'durability',
        'server',
        'tasks',
        'notify_url',
        'wechat.signature',
        'wechat.apiv3_key',
        'wechat.appid',
        'wechat.app_secret',
        'qfpay.key',
        'alipay.key',
        'clock',
        'public_url',
        'notify_path',
        'alarms',
      ]),
    )
  })

  it('is told in words, in the language of the terminal', async () => {
    const [en, zh] = [await shouyin(environmentOf(shop), ['doctor']), await shouyin(environmentOf(shop), ['doctor', '--lang', 'zh'])]

    expect([en.code, zh.code]).toEqual([0, 0])
    expect(en.out).toContain('Nothing wrong was found.')
    expect(zh.out).toContain('没有发现问题。')
  })

  it('leaves no order open at the channel: trials are closed at once', async () => {
    await doctor()

    const trials = [...shop.emulator.state().payment.values()].filter((one) => one.outTradeNo.startsWith('DOCTOR'))

    expect(trials.length).toBeGreaterThan(0)
    expect(new Set(trials.map((one) => one.state))).toEqual(new Set(['CLOSED']))
  })

  it('offline asks nobody', async () => {
    const before = shop.emulator.state().payment.size
    const ran = await doctor({ WECHAT_GATEWAY: 'http://127.0.0.1:9' }, offline)

    expect(ran.code).toBe(0)
    expect(ran.found.map((one) => one.id)).not.toContain('wechat.signature')
    expect(shop.emulator.state().payment.size).toBe(before)
  })

  it('with API v2 has no warning either', async () => {
    const ran = await doctor({ ...shop.emulator.environmentFor('v2') })

    expect(bad(ran)).toEqual([])
    expect(ran.found.map((one) => one.id)).toEqual(expect.arrayContaining(['wechat.v2_key', 'wechat.v2_certificate', 'wechat.appid']))
  })

  it('as a service provider has no warning either', async () => {
    expect(bad(await doctor({ ...shop.emulator.environmentFor('partner') }))).toEqual([])
  })
})

describe('the clock', () => {
  it.each<[string, number, string]>([
    ['two minutes ahead is a warning', 2 * minute, 'warning'],
    ['two minutes behind is a warning', -2 * minute, 'warning'],
    ['ten minutes ahead is an error', 10 * minute, 'error'],
    ['ten minutes behind is an error', -10 * minute, 'error'],
  ])('%s, measured by the channel’s own date', async (_name, skewMs, severity) => {
    const ran = await doctor({}, { skewMs })

    expect(bad(ran).find((one) => one.id === 'clock')).toMatchObject({
      severity,
      remedy: { zh: expect.stringContaining('NTP'), en: expect.stringContaining('NTP') },
    })
  })
})

describe('the installation', () => {
  it('whose public address leads to a server on another database is a copy, or has the wrong address', async () => {
    const original = await startShop()
    try {
      const found = bad(await doctor({ PUBLIC_URL: original.origin() }))

      expect(found).toContainEqual(expect.objectContaining({ id: 'installation', severity: 'error', about: original.origin() }))
      expect(found.find((one) => one.id === 'installation')?.remedy?.zh).toContain('副本')
    } finally {
      await original.close()
    }
  })

  it('whose database was in use under another address today may be a copy', async () => {
    const found = bad(await doctor({ PUBLIC_URL: 'https://copy.example.com', TRUSTED_PROXIES: '1' }, offline))

    expect(found).toEqual([expect.objectContaining({ id: 'installation', severity: 'warning', about: shop.origin() })])
  })

  it('whose public address is answered by something else is told so', async () => {
    const found = bad(await doctor({ PUBLIC_URL: shop.emulatorOrigin }))

    expect(found).toContainEqual(expect.objectContaining({ id: 'public_url', severity: 'error' }))
    expect(found).toContainEqual(expect.objectContaining({ id: 'notify_path', severity: 'error' }))
  })

  it('that does not run yet is a note, not an error', async () => {
    const database = await freshDatabase()
    try {
      const given = { DATABASE_URL: database.url, PUBLIC_URL: `http://127.0.0.1:${await freePort()}` }
      await shouyin({ ...environmentOf(shop), ...given }, ['migrate'])
      const ran = await doctor(given)

      expect([ran.code, bad(ran)]).toEqual([0, []])
      expect(ran.found).toContainEqual(expect.objectContaining({ id: 'server', severity: 'note' }))
    } finally {
      await database.drop()
    }
  })

  it('with nothing configured is the demo, which is no error', async () => {
    const { code, out } = await shouyin({ DATABASE_URL: `sqlite:${folder}/nowhere.sqlite` }, ['doctor'])

    expect([code, out]).toEqual([0, expect.stringContaining('npm start runs the demo')])
  })

  it.each<[string, Given, string, string, RegExp]>([
    [
      'a private notify address',
      { WECHAT_GATEWAY: 'https://api.mch.weixin.qq.com', PUBLIC_URL: 'https://10.1.2.3', TRUSTED_PROXIES: '1' },
      'notify_url',
      'error',
      /public https host/,
    ],
    [
      'a notify address without https',
      { WECHAT_GATEWAY: 'https://api.mch.weixin.qq.com', WECHAT_NOTIFY_URL: 'http://pay.example.com/notify' },
      'notify_url',
      'error',
      /TLS/,
    ],
    ['no trusted proxy in front of https', { PUBLIC_URL: 'https://pay.example.com' }, 'trusted_proxies', 'warning', /TRUSTED_PROXIES/],
    ['a session secret that can be guessed', { SESSION_SECRET: 'password'.repeat(5) }, 'secrets', 'warning', /openssl rand/],
    ['a master key of few letters', { MASTER_KEY: '0101'.repeat(10) }, 'secrets', 'warning', /openssl rand/],
    ['one secret for two purposes', { MASTER_KEY: 'Jx4vQ0nT7sYb2KfWm9RzLc5Hd1GpEuAo' }, 'secrets', 'warning', /one for each/],
    [
      'the demo’s key at a public address',
      { BOOTSTRAP_API_KEY: 'sk_test_demo', PUBLIC_URL: 'https://pay.example.com' },
      'demo_key',
      'error',
      /sk_live_/,
    ],
    ['a name that is probably misspelt', { WECHAT_MCHID: '1900000109' }, 'configuration.name', 'warning', /Correct the name/],
  ])('%s is found', async (_what, given, id, severity, remedy) => {
    const found = bad(await doctor(given, offline)).find((one) => one.id === id)

    expect(found).toMatchObject({ severity })
    expect(found?.remedy?.en).toMatch(remedy)
  })
})

describe('the database', () => {
  it('that cannot be reached is an error, and its password stays unseen', async () => {
    const ran = await doctor({ DATABASE_URL: 'mysql://shouyin:hunter2-hunter2@127.0.0.1:9/shouyin' }, offline)

    expect(ran.code).toBe(1)
    expect(bad(ran)).toContainEqual(expect.objectContaining({ id: 'database', severity: 'error' }))
    expect(ran.out).not.toContain('hunter2')
  }, 30_000)

  it('without this program’s schema is an error that names the command', async () => {
    const database = await freshDatabase()
    try {
      // SQLite's file has to be there to be looked at.
      if (database.url.startsWith('sqlite:')) writeFileSync(database.url.slice('sqlite:'.length), '')
      const found = bad(await doctor({ DATABASE_URL: database.url }, offline))

      expect(found).toEqual([
        expect.objectContaining({
          id: 'migrations',
          severity: 'error',
          remedy: expect.objectContaining({ en: 'Run npx shouyin migrate' }),
        }),
      ])
    } finally {
      await database.drop()
    }
  })
})

describe('what waits for somebody is told', () => {
  let busy: Shop
  beforeAll(async () => {
    busy = await startShop()
  })
  afterAll(() => busy.close())

  const found = async (given: Given = {}, words: string[] = []): Promise<Found[]> =>
    bad({ found: (await shouyin({ ...environmentOf(busy), ...given }, ['doctor', '--json', ...words])).json.findings })

  it('payers of an app that is not configured any more', async () => {
    await busy.login('alice')
    const { WECHAT_MINIPROGRAM_APP_ID: former } = busy.emulator.environment()

    expect(await found({ WECHAT_MINIPROGRAM_APP_ID: 'wx00000000000000f0' }, ['--offline'])).toContainEqual(
      expect.objectContaining({ id: 'payers', about: former, remedy: expect.objectContaining({ en: expect.stringContaining('AppID') }) }),
    )
  })

  it('money that matches no order, by the list and by the alarm of the running server', async () => {
    const { orderId } = await busy.order()
    await busy.pay(orderId)
    busy.emulator.arm({ fault: 'unknown_order', match: { outTradeNo: orderId } })
    await busy.phone(orderId)
    await busy.eventually(
      async () => (await busy.get('/unmatched')).data.items.length,
      (count) => count > 0,
    )

    const all = await found()

    expect(all).toContainEqual(expect.objectContaining({ id: 'unmatched_money' }))
    expect(all).toContainEqual(expect.objectContaining({ id: 'alarms', about: 'unmatched_money' }))
    for (const { unmatchedId } of (await busy.get('/unmatched?status=open')).data.items)
      await busy.post(`/unmatched/${unmatchedId}/note`, { note: 'a test' })
    const settled = await busy.eventually(found, (now) => !now.some(({ about }) => about === 'unmatched_money'))
    expect(settled).not.toContainEqual(expect.objectContaining({ id: 'unmatched_money' }))
  })

  it('a task that is overdue although a server runs', async () => {
    const now = Date.now()
    await busy.query((db) =>
      db.query
        .insertInto('tasks')
        .values({ ...aTask, run_at: now - 20 * minute, lease_until: now + 50_000 } as never)
        .execute(),
    )

    expect(await found({}, ['--offline'])).toContainEqual(
      expect.objectContaining({ id: 'tasks', words: expect.objectContaining({ en: expect.stringContaining('refund.sync') }) }),
    )
  })

  it('an account in the database that the master key does not open', async () => {
    const names = Object.entries(busy.emulator.environment()).filter(([name]) => name.startsWith('WECHAT_') && !name.endsWith('_BASE'))
    const from = file('kept.json', JSON.stringify(Object.fromEntries(names)))
    await shouyin(environmentOf(busy), ['accounts', 'add', 'kept', '--channel', 'wechat', '--from', from])

    const all = await found({ MASTER_KEY: 'Zq7wKd2LxN5vRb8TjYh3MgFc6PaSe1Uo' }, ['--offline'])

    expect(all).toContainEqual(expect.objectContaining({ id: 'account', severity: 'error', about: 'wechat/kept' }))
    expect(all.find((one) => one.id === 'account')?.remedy?.en).toContain('MASTER_KEY_PREVIOUS')
  })
})

const aTask = {
  merchant_id: 'mer_default',
  kind: 'refund.sync',
  subject: 'ref_nobody',
  task_id: 'tsk_overdue',
  tries: 1,
  lease_owner: 'run_dead',
}
