import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { openidOf } from '../../../server/emulator/credentials.ts'
import { listEventTypes } from '../../../server/store/events.ts'
import { claimKey } from '../../../server/store/idempotency.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { inParallel } from '../../support/deliver.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { paidOrder, startAnother, startShopOnLine } from './instances.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const minute = 60_000

describe('what a crash left in progress', () => {
  it('F-099: an idempotency record ends by itself within a minute; until then it is a conflict, afterwards the request runs', async () => {
    const body = { subject: 'Tea', amount: '1.00' }
    const probe = await shop.post('/orders', body, { 'idempotency-key': 'f099-probe' })
    const [row] = await shop.query((db) => db.query.selectFrom('idempotency').selectAll().where('idem_key', '=', 'f099-probe').execute())
    if (!row) throw new Error('the key was not kept')
    const now = asInstant(shop.emulator.now())
    await shop.query((db) =>
      claimKey(db, {
        scope: row.scope,
        key: 'f099',
        route: row.route,
        requestHash: row.request_hash,
        recordId: 'idem_f099',
        now,
        leaseMs: 20_000,
      }),
    )

    const early = await shop.post('/orders', body, { 'idempotency-key': 'f099' })
    await shop.advance(minute)
    const late = await shop.post('/orders', body, { 'idempotency-key': 'f099' })

    expect(probe.status).toBe(201)
    expect(early).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect(late.status).toBe(201)
    expect((await shop.post('/orders', body, { 'idempotency-key': 'f099' })).text).toBe(late.text)
  })

  it('F-099: a lease and a reservation end by themselves within a minute: the refund goes out once', async () => {
    const order = await paidOrder(shop, { amount: '5.00' })
    shop.emulator.arm({ fault: 'reset', match: { path: '/v3/refund' }, times: 2 })
    await shop.refund(order.orderId)
    // The process that held the task is gone: its lease stands, and nobody gives it back.
    await shop.query((db) =>
      db.query
        .updateTable('tasks')
        .set({ lease_owner: 'run_of_the_dead', lease_until: asInstant(shop.emulator.now() + minute) })
        .where('kind', '=', 'refund.send')
        .execute(),
    )
    await shop.advance(minute + 1000)
    await shop.eventually(
      () => shop.read(order.orderId),
      (seen: Data) => seen.refunds[0].status !== 'pending',
    )
    await shop.advance(2000)

    expect(await shop.until(order.orderId, (seen) => seen.refundStatus === 'full')).toMatchObject({ refunds: [{ status: 'succeeded' }] })
  })
})

describe('everything in one second', () => {
  it('F-100: cancel, expiry, payment, a late notification and a refund of each order, on two instances: one story each', async () => {
    const busy = await startShopOnLine()
    const other = await startAnother(busy.shop, { WECHAT_GATEWAY: busy.line.origin })
    const both = [busy.shop, other]
    try {
      const ids = Array.from({ length: 100 }, (_, nth) => `STORM-${String(nth).padStart(4, '0')}`)
      await inParallel(ids, 10, async (orderId) => {
        await busy.shop.order({ orderId, amount: '2.00', expiresIn: 60 })
        await busy.shop.pay(orderId)
      })
      await other.advance(61_000)

      await inParallel(ids, 10, async (orderId) => {
        const nth = Number(orderId.slice(-4))
        const [one, two] = nth % 2 === 0 ? both : [...both].reverse()
        if (nth % 5 === 0) busy.shop.emulator.arm({ fault: 'late_notify', match: { outTradeNo: orderId } })
        if (nth % 5 === 1) busy.shop.emulator.arm({ fault: 'duplicate_notify', match: { outTradeNo: orderId } })
        await Promise.all([
          busy.shop.phone(orderId, 'pay', { force: nth % 3 === 0 }).catch(() => undefined),
          one?.post(`/orders/${orderId}/cancel`),
          two?.post(`/orders/${orderId}/cancel`),
          two?.post(`/orders/${orderId}/check`),
          one?.refund(orderId, { amount: '1.50' }),
          two?.refund(orderId, { amount: '1.50' }),
        ])
      })
      // Hours later everything that was late has come.
      for (let nth = 0; nth < 4; nth++) {
        await Promise.all([busy.shop.advance(61 * minute), other.advance(61 * minute)])
        await pause(1200)
      }

      for (const orderId of ids) {
        const order = await busy.shop.until(
          orderId,
          (seen) => seen.status !== 'pending' && seen.refunds.every((refund: Data) => refund.status === 'succeeded'),
        )
        const payment = busy.shop.emulator.payments.find(order.attempts[0].outTradeNo)
        const isPaid = payment.state === 'SUCCESS' || payment.state === 'REFUND'
        const ends = (await busy.shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))).filter((type) =>
          ['payment.succeeded', 'order.closed'].includes(type),
        )
        expect(ends).toEqual([order.status === 'succeeded' ? 'payment.succeeded' : 'order.closed'])
        const back = [...busy.shop.emulator.state().refund.values()]
          .filter((refund) => refund.outTradeNo === payment.outTradeNo)
          .reduce((sum, refund) => sum + refund.refund, 0)
        if (order.status === 'closed') expect(back).toBe(isPaid ? 200 : 0)
        else expect([isPaid, back <= 150, order.refundedAmount]).toEqual([true, true, back === 0 ? '0.00' : '1.50'])
      }
    } finally {
      await other.close()
      await busy.end()
    }
  }, 60_000)
})

