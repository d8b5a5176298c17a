import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asInstant, chinaDay } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { environmentOf, shouyin } from '../../support/command.ts'
import { freshDatabase } from '../../support/databases.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const day = 24 * 60 * 60 * 1000

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const run = (...words: string[]) => shouyin(environmentOf(shop), words)
/** An order that the channel knows to be paid, and we do not yet. */
async function paidUnheard(): Promise<string> {
  const { orderId } = await shop.order()
  await shop.pay(orderId)
  shop.emulator.arm({ fault: 'drop_notify', match: { outTradeNo: orderId } })
  await shop.phone(orderId)
  return orderId
}
async function paid(amount = '99.99'): Promise<string> {
  const { orderId } = await shop.order({ amount })
  await shop.pay(orderId)
  await shop.phone(orderId)
  await shop.until(orderId, ({ status }) => status === 'succeeded')
  return orderId
}

describe('npx shouyin', () => {
  it('lists every command in the language of the terminal', async () => {
    const [en, zh, forced] = await Promise.all([
      shouyin({ LANG: 'en_US.UTF-8' }, []),
      shouyin({ LANG: 'zh_CN.UTF-8' }, ['help']),
      shouyin({ LANG: 'en_US.UTF-8' }, ['help', 'accounts']),
    ])

    expect([en.code, zh.code, forced.code]).toEqual([0, 0, 0])
    for (const name of ['migrate', 'check', 'refund', 'reconcile', 'accounts add', 'accounts rotate', 'emulator'])
      expect(en.out).toContain(`  ${name}`)
    expect(en.out).toContain('Usage')
    expect(zh.out).toContain('用法')
    expect(forced.out).toMatch(/accounts add[\s\S]+accounts list/)
    expect(forced.out).not.toContain('reconcile')
  })

  it.each([
    [['nonsense'], 'nonsense'],
    [['check'], 'orderId'],
    [['check', 'no order!'], 'no order number'],
    [['check', 'ORDER001', 'more'], 'orderId'],
    [['refund', 'ORDER001', '--amount', 'much'], '--amount'],
    [['refund', 'ORDER001', '--amont', '1'], '--amont'],
    [['reconcile', '2026-01-02', '--channel', 'paypal'], 'paypal'],
    [['reconcile', 'yesterday'], 'yesterday is no day'],
    [['reconcile', '2026-02-30'], '2026-02-30 is no day'],
    [['accounts', 'add', 'x', '--channel', 'wechat'], '--from'],
    [['migrate', '--lang', 'fr'], '--lang'],
    [['emulator', '--port', 'x'], '--port'],
  ])('%j is typed wrongly: told how, with 2', async (words, told) => {
    const { code, out, err } = await run(...words)

    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(told)
    expect(err).toContain('npx shouyin')
  })

  it('tells everything that is wrong with the configuration, shows no secret, and ends with 78', async () => {
    const wrong = { ...environmentOf(shop), WECHAT_MCH_ID: '12', WECHAT_API_V3_KEY: 'too-short-secret' }
    const [text, json] = [await shouyin(wrong, ['check', 'ORDER001']), await shouyin(wrong, ['check', 'ORDER001', '--json'])]

    expect([text.code, json.code]).toEqual([78, 78])
    expect(text.err).toMatch(/WECHAT_MCH_ID[\s\S]+WECHAT_API_V3_KEY/)
    expect(JSON.parse(json.err)).toMatchObject({ error: 'CONFIG', problems: [{ name: 'WECHAT_MCH_ID' }, { name: 'WECHAT_API_V3_KEY' }] })
    expect(text.err + json.err).not.toContain('too-short-secret')
  })

  it('says in one line that the database is away', async () => {
    const away = { ...environmentOf(shop), DATABASE_URL: 'mysql://shop:hunter2secret@127.0.0.1:1/shop' }

    const { code, err } = await shouyin(away, ['keys', 'list'])

    expect(code).toBe(1)
    expect(err).toMatch(/^DATABASE_URL: no database host takes a connection \(connect ECONNREFUSED .*\): is it running.*\n$/)
    expect(err).not.toContain('hunter2secret')
  })

  it.each([
    ['check', 'ORDER001'],
    ['refund', 'ORDER001'],
    ['reconcile', '2026-01-02'],
    ['accounts', 'list'],
  ])('%s sends whoever has configured nothing to the running demo', async (...words) => {
    expect(await shouyin({}, words)).toMatchObject({ code: 1, err: expect.stringContaining('/api/v1') })
  })
})

