import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { listEventTypes } from '../../../server/store/events.ts'
import { asOrderId, defaultMerchant } from '../../../shared/kernel/ids.ts'
import type { Answer } from '../../support/client.ts'
import { storeKind } from '../../support/databases.ts'
import { deliver } from '../../support/deliver.ts'
import { type MariaDbProxy, startProxy } from '../../support/mariadb-proxy.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure, type Letter, paidOrder, paidWithLetter, startAnother } from './instances.ts'

const inboxPath = '/api/v1/payments/wechat/notify'
/** The channel waits no longer for an answer to what it tells. */
const notifyLimitMs = 5000

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.close())

const events = (orderId: string) => shop.query((db) => listEventTypes(db, defaultMerchant, asOrderId(orderId)))
const paidStory = ['order.created', 'payment.succeeded']

describe('two instances', () => {
  let other: Shop
  beforeAll(async () => {
    other = await startAnother(shop)
  })
  afterAll(() => other.close())
  const turns = (count: number) => Array.from({ length: count }, (_, nth) => (nth % 2 === 0 ? shop : other))
  const statusesOf = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))].sort((one, other) => one - other)

  it('F-047: that make one order at once give the same order', async () => {
    const orderId = `RACE${Date.now()}`

    const answers = await Promise.all(turns(12).map((one) => one.post('/orders', { orderId, subject: 'Tea', amount: '1.00' })))

    expect(statusesOf(answers).every((status) => status === 200 || status === 201)).toBe(true)
    expect(new Set(answers.map(({ data }) => `${data.orderId} ${data.createdAt}`)).size).toBe(1)
    expect(await events(orderId)).toEqual(['order.created'])
  })

  it('F-047: that make two orders under one number at once: one is there, the others are told of the conflict', async () => {
    const orderId = `CLASH${Date.now()}`

    const answers = await Promise.all(
      turns(12).map((one, nth) => one.post('/orders', { orderId, subject: 'Tea', amount: `${nth + 1}.00` })),
    )

    const made = answers.filter(({ status }) => status === 201)
    expect(made).toHaveLength(1)
    expect(answers.filter(({ status, body }) => status === 409 && body.code === 'CONFLICT')).toHaveLength(11)
    expect((await shop.read(orderId)).amount).toBe(made[0]?.data.amount)
  })

  it('F-047: that refund under one number at once refund once', async () => {
    const { orderId } = await paidOrder(shop, { amount: '10.00' })
    const refundId = `RACE${Date.now()}`

    const same = await Promise.all(turns(12).map((one) => one.refund(orderId, { refundId, amount: '1.00' })))
    const others = await Promise.all(turns(4).map((one) => one.refund(orderId, { refundId, amount: '2.00' })))

    expect(statusesOf(same)).toEqual([201])
    expect(new Set(same.map(({ data }) => data.refundId))).toEqual(new Set([refundId]))
    expect(others.map(({ status, body }) => [status, body.code])).toEqual(Array(4).fill([409, 'CONFLICT']))
    expect((await shop.read(orderId)).refunds).toMatchObject([{ refundId, amount: '1.00' }])
    expect((await events(orderId)).filter((type) => type === 'refund.created')).toHaveLength(1)
  })

  it('F-047: that are asked under one Idempotency-Key at once do it once', async () => {
    const key = { 'idempotency-key': `race-${Date.now()}` }
    const before = await ordersThere()

    const answers = await Promise.all(turns(12).map((one) => one.post('/orders', { subject: 'Tea', amount: '1.00' }, key)))

    expect(answers.every(({ status, body }) => status === 201 || (status === 409 && body.code === 'CONFLICT'))).toBe(true)
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1)
    expect((await ordersThere()) - before).toBe(1)
  })

  it('F-048: one shows at once what the other has confirmed, and decides by what is there', async () => {
    for (let nth = 0; nth < 10; nth++) {
      const { orderId } = await shop.order()
      expect((await other.read(orderId)).status).toBe('pending')
      await other.post(`/orders/${orderId}/cancel`)
      expect((await shop.read(orderId)).status).toBe('closed')
      expect((await shop.pay(orderId)).body.code).toBe('ORDERCLOSED')
    }
  })

  async function ordersThere(): Promise<number> {
    return shop.query(async (db) => (await db.query.selectFrom('orders').select('order_id').execute()).length)
  }
})

const onMysql = storeKind === 'mysql' ? describe : describe.skip

