import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { callFaults } from '../../server/emulator/faults.ts'
import type { Called } from '../support/v3-caller.ts'
import { native, startWorld, type World } from './virtual-world.ts'

const day = 24 * 60 * 60 * 1000
const shown = new Set<string>()
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

/** Arms a fault for one order, over the control interface. */
async function arm(fault: string, match: Record<string, unknown>, times = 1): Promise<void> {
  shown.add(fault)
  expect((await world.control('POST', 'faults', { match, fault, times })).status).toBe(200)
}
const ask = (outTradeNo: string, change: Parameters<World['call']>[3] = {}) => world.call('POST', native, world.order(outTradeNo), change)
const bytesOf = (called: Called) => createHash('sha1').update(called.bytes).digest('hex')

describe('an answer that does not come', () => {
  it.each([
    ['timeout_before', 'ORDER_NOT_EXIST'],
    ['reset', 'ORDER_NOT_EXIST'],
    ['timeout_after', 'NOTPAY'],
    ['slow_body', 'NOTPAY'],
  ])('%s: asked again, WeChat Pay says %s', async (fault, state) => {
    const outTradeNo = `GONE-${fault}`
    await arm(fault, { outTradeNo, path: native })

    const patience = new AbortController()
    const asked = ask(outTradeNo, { signal: patience.signal }).then(
      () => 'answered',
      () => 'nothing',
    )
    await until(async () => (await stateOf(outTradeNo)) === state && world.emulator.faults.list().length === 0)
    const stands = await Promise.race([asked, stateOf(outTradeNo)])
    patience.abort()

    expect(stands).not.toBe('answered')
    expect(await asked).toBe('nothing')
    expect(await stateOf(outTradeNo)).toBe(state)
  })
})

async function stateOf(outTradeNo: string): Promise<string> {
  const { data } = await world.query(outTradeNo)
  return data.trade_state ?? data.code
}