describe('npx shouyin migrate', () => {
  it('brings an empty database to this program’s schema, once', async () => {
    const database = await freshDatabase()
    try {
      const environment = { ...environmentOf(shop), DATABASE_URL: database.url, MIGRATE: '0' }
      const [first, second] = [await shouyin(environment, ['migrate', '--json']), await shouyin(environment, ['migrate', '--json'])]

      expect([first.code, second.code]).toEqual([0, 0])
      expect(first.json.from).toBe(0)
      expect(first.json.to).toBeGreaterThanOrEqual(6)
      expect(second.json).toEqual({ from: first.json.to, to: first.json.to })
    } finally {
      await database.drop()
    }
  })
})

describe('npx shouyin check', () => {
  it('finds out that an order was paid when its notification got lost, beside the running server', async () => {
    const orderId = await paidUnheard()

    const { code, json } = await run('check', orderId, '--json')

    expect(code).toBe(0)
    expect(json).toMatchObject({ orderId, status: 'succeeded', amount: '99.99', amountMinor: 9999, attempts: [{ kept: true }] })
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded' })
    expect((await run('check', orderId, '--lang', 'zh')).out).toContain('已支付')
  })

  it('says that an order is not there, with 1', async () => {
    expect(await run('check', 'NOSUCHORDER')).toMatchObject({ code: 1, err: expect.stringContaining('does not exist') })
  })
})

describe('npx shouyin refund', () => {
  it('gives part of a payment back, and the same again under the same number only once', async () => {
    const orderId = await paid()
    const ask = ['refund', orderId, '--amount', '9.99', '--reason', 'one cup broken', '--refund-id', `R${orderId}`, '--json']

    const [first, second] = [await run(...ask), await run(...ask)]

    expect([first.code, second.code]).toEqual([0, 0])
    expect(first.json).toMatchObject({ refundId: `R${orderId}`, amount: '9.99', reason: 'one cup broken' })
    expect(second.json.refundId).toBe(first.json.refundId)
    expect((await shop.read(orderId)).refunds).toHaveLength(1)
  })

  it('without an amount gives back what is left, and says how to repeat it', async () => {
    const orderId = await paid()

    const { code, out } = await run('refund', orderId)

    expect(code).toBe(0)
    expect(out).toContain('99.99 CNY')
    expect(out).toMatch(new RegExp(`npx shouyin refund ${orderId} --refund-id \\S+`))
  })

  it.each([
    ['more than was paid', ['--amount', '100'], 'can still be refunded'],
    ['another amount under a number that is taken', ['--amount', '2', '--refund-id', 'TAKEN-ONE'], 'exists'],
  ])('%s is refused, with 1', async (_name, more, problem) => {
    const orderId = await paid()
    await run('refund', orderId, '--amount', '1', '--refund-id', 'TAKEN-ONE')

    expect(await run('refund', orderId, ...more)).toMatchObject({ code: 1, err: expect.stringContaining(problem) })
  })
})

