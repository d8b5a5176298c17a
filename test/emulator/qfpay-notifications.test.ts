import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { Data } from '../support/client.ts'
import { digest, type Letter, type QfpayWorld, startQfpay } from './qfpay-world.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const taken = { status: 200, body: 'SUCCESS' }
let world: QfpayWorld
beforeAll(async () => {
  world = await startQfpay()
})
afterAll(() => world.close())
beforeEach(() => world.merchantSays(taken))

async function paid(outTradeNo: string, given: Record<string, string> = {}): Promise<Data> {
  const made = await world.trade(outTradeNo, given)
  await world.act(outTradeNo, { do: 'pay' })
  return made
}
const refunded = (syssn: string, number: string) =>
  world.call('/trade/v1/refund', { syssn, out_trade_no: number, txamt: '400', txdtm: '2026-01-02 12:00:00' })
const isGenuine = ({ text, headers }: Letter) => headers['X-QF-SIGN'] === digest('MD5', text + world.credentials.clientKey)
const contentOf = (letter: Letter | undefined): Data => JSON.parse(letter?.text ?? '{}')

describe('a notification', () => {
  it('tells of a payment by its own members, signed over the raw body', async () => {
    const { syssn } = await paid('TOLD-1', { goods_name: '龙井' })
    const [letter, ...more] = world.letterOf('TOLD-1')

    expect(more).toEqual([])
    expect(letter).toMatchObject({ url: 'http://127.0.0.1:9/notify', headers: { 'Content-Type': 'application/json' } })
    expect(letter && isGenuine(letter)).toBe(true)
    expect(letter?.text).toContain('"goods_name": "\\u9f99\\u4e95"')
    expect(contentOf(letter)).toMatchObject({
      status: '1',
      notify_type: 'payment',
      respcd: '0000',
      cancel: '0',
      pay_type: '800201',
      syssn,
      txamt: '1000',
      txcurrcd: 'HKD',
      txdtm: '2026-01-02 12:00:00',
      sysdtm: '2026-01-02 12:00:00',
      paydtm: '2026-01-02 12:00:00',
      mchid: world.credentials.mchid,
      chnlsn: expect.stringMatching(/^42000\d{23}$/),
    })
  })

  it('tells of a refund by the refund’s numbers alone', async () => {
    const { syssn } = await paid('TOLD-2')
    const { data } = await refunded(syssn, 'TOLD-2-R')
    await world.pass(second)
    const [letter] = world.letterOf('TOLD-2-R')

    expect(letter && isGenuine(letter)).toBe(true)
    expect(contentOf(letter)).toMatchObject({ notify_type: 'refund', syssn: data.syssn, txamt: '400', respcd: '0000' })
    expect(letter?.text).not.toContain(syssn)
  })

  it('tells of a payment by a code where an address was given, after its answer', async () => {
    const authCode = world.emulator.showCode('qfpay', 'alice')
    await world.trade('TOLD-3', { pay_type: '800208', auth_code: authCode })
    const atOnce = world.letterOf('TOLD-3').length
    await world.pass(second)

    expect([atOnce, world.letterOf('TOLD-3').length]).toEqual([0, 1])
  })

  it('tells of no failure, and nothing where no address was given', async () => {
    await world.trade('TOLD-4')
    await world.act('TOLD-4', { do: 'fail' })
    await paid('TOLD-5', { notify_url: '' })
    await world.pass(hour)

    expect([...world.letterOf('TOLD-4'), ...world.letterOf('TOLD-5')]).toEqual([])
  })

  it('is taken by 200 with exactly SUCCESS, and then comes no more', async () => {
    await paid('TAKEN-1')
    await world.pass(25 * hour)

    expect(world.letterOf('TAKEN-1')).toHaveLength(1)
  })

  it.each([
    { status: 200, body: 'success' },
    { status: 200, body: 'SUCCESS\n' },
    { status: 200, body: '' },
    { status: 200, body: '{"code":"SUCCESS"}' },
    { status: 201, body: 'SUCCESS' },
    { status: 500, body: 'SUCCESS' },
    { status: 204 },
  ])('answered %j comes again after two minutes, word for word', async (answer) => {
    const number = `AGAIN-${answer.status}-${answer.body?.length ?? 'none'}`
    world.merchantSays(answer)
    await paid(number)
    await world.pass(2 * minute - 1)
    const early = world.letterOf(number).length
    world.merchantSays(taken)
    await world.pass(1)
    const [first, again, ...more] = world.letterOf(number)

    expect([early, more.length]).toEqual([1, 0])
    expect(again?.text).toBe(first?.text)
  })

  it('nobody takes comes eight times, on QFPay’s ladder, and then no more', async () => {
    world.merchantSays({ status: 500 })
    await paid('LADDER-1')
    await world.pass(48 * hour)
    const letters = world.letterOf('LADDER-1')
    const waits = letters.slice(1).map(({ at }, nth) => (at - (letters[nth]?.at ?? 0)) / minute)

    expect(waits).toEqual([2, 10, 10, 60, 120, 360, 900])
  })

  it('told twice is the same payment under the same numbers', async () => {
    await world.trade('TWICE-1')
    await world.act('TWICE-1', { do: 'pay_twice' })
    const [first, second, ...more] = world.letterOf('TWICE-1')

    expect(more).toEqual([])
    expect(second?.text).toBe(first?.text)
  })

  it('that was not taken when the process was killed goes on, that of a refund too', async () => {
    const stateFile = join(mkdtempSync(join(tmpdir(), 'qfpay-')), 'state.jsonl')
    const before = await startQfpay({ stateFile })
    before.merchantSays({ status: 500 })
    const { syssn } = await before.trade('KILLED-2')
    await before.act('KILLED-2', { do: 'pay' })
    await before.call('/trade/v1/refund', { syssn, out_trade_no: 'KILLED-2-R', txamt: '1', txdtm: '2026-01-02 12:00:00' })
    await before.close()

    const after = await startQfpay({ stateFile })
    await after.pass(second)
    const counts = () => [after.letterOf('KILLED-2').length, after.letterOf('KILLED-2-R').length]
    const firstCounts = counts()
    await after.pass(hour)

    expect(firstCounts).toEqual([1, 1])
    expect(counts()).toEqual([1, 1])
    await after.close()
  })
})