/** Asks until it is so; jest ends what never comes about. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await world.emulator.advance(0)
}

describe('an answer that is no good', () => {
  it('status_500: no JSON, no signature, nothing done', async () => {
    await arm('status_500', { outTradeNo: 'BAD-500' })

    expect(await ask('BAD-500')).toMatchObject({ status: 500, data: undefined, isVerified: false })
    expect((await world.query('BAD-500')).data.code).toBe('ORDER_NOT_EXIST')
  })

  it('redirect: points elsewhere', async () => {
    await arm('redirect', { outTradeNo: 'BAD-REDIRECT' })

    const { status, headers } = await ask('BAD-REDIRECT', { redirect: 'manual' })

    expect([status, headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/elsewhere'])
  })

  it('huge_body: 64 MiB where a few bytes belong', async () => {
    await arm('huge_body', { outTradeNo: 'BAD-HUGE' })

    const answer = await ask('BAD-HUGE', { isParsed: false })

    expect(answer.bytes.length).toBe(64 * 1024 * 1024)
  })

  it.each(['bad_signature', 'no_signature', 'unknown_serial'])('%s: done all the same, but not to be believed', async (fault) => {
    const outTradeNo = `UNTRUE-${fault}`
    await arm(fault, { outTradeNo })

    const answer = await ask(outTradeNo)

    expect(answer).toMatchObject({ status: 200, isVerified: false, data: { code_url: expect.any(String) } })
    expect(await world.query(outTradeNo)).toMatchObject({ isVerified: true, data: { trade_state: 'NOTPAY' } })
  })

  it('no_signature: has none of the four headers', async () => {
    await arm('no_signature', { outTradeNo: 'UNSIGNED-1' })
    const { headers } = await ask('UNSIGNED-1')

    expect([...headers.keys()].filter((name) => name.startsWith('wechatpay-'))).toEqual([])
  })
})

describe('a refusal that was asked for', () => {
  it.each([
    ['system_error', 500, 'SYSTEM_ERROR'],
    ['rate_limit', 429, 'FREQUENCY_LIMITED'],
    ['order_paid', 400, 'ORDERPAID'],
    ['out_trade_no_used', 403, 'OUT_TRADE_NO_USED'],
    ['order_not_exist', 404, 'ORDER_NOT_EXIST'],
    ['user_paying', 202, 'USER_PAYING'],
    ['not_enough', 403, 'NOT_ENOUGH'],
  ])('%s: %d %s, signed, nothing done, and then no more', async (fault, status, code) => {
    const outTradeNo = `NO-${fault}`
    await arm(fault, { outTradeNo })

    expect(await ask(outTradeNo)).toMatchObject({ status, data: { code }, isVerified: true })
    expect((await world.query(outTradeNo)).data.code).toBe('ORDER_NOT_EXIST')
    expect((await ask(outTradeNo)).status).toBe(200)
  })
})

describe('a refund that ends badly', () => {
  it.each([
    ['refund_abnormal', 'ABNORMAL'],
    ['refund_closed', 'CLOSED'],
  ])('%s: accepted, then %s, and told', async (fault, status) => {
    const outTradeNo = `R-${fault}`
    await world.paid(outTradeNo)
    await arm(fault, { path: '/v3/refund/domestic/refunds' })

    expect((await world.refund(outTradeNo, `RN-${fault}`)).data.status).toBe('PROCESSING')
    await world.pass(1000)

    expect((await world.call('GET', `/v3/refund/domestic/refunds/RN-${fault}`)).data).toMatchObject({ status })
    const letter = world.letterOf(outTradeNo).at(-1)
    expect(JSON.parse(Buffer.from(letter?.body ?? '{}').toString()).event_type).toBe(`REFUND.${status}`)
  })
})

describe('a bill that is not right', () => {
  it('statement_creating and bad_bill_hash', async () => {
    const bill = () => world.call('GET', '/v3/bill/tradebill?bill_date=2026-01-02')
    await world.paid('BILLED-1')
    await world.emulator.advance(2 * day)
    await arm('statement_creating', { path: '/v3/bill' })
    await arm('bad_bill_hash', { path: '/v3/bill/tradebill' })

    const [creating, wrong] = [await bill(), await bill()]
    const right = await bill()
    const file = await world.call('GET', right.data.download_url.replace(world.origin, ''))

    expect(creating).toMatchObject({ status: 400, data: { code: 'STATEMENT_CREATING' } })
    expect(right.data.hash_value).toBe(bytesOf(file))
    expect(wrong.data.hash_value).not.toBe(right.data.hash_value)
  })
})

describe('early_notify', () => {
  it('the payment is told before the order is answered', async () => {
    await arm('early_notify', { outTradeNo: 'EARLY-1' })

    expect((await ask('EARLY-1')).status).toBe(200)
    expect(world.letterOf('EARLY-1')).toHaveLength(1)
    expect((await world.query('EARLY-1')).data.trade_state).toBe('SUCCESS')
  })
})

describe('arming', () => {
  it('fires as often as was said, on what matches, and is listed until then', async () => {
    await arm('rate_limit', { path: '/v3/pay', method: 'GET', outTradeNo: 'AIMED-1' }, 2)
    const listed = (await world.control('GET', 'faults')).data.faults

    const statuses = [await ask('AIMED-1'), await world.query('AIMED-2'), await world.query('AIMED-1'), await world.query('AIMED-1')]
    const after = await world.query('AIMED-1')

    expect(listed).toEqual([{ fault: 'rate_limit', times: 2, match: { path: '/v3/pay', method: 'GET', outTradeNo: 'AIMED-1' } }])
    expect(statuses.map(({ status }) => status)).toEqual([200, 404, 429, 429])
    expect(after.status).toBe(200)
    expect((await world.control('GET', 'faults')).data.faults).toEqual([])
  })

  it('is undone by DELETE', async () => {
    await world.control('POST', 'faults', { fault: 'status_500', times: 9 })
    await world.control('DELETE', 'faults')

    expect((await ask('CLEARED-1')).status).toBe(200)
  })

  it.each([
    [{ fault: 'status_500', times: 0 }, 'times'],
    [{ fault: 'status_500', times: 1.5 }, 'times'],
    [{ fault: 'status_500', match: 'all' }, 'match'],
    [{ fault: 'nonsense' }, 'nonsense'],
    [{}, 'undefined'],
  ])('%j is refused by name', async (body, word) => {
    const { status, data } = await world.control('POST', 'faults', body)

    expect([status, data.error]).toEqual([400, expect.stringContaining(word)])
  })

  it('has been shown here for every fault of a call there is', () => {
    expect([...callFaults].filter((fault) => !shown.has(fault))).toEqual([])
  })
})