describe('npx shouyin reconcile', () => {
  it('compares a day beside a running server, and the server knows of it', async () => {
    // Yesterday's bill is not made before the morning.
    const before = chinaDay(asInstant(Date.now() - 2 * day))

    const { code, json } = await run('reconcile', before, '--json')

    expect(code).toBe(0)
    expect(json).toMatchObject({ date: before, channel: 'wechat', isEmpty: true, counts: {} })
    expect((await shop.get(`/reconciliations/${before}`)).data).toMatchObject({ date: before, isEmpty: true })
    expect((await run('reconcile', before)).out).toContain('the books agree')
  })

  it.each([['2999-01-01', 'is not over yet']])('says what is wrong with %s', async (word, problem) => {
    expect(await run('reconcile', word)).toMatchObject({ code: 1, err: expect.stringContaining(problem) })
  })
})

/** The command as npx starts it, as a process of its own, in a folder of its own. */
async function inProcess(environment: Record<string, string>, ...words: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'shouyin-cli-'))
  const script = join(import.meta.dirname, '../../../server/cli/shouyin.cjs')
  const child = spawn(process.execPath, [script, ...words], { cwd: folder, env: { PATH: process.env.PATH ?? '', ...environment } })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const end = async () => {
    child.kill('SIGTERM')
    const code = await ended
    const left = await readdir(folder)
    await rm(folder, { recursive: true })
    return { code, left }
  }
  return { out: () => out, ended, end }
}

describe('npx shouyin as a process', () => {
  it('emulator: starts nothing but the emulator, prints what a client needs, and ends on SIGTERM with 0', async () => {
    const child = await inProcess({}, 'emulator', '--port', '0', '--json')
    const { origin, environment }: Data = await shop.eventually(
      async () => {
        try {
          return JSON.parse(child.out())
        } catch {
          return {}
        }
      },
      (seen: Data) => seen.origin !== undefined,
    )

    const credentials: Data = await (await fetch(`${origin}/_emulator/credentials`)).json()

    expect(environment).toMatchObject({ WECHAT_MCH_ID: credentials.mchid, WECHAT_GATEWAY: origin, WECHAT_API_V3_KEY: credentials.apiV3Key })
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(['QFPAY_APP_CODE', 'ALIPAY_APP_ID']))
    expect(await child.end()).toEqual({ code: 0, left: [] })
  }, 30_000)

  it('emulator: a port that is taken is told in one line', async () => {
    const port = new URL(shop.emulatorOrigin).port

    expect(await shouyin({}, ['emulator', '--port', port])).toEqual(
      expect.objectContaining({ code: 1, err: `--port: 127.0.0.1:${port} is in use by another program: end it, or choose another port\n` }),
    )
  })

  it('passes on its exit code', async () => {
    const child = await inProcess({}, 'nonsense')

    expect(await child.ended).toBe(2)
    await child.end()
  }, 30_000)
})

