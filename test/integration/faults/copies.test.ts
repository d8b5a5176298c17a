import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { environmentOf, shouyin } from '../../support/command.ts'
import { type Shop, startShop } from '../../support/shop.ts'
import { figure, startAnother } from './instances.ts'

const home = 'https://shop.example'
const elsewhere = 'https://elsewhere.example'
const day = 24 * 60 * 60 * 1000
/** Longer than a server takes to look for work, and for whose work it is. */
const longEnoughMs = 3000

let original: Shop
let copy: Shop
beforeEach(async () => {
  original = await startShop({ environment: { PUBLIC_URL: home, TRUSTED_PROXIES: '1' } })
  // A server elsewhere on the same rows stands for one on a copy of them: it knows no more of it.
  copy = await startAnother(original, { PUBLIC_URL: elsewhere, TRUSTED_PROXIES: '1' })
})
afterEach(async () => {
  await copy.close()
  await original.close()
})

const alarm = (shop: Shop) => figure(shop, 'shouyin_alarms', 'kind="store_elsewhere"')
/** As an operator does it at the new place. */
const adopt = (...how: string[]) => shouyin({ ...environmentOf(original), PUBLIC_URL: elsewhere }, ['adopt', ...how, '--lang', 'en'])
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 60 && !(await holds()); round++) await sleep(200)
}

/** Of an order that is due to be closed, by the clock of the server elsewhere. */
async function overdueElsewhere(): Promise<string> {
  const { orderId } = await original.order()
  await until(async () => (await alarm(copy)) === 1)
  await copy.advance(day)
  return orderId
}

describe('F-094 a copy of the database, started elsewhere with the same credentials', () => {
  it('is named, and closes, refunds and tells nothing', async () => {
    const orderId = await overdueElsewhere()
    await sleep(longEnoughMs)

    expect((await copy.read(orderId)).status).toBe('pending')
    expect([await alarm(copy), await alarm(original)]).toEqual([1, 0])
    expect(copy.logged).toContainEqual(
      expect.objectContaining({ alarm: 'store_elsewhere', home, here: elsewhere, remedy: expect.stringContaining('npx shouyin adopt') }),
    )
  })

  it('goes on when somebody says that the shop moved there, and then the former server rests', async () => {
    const orderId = await overdueElsewhere()

    const { code, out } = await adopt()

    expect([code, out]).toEqual([0, expect.stringContaining(`it was done at ${home}`)])
    expect((await copy.until(orderId, ({ status }) => status === 'closed')).status).toBe('closed')
    await until(async () => (await alarm(original)) === 1)
    expect([await alarm(copy), await alarm(original)]).toEqual([0, 1])
  })

  it('that goes on by itself numbers its orders apart', async () => {
    const installation = () =>
      original.query((db) => db.query.selectFrom('installation').select('installation_id').executeTakeFirstOrThrow())
    const before = await installation()

    await adopt('--as-copy')

    expect(await installation()).not.toEqual(before)
  })
})
