import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { notifyFaults } from '../../server/emulator/faults.ts'
import type { Data } from '../support/client.ts'
import { isGenuine, type Letter, native, opened, startWorld, type World } from './virtual-world.ts'

const minute = 60_000
const hour = 60 * minute
const shown = new Set<string>()
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.merchantAnswers(204)
  world.letters.length = 0
})

/** Pays an order whose notification meets the fault. */
async function paidUnder(fault: string, given: Record<string, unknown> = {}): Promise<readonly Letter[]> {
  shown.add(fault)
  world.emulator.arm({ fault, match: { outTradeNo: numberOf(fault) } })
  await world.paid(numberOf(fault), given)
  return world.letters
}
const numberOf = (fault: string) => `N-${fault}`
const envelopeOf = (letter: Letter | undefined): Data => JSON.parse(Buffer.from(letter?.body ?? '').toString())
const genuine = (letter: Letter | undefined) => letter !== undefined && isGenuine(world, letter)
const contentOf = (letter: Letter | undefined): Data => letter && opened(world, letter)

describe('a notification that does not come as it should', () => {
  it('drop_notify: never; the payment stands', async () => {
    await paidUnder('drop_notify')
    await world.pass(48 * hour)

    expect(world.letters).toEqual([])
    expect((await world.query(numberOf('drop_notify'))).data.trade_state).toBe('SUCCESS')
  })

  it('duplicate_notify: twice, under two ids, both genuine', async () => {
    const letters = await paidUnder('duplicate_notify')

    expect(letters.map(genuine)).toEqual([true, true])
    expect(new Set(letters.map((letter) => envelopeOf(letter).id)).size).toBe(2)
    expect(contentOf(letters[0])).toEqual(contentOf(letters[1]))
  })

  it('late_notify: two hours later', async () => {
    await paidUnder('late_notify')
    await world.pass(2 * hour - 1)
    const early = world.letters.length
    await world.pass(1)

    expect([early, world.letters.length]).toEqual([0, 1])
    expect(genuine(world.letters[0])).toBe(true)
  })

  it('reorder_notify: behind the next one', async () => {
    await paidUnder('reorder_notify')
    await world.paid('N-next')

    expect(world.letters.map((letter) => contentOf(letter).out_trade_no)).toEqual(['N-next', numberOf('reorder_notify')])
  })
})

describe('a notification that is not to be believed', () => {
  it('forge_notify: its signature is not of its key; the genuine one follows when it was refused', async () => {
    world.merchantAnswers(401)
    await paidUnder('forge_notify')
    world.merchantAnswers(204)
    await world.pass(15_000)

    expect(world.letters.map(genuine)).toEqual([false, true])
  })

  it('truncate_notify: its end is missing', async () => {
    const [letter] = await paidUnder('truncate_notify')

    expect(genuine(letter)).toBe(false)
    expect(() => envelopeOf(letter)).toThrow('JSON')
  })

  it('stale_notify: signed ten minutes ago', async () => {
    const [letter] = await paidUnder('stale_notify')

    expect(genuine(letter)).toBe(true)
    expect(world.emulator.now() / 1000 - Number(letter?.headers['Wechatpay-Timestamp'])).toBe(600)
  })

  it('probe_notify: one whose signature says that it is none, then the genuine one', async () => {
    const letters = await paidUnder('probe_notify')

    expect(letters.map((letter) => letter.headers['Wechatpay-Signature']?.startsWith('WECHATPAY/SIGNTEST/'))).toEqual([true, false])
    expect(letters.map(genuine)).toEqual([false, true])
  })

  it('undecryptable_notify: genuine, and sealed with another key', async () => {
    const [letter] = await paidUnder('undecryptable_notify')

    expect(genuine(letter)).toBe(true)
    expect(contentOf(letter)).toBeUndefined()
    expect(envelopeOf(letter).resource.ciphertext).toEqual(expect.any(String))
  })
})

describe('a genuine notification that says something else', () => {
  it.each<[string, Record<string, unknown>]>([
    ['wrong_amount', { amount: expect.objectContaining({ total: 99 }) }],
    ['wrong_currency', { amount: expect.objectContaining({ currency: 'HKD' }) }],
    ['wrong_app', { appid: 'wx00000000000000ff' }],
    ['wrong_merchant', { mchid: '1600000000' }],
    ['unknown_order', { out_trade_no: expect.stringMatching(/^U/) }],
  ])('%s', async (fault, says) => {
    const [letter] = await paidUnder(fault)
    const { data } = await world.query(numberOf(fault))

    expect(genuine(letter)).toBe(true)
    expect(contentOf(letter)).toMatchObject(says)
    expect(contentOf(letter)).not.toEqual(data)
    expect({ ...contentOf(letter), ...onlyKeys(data, says) }).toEqual(data)
  })

  it('wrong_amount of a single fen is another amount still', async () => {
    world.emulator.arm({ fault: 'wrong_amount', match: { outTradeNo: 'N-one-fen' } })
    await world.paid('N-one-fen', { amount: { total: 1 } })

    expect(contentOf(world.letters[0]).amount.total).toBe(1_000_001)
  })
})

describe('a fault of notifications', () => {
  it('is aimed by the path of the address, too, and at refunds as at payments', async () => {
    world.emulator.arm({ fault: 'drop_notify', match: { path: '/elsewhere' } })
    await world.paid('N-aimed', { notify_url: 'http://127.0.0.1:9/elsewhere' })
    world.emulator.arm({ fault: 'duplicate_notify', match: { path: '/elsewhere' } })
    await world.refund('N-aimed', 'N-aimed-R')
    await world.pass(1000)

    expect(world.letters.map((letter) => contentOf(letter).refund_status)).toEqual(['SUCCESS', 'SUCCESS'])
  })

  it('is aimed by the path of the call that made what is told, and by no other', async () => {
    world.emulator.arm({ fault: 'drop_notify', match: { path: '/v3/pay/transactions/jsapi' } })
    await world.paid('N-made-native')
    expect(world.letters.map((letter) => contentOf(letter).out_trade_no)).toEqual(['N-made-native'])

    world.emulator.arm({ fault: 'drop_notify', match: { path: native } })
    await world.paid('N-made-dropped')
    await world.paid('N-made-again')
    expect(world.letters.map((letter) => contentOf(letter).out_trade_no)).toEqual(['N-made-native', 'N-made-again'])
  })

  it('has been shown here for every one there is', () => {
    expect([...notifyFaults].filter((fault) => !shown.has(fault))).toEqual([])
  })
})

describe('what the control interface sends by itself', () => {
  it('pay_twice: one success, told under two ids', async () => {
    await world.call('POST', native, world.order('N-twice'))
    await world.control('POST', 'payments/N-twice', { do: 'pay_twice' })

    expect(world.letters.map((letter) => contentOf(letter).transaction_id)).toHaveLength(2)
    expect(contentOf(world.letters[0])).toEqual(contentOf(world.letters[1]))
  })

  it('probe: a signature that must fail; the merchant’s status comes back', async () => {
    world.merchantAnswers(401)

    expect(await world.control('POST', 'probe', { url: 'http://127.0.0.1:9/notify' })).toEqual({ status: 200, data: { status: 401 } })
    expect(world.letters.map(genuine)).toEqual([false])
    expect(world.letters[0]?.headers['Wechatpay-Signature']).toMatch(/^WECHATPAY\/SIGNTEST\//)
  })
})

/** Those members of a whole that another object names. */
function onlyKeys(whole: Record<string, unknown>, named: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(named).map((name) => [name, whole[name]]))
}