describe('secrets', () => {
  it('F-112: are found nowhere but where they are sealed, after everything went wrong at least once', async () => {
    const canary = (name: string) => `canary-${name}-0123456789-abcdefghij`
    const one = await startShop({ environment: { SESSION_SECRET: canary('session'), MASTER_KEY: canary('master') } })
    const apiKey = one.key
    const said: string[] = []
    const ask = async (method: string, path: string, more: Parameters<Shop['request']>[2] = {}) => {
      const answer = await one.request(method, path, { token: apiKey, ...more })
      said.push(answer.text, JSON.stringify([...answer.headers]))
      return answer
    }
    try {
      const { apps, apiV3Key, merchant, mchid } = one.emulator.credentials()
      const code = one.emulator.mintCode({ person: 'alice' })
      const session = await one.post('/cashier/session', { code, app: 'miniprogram' }, undefined, '')
      const { token } = session.data
      await ask('POST', '/cashier/session', { token: '', body: { code, app: 'miniprogram' } })
      const mine = await ask('POST', '/cashier/orders', { token, body: { items: [{ productId: 'cake', quantity: 1 }] } })
      for (const fault of ['status_500', 'bad_signature', 'system_error', 'huge_body', 'redirect', 'reset']) {
        one.emulator.arm({ fault, match: { path: '/v3/pay/transactions/jsapi' }, times: 3 })
        await ask('POST', `/cashier/orders/${mine.data.orderId}/pay`, { token, body: { payType: 'MINIPROGRAM' } })
      }
      one.emulator.arm({ fault: 'undecryptable_notify', match: { outTradeNo: mine.data.orderId } })
      await one.post(`/cashier/orders/${mine.data.orderId}/pay`, { payType: 'MINIPROGRAM' }, undefined, token)
      await one.phone(mine.data.orderId)
      await one.advance(16_000)
      await one.until(mine.data.orderId, (seen) => seen.status === 'succeeded')
      await ask('GET', '/orders', { token: `${apiKey}x` })
      await ask('GET', '/cashier/orders', { token: `${token}x` })
      await ask('POST', '/orders', { body: `{"subject":"${apiKey}` })
      for (const path of ['', '/timeline']) await ask('GET', `/orders/${mine.data.orderId}${path}`)
      await ask('GET', `/cashier/orders/${mine.data.orderId}`, { token })
      await ask('POST', `/orders/${mine.data.orderId}/refunds`, { body: { amount: '1.00' } })
      for (const path of ['/orders', '/refunds', '/unmatched', '/products']) await ask('GET', path)
      for (const path of ['/metrics', '/openapi.json', '/readyz', '/healthz']) said.push(await (await fetch(one.origin() + path)).text())
      await one.restart()
      const stored = await everythingIn(one)
      const events = await one.query((db) => db.query.selectFrom('events').selectAll().execute())
      const lines = await one.query((db) => db.query.selectFrom('timeline').selectAll().execute())

      const keys = {
        'the session secret': canary('session'),
        'the master key': canary('master'),
        'the merchant’s API key': apiKey,
        'the APIv3 key': apiV3Key,
        'the private key': merchant.privateKey.split('\n')[3] ?? '',
        ...Object.fromEntries(apps.map(({ kind, secret }) => [`the secret of the ${kind} app`, secret])),
        'a session': token,
        'a login code': code,
      }
      const openId = openidOf(one.emulator.credentials(), apps.find(({ kind }) => kind === 'miniprogram')?.appid ?? '', 'alice')
      for (const [name, secret] of Object.entries(keys))
        for (const form of formsOf(secret))
          for (const [place, text] of Object.entries({ answers: said.join('\n'), log: JSON.stringify(one.logged), store: stored }))
            expect([name, place, text.includes(form)]).toEqual([name, place, false])
      for (const form of formsOf(openId))
        for (const [place, text] of Object.entries({
          answers: said.join('\n'),
          log: JSON.stringify(one.logged),
          events: JSON.stringify(events),
          timeline: JSON.stringify(lines),
        }))
          expect([place, text.includes(form)]).toEqual([place, false])
      // Where they may be they are found, so that the search itself is known to work.
      expect(stored).toContain(mchid)
      expect(stored).toContain(openId)
      expect(JSON.stringify(one.logged)).toContain(mine.data.orderId)
    } finally {
      await one.close()
    }
  }, 20_000)

  it('F-112: a session is in no row of the store when it was asked for with an Idempotency-Key', async () => {
    const code = shop.emulator.mintCode({ person: 'alice' })

    const { data } = await shop.post('/cashier/session', { code, app: 'miniprogram' }, { 'idempotency-key': 'login-once' }, '')

    expect(data.token).toMatch(/\./)
    expect(await everythingIn(shop)).not.toContain(data.token)
  })

  /** As it stands, and as it looks when something wrapped it: Base64 of either kind, hex, an address, a text in JSON. */
  function formsOf(secret: string): string[] {
    const plain = Buffer.from(secret)
    return [
      secret,
      plain.toString('base64').replace(/=+$/, ''),
      plain.toString('base64url'),
      plain.toString('hex'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]
  }

  async function everythingIn(of: Shop): Promise<string> {
    return of.query(async (db) => {
      const tables = await sql
        .raw<{ name: string }>(
          db.dialect.kind === 'sqlite'
            ? "SELECT name FROM sqlite_schema WHERE type = 'table'"
            : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
        )
        .execute(db.query)
      const rows = await Promise.all(tables.rows.map(({ name }) => sql`SELECT * FROM ${sql.table(name)}`.execute(db.query)))
      return JSON.stringify(rows.map((result) => result.rows))
    })
  }
})

describe('a new login', () => {
  it('F-101: makes a new session each time, also within one millisecond', async () => {
    const [first, second] = await Promise.all([shop.login('erin'), shop.login('erin')])

    expect(second).not.toBe(first)
    expect((await shop.get('/cashier/orders', second)).status).toBe(200)
  })
})
