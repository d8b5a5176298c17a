import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { isGenuine, opened, start, startWorld, type World } from './virtual-world.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

describe('a notification', () => {
  it('is signed by the key it names and opens to the order as a query shows it', async () => {
    await world.paid('LETTER-001', { attach: 'table 7' })
    const [letter] = world.letterOf('LETTER-001')
    const envelope = JSON.parse(Buffer.from(letter?.body ?? '').toString())

    expect(letter?.url).toBe('http://127.0.0.1:9/notify')
    expect(letter && isGenuine(world, letter)).toBe(true)
    expect(envelope).toMatchObject({
      event_type: 'TRANSACTION.SUCCESS',
      resource_type: 'encrypt-resource',
      create_time: '2026-01-02T12:00:00+08:00',
      resource: { original_type: 'transaction', algorithm: 'AEAD_AES_256_GCM', nonce: expect.stringMatching(/^.{12}$/) },
    })
    expect(letter && opened(world, letter)).toEqual((await world.query('LETTER-001')).data)
    expect(letter && opened(world, letter)).toMatchObject({ attach: 'table 7', trade_state: 'SUCCESS', amount: { total: 100 } })
  })

  it('of a refund comes when it ends, with its own state member', async () => {
    await world.paid('LETTER-002')
    await world.refund('LETTER-002', 'LETTER-R2', { notify_url: 'http://127.0.0.1:9/refunds' })
    const before = world.letterOf('LETTER-002').length
    await world.pass(second)
    const [, letter] = world.letterOf('LETTER-002')

    expect(before).toBe(1)
    expect(letter?.url).toBe('http://127.0.0.1:9/refunds')
    expect(letter && isGenuine(world, letter)).toBe(true)
    expect(letter && opened(world, letter)).toMatchObject({
      out_refund_no: 'LETTER-R2',
      refund_status: 'SUCCESS',
      amount: { total: 100, refund: 100 },
    })
  })

  it.each([200, 204])('answered %d is not sent again', async (status) => {
    world.merchantAnswers(status)
    await world.paid(`TAKEN-0${status}`)
    await world.pass(25 * hour)

    expect(world.letterOf(`TAKEN-0${status}`)).toHaveLength(1)
  })

  it.each([0, 201, 302, 400, 503])(
    'answered %d comes again after fifteen seconds, under the same id and freshly signed',
    async (status) => {
      world.merchantAnswers(status)
      await world.paid(`REFUSED-0${status}`)
      await world.pass(14_999)
      const early = world.letterOf(`REFUSED-0${status}`).length
      world.merchantAnswers(204)
      await world.pass(1)
      const [first, second] = world.letterOf(`REFUSED-0${status}`)

      expect(early).toBe(1)
      expect(idOf(second)).toBe(idOf(first))
      expect(second?.headers['Wechatpay-Nonce']).not.toBe(first?.headers['Wechatpay-Nonce'])
      expect(second && isGenuine(world, second)).toBe(true)
    },
  )

  it('nobody takes comes sixteen times in a day and four minutes', async () => {
    world.merchantAnswers(500)
    await world.paid('LADDER-002')
    await world.pass(48 * hour)
    world.merchantAnswers(204)
    const letters = world.letterOf('LADDER-002')
    const waits = letters.slice(1).map(({ at }, nth) => (at - (letters[nth]?.at ?? start)) / second)

    expect(waits).toEqual([15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600])
  })
})

function idOf(letter: { readonly body: Uint8Array } | undefined): string {
  return JSON.parse(Buffer.from(letter?.body ?? '{}').toString()).id
}