onMysql('a store on a server that does not always do as it is told', () => {
  let proxy: MariaDbProxy
  let far: Shop
  beforeAll(async () => {
    proxy = await startProxy(shop.databaseUrl)
    far = await startAnother(shop, { DATABASE_URL: proxy.url })
  })
  afterAll(async () => {
    await far.close()
    await proxy.stop()
  })
  const told = (letter: Letter) => deliver({ ...letter, url: far.origin() + inboxPath })
  const retries = (reason: string) => figure(far, 'shouyin_db_retries_total', `reason="${reason}"`)

  it.each([
    [1213, /^update `attempts`/, 'deadlock'],
    [1213, /^insert into `events`/, 'deadlock'],
    [1213, /^commit/, 'deadlock'],
    [1205, /^insert into `events`/, 'lock_wait'],
    [1020, /^update `orders`/, 'snapshot'],
    [3101, /^commit/, 'group_replication'],
    [9007, /^commit/, 'tidb_conflict'],
  ])('F-041, F-042: that says %i to %s in a notification: all of it runs again, the channel sees nothing', async (refuse, on, reason) => {
    const { orderId, letter } = await paidWithLetter(shop)
    const before = await retries(reason)
    proxy.fault({ on, refuse })

    const answer = await told(letter)

    expect(answer.status).toBe(204)
    expect((await retries(reason)) - before).toBe(1)
    expect(await events(orderId)).toEqual(paidStory)
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded', attempts: [{ kept: true }] })
  })

  it.each(['before', 'after'] as const)('F-043: whose COMMIT of a payment is cut %s it was done: one effect, counted', async (cut) => {
    const { orderId, letter } = await paidWithLetter(shop)
    const before = await figure(far, 'shouyin_db_commit_unknown_total')
    proxy.fault({ on: /^commit/, cut })

    const first = await told(letter)
    const again = await told(letter)

    expect([first.status === 204 || first.status >= 500, again.status]).toEqual([true, 204])
    expect((await figure(far, 'shouyin_db_commit_unknown_total')) - before).toBe(1)
    expect(await events(orderId)).toEqual(paidStory)
  })

  it('F-043: whose COMMIT of a payment was done and went unanswered: it is looked up, and told as taken', async () => {
    const { letter } = await paidWithLetter(shop)
    proxy.fault({ on: /^commit/, cut: 'after' })

    expect((await told(letter)).status).toBe(204)
  })

  it.each(['before', 'after'] as const)(
    'F-043: whose COMMIT of a refund is cut %s it was done: one reservation, one refund',
    async (cut) => {
      const { orderId } = await paidOrder(shop, { amount: '10.00' })
      const refundId = `CUT${cut}${Date.now()}`
      proxy.fault({ on: /^commit/, cut })

      const first = await far.refund(orderId, { refundId, amount: '6.00' })
      const again = await far.refund(orderId, { refundId, amount: '6.00' })

      expect([first.status === 201 || first.status >= 500, again.status]).toEqual([true, 201])
      expect((await shop.read(orderId)).refunds).toMatchObject([{ refundId, amount: '6.00' }])
      expect((await far.refund(orderId, { amount: '4.01' })).body.details.refundable).toBe('4.00')
      expect((await events(orderId)).filter((type) => type === 'refund.created')).toHaveLength(1)
    },
  )

  it.each([1053, 1317, 1290])('F-045: that says %i to a statement of a notification: run again on another connection', async (refuse) => {
    const { orderId, letter } = await paidWithLetter(shop)
    proxy.fault({ on: /^insert into `events`/, refuse })

    expect((await told(letter)).status).toBe(204)

    expect(await events(orderId)).toEqual(paidStory)
  })

  it.each([1114, 1021])('F-046: that is full (%i): 500, nothing half written, and it goes on once there is room', async (refuse) => {
    const { orderId, letter } = await paidWithLetter(shop)
    proxy.fault(...Array.from({ length: 4 }, () => ({ on: /^insert into `(events|inbox)`/, refuse })))
    const failed = await figure(far, 'shouyin_notifications_total', 'outcome="error"')

    const refused = await told(letter)
    const ordered = await far.post('/orders', { subject: 'Tea', amount: '1.00' })
    const between = await shop.read(orderId)
    await emptied()

    expect([refused.status, JSON.parse(refused.body).code]).toEqual([500, 'FAIL'])
    expect([ordered.status, ordered.body.code]).toEqual([500, 'SYSTEMERROR'])
    expect(ordered.text).not.toMatch(/insert|SQL|refused on the way/i)
    expect((await figure(far, 'shouyin_notifications_total', 'outcome="error"')) - failed).toBe(1)
    expect(between).toMatchObject({ status: 'pending', attempts: [{ status: 'open' }] })
    expect((await told(letter)).status).toBe(204)
    expect(await events(orderId)).toEqual(paidStory)
  })

  /** Uses up what faults are left, so that there is room again. */
  async function emptied(): Promise<void> {
    await far.eventually(
      () => far.post('/orders', { subject: 'Tea', amount: '1.00' }),
      ({ status }) => status === 201,
    )
  }

  it('F-022: that freezes: the channel is refused in time, and its repeat settles the order', async () => {
    const { orderId, letter } = await paidWithLetter(shop)
    proxy.hang()
    const startedAt = performance.now()

    const refused = await told(letter)
    const tookMs = performance.now() - startedAt
    proxy.wake()

    expect([500, 503]).toContain(refused.status)
    expect(tookMs).toBeLessThan(notifyLimitMs)
    await far.eventually(
      () => told(letter),
      ({ status }) => status === 204,
    )
    expect(await events(orderId)).toEqual(paidStory)
  }, 30_000)
})