describe('a notification that does not come as it should', () => {
  const under = async (fault: string): Promise<Letter[]> => {
    world.emulator.arm({ fault, match: { outTradeNo: `N-${fault}` } })
    const before = world.letters.length
    await paid(`N-${fault}`)
    return world.letters.slice(before)
  }

  it('drop_notify: never; the payment stands', async () => {
    expect(await under('drop_notify')).toEqual([])
    await world.pass(25 * hour)

    expect(world.letterOf('N-drop_notify')).toEqual([])
    expect(await world.query({ out_trade_no: 'N-drop_notify' })).toMatchObject([{ respcd: '0000' }])
  })

  it('duplicate_notify: twice', async () => {
    expect((await under('duplicate_notify')).map(isGenuine)).toEqual([true, true])
  })

  it('late_notify: two hours later', async () => {
    expect(await under('late_notify')).toEqual([])
    await world.pass(2 * hour)

    expect(world.letterOf('N-late_notify').map(isGenuine)).toEqual([true])
  })

  it('forge_notify: the whole content under a digest that is none of QFPay’s', async () => {
    const [letter] = await under('forge_notify')

    expect(letter && isGenuine(letter)).toBe(false)
    expect(letter?.headers['X-QF-SIGN']).toMatch(/^[0-9A-F]{32}$/)
  })

  it('truncate_notify: cut off under the digest of the whole', async () => {
    const [letter] = await under('truncate_notify')

    expect(() => contentOf(letter)).toThrow(SyntaxError)
    expect(letter && isGenuine(letter)).toBe(false)
  })

  it.each([
    ['wrong_amount', { txamt: '999' }],
    ['wrong_currency', { txcurrcd: 'USD' }],
    ['wrong_merchant', { mchid: 'QF00000000' }],
    ['unknown_order', { out_trade_no: expect.stringMatching(/^U/) }],
  ])('%s: genuine, and does not fit', async (fault, spoiled) => {
    const [letter] = await under(fault)

    expect(letter && isGenuine(letter)).toBe(true)
    expect(contentOf(letter)).toMatchObject(spoiled)
  })
})