describe('npx shouyin keys', () => {
  const orders = (key: string) => shop.get('/orders', key)

  it('creates a key that is shown once, opens what its scopes say, and is listed without itself', async () => {
    const { code, json } = await run('keys', 'create', '--name', 'till', '--scopes', 'read,pay', '--expires', '90d', '--test', '--json')
    const listed = await run('keys', 'list', '--json')
    const text = await run('keys', 'list')
    const order = await shop.post('/orders', { subject: 'Tea', amount: '1' }, undefined, json.key)
    const refused = await shop.post(`/orders/${order.data.orderId}/refunds`, {}, undefined, json.key)

    expect(code).toBe(0)
    expect(json.key).toMatch(/^sk_test_/)
    expect([order.status, refused.status]).toEqual([201, 403])
    expect(listed.json.items).toContainEqual(
      expect.objectContaining({ keyId: json.keyId, name: 'till', scopes: ['read', 'pay'], revokedAt: null, expiresAt: expect.any(String) }),
    )
    expect(listed.out + text.out).not.toContain(json.key)
  })

  it('revokes a key: it opens nothing from that moment', async () => {
    const { keyId, key } = (await run('keys', 'create', '--json')).json
    const before = await orders(key)

    const [first, second] = [await run('keys', 'revoke', keyId), await run('keys', 'revoke', keyId)]

    expect([first.code, second.code]).toEqual([0, 1])
    expect([before.status, (await orders(key)).status]).toEqual([200, 401])
  })

  it('rotates a key: the new one opens at once, the old one until the overlap ends', async () => {
    const { keyId, key } = (await run('keys', 'create', '--json')).json

    const { json } = await run('keys', 'rotate', keyId, '--overlap', '1h', '--json')

    expect(json.keyId).not.toBe(keyId)
    expect([(await orders(key)).status, (await orders(json.key)).status]).toEqual([200, 200])
    expect((await run('keys', 'list', '--json')).json.items).toContainEqual(
      expect.objectContaining({ keyId, expiresAt: expect.any(String) }),
    )
  })

  it('of another merchant opens that merchant’s orders alone', async () => {
    const { key } = (await run('keys', 'create', '--merchant', 'mer_second', '--json')).json
    const { data } = await shop.post('/orders', { subject: 'Tea', amount: '1' }, undefined, key)

    expect((await shop.get(`/orders/${data.orderId}`)).status).toBe(404)
    expect((await run('check', data.orderId)).code).toBe(1)
    expect((await run('check', data.orderId, '--merchant', 'mer_second', '--json')).json).toMatchObject({ orderId: data.orderId })
  })

  it.each([
    [['keys', 'create', '--scopes', 'read,everything'], 2, 'everything'],
    [['keys', 'create', '--expires', 'tomorrow'], 2, '90d'],
    [['keys', 'revoke', 'key_nobody'], 1, 'keys list'],
    [['keys'], 2, 'keys create'],
  ])('%j is refused', async (words, code, told) => {
    expect(await run(...words)).toMatchObject({ code, err: expect.stringContaining(told) })
  })
})

describe('npx shouyin resend', () => {
  it('has a running server tell an event once more', async () => {
    const heard: string[] = []
    const receiver = createServer((request, response) => {
      heard.push(String(request.headers['webhook-id']))
      response.end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const listening = await startShop({ environment: { WEBHOOK_ALLOW_PRIVATE: '1' } })
    try {
      const { port } = receiver.address() as AddressInfo
      await listening.post('/webhook-endpoints', { url: `http://127.0.0.1:${port}/hook`, types: ['order.created'] })
      await listening.order()
      const [first] = await listening.eventually(
        async () => [...heard],
        (ids) => ids.length === 1,
      )
      // One that is still being told goes on as it was.
      await listening.eventually(
        async () => (await listening.get(`/events/${first}`)).data.deliveries[0]?.status,
        (status) => status === 'succeeded',
      )
      const environment = { ...environmentOf(listening), WEBHOOK_ALLOW_PRIVATE: '1' }

      const { code, json } = await shouyin(environment, ['resend', first ?? '', '--json'])

      expect(code).toBe(0)
      expect(json).toMatchObject({ id: first, type: 'order.created' })
      await listening.eventually(
        async () => [...heard],
        (ids) => ids.length === 2 && ids[1] === first,
      )
    } finally {
      receiver.close()
      await listening.close()
    }
  }, 30_000)

  it('of an event that is not there is refused, with 1', async () => {
    expect(await run('resend', 'evt_nobody')).toMatchObject({ code: 1, err: expect.stringContaining('does not exist') })
  })
})

it('what the command line did is written down with what keys did; what it looked at is not', async () => {
  const orderId = await paid()
  const { out } = await run('refund', orderId, '--amount', '1.00', '--json')
  await run('keys', 'list')
  const { refundId } = JSON.parse(out)

  const { code, out: listed } = await run('audit', '--json')
  const { items }: Data = JSON.parse(listed)

  expect(code).toBe(0)
  expect(items[0]).toMatchObject({ actor: 'command line', action: 'shouyin refund', subject: refundId })
  expect(items.some(({ actor, action }: Data) => actor === 'key_bootstrap' && action === 'POST /api/v1/orders')).toBe(true)
  expect(items.some(({ action }: Data) => action.includes('list') || action.includes('audit'))).toBe(false)
})
