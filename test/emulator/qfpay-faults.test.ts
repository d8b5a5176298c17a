import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { type QfpayWorld, startQfpay } from './qfpay-world.ts'

const payment = '/trade/v1/payment'
const dated = { txamt: '1000', txdtm: '2026-01-02 12:00:00' }
let world: QfpayWorld
beforeAll(async () => {
  world = await startQfpay()
})
afterAll(() => world.close())
afterEach(() => {
  // A fault that nothing met would spoil the next test.
  expect(world.emulator.faults.list()).toEqual([])
})

const arm = (fault: string, outTradeNo: string, path: string) => world.emulator.arm({ fault, match: { outTradeNo, path: `/qfpay${path}` } })
const ask = (outTradeNo: string, signal?: AbortSignal) => world.call(payment, world.order(outTradeNo), signal ? { signal } : {})

describe('an answer that does not come', () => {
  it.each([
    ['timeout_before', 0],
    ['reset', 0],
    ['timeout_after', 1],
    ['slow_body', 1],
  ])('%s: asked again, QFPay lists %d orders', async (fault, orders) => {
    arm(fault, `GONE-${fault}`, payment)
    const patience = new AbortController()
    const asked = ask(`GONE-${fault}`, patience.signal).then(
      () => 'answered',
      () => 'nothing',
    )
    while (world.emulator.faults.list().length > 0) await setImmediate()
    const listed = await world.query({ out_trade_no: `GONE-${fault}` })
    patience.abort()

    expect(await asked).toBe('nothing')
    expect(listed).toHaveLength(orders)
  })
})

describe('an answer that is no good', () => {
  it('status_500: no JSON, nothing done', async () => {
    arm('status_500', 'BAD-500', payment)

    expect(await ask('BAD-500')).toMatchObject({ status: 500, data: undefined, isVerified: false })
    expect(await world.query({ out_trade_no: 'BAD-500' })).toEqual([])
  })

  it.each(['bad_signature', 'unknown_serial'])('%s: done all the same, but not to be believed', async (fault) => {
    arm(fault, `BAD-${fault}`, payment)
    const answer = await ask(`BAD-${fault}`)

    expect(answer).toMatchObject({ status: 200, isVerified: false, data: { respcd: '0000' } })
    expect(answer.headers.get('x-qf-sign')).toMatch(/^[0-9A-F]{32}$/)
    expect(await world.query({ out_trade_no: `BAD-${fault}` })).toHaveLength(1)
  })

  it('no_signature: without the header', async () => {
    arm('no_signature', 'BAD-none', payment)

    expect((await ask('BAD-none')).headers.get('x-qf-sign')).toBeNull()
  })
})

describe('a refusal that was asked for', () => {
  it.each([
    ['system_error', '1252'],
    ['order_paid', '1260'],
    ['out_trade_no_used', '1102'],
    ['not_enough', '1201'],
    ['order_not_exist', '1268'],
  ])('%s: an order is answered %s, signed, nothing done, and then no more', async (fault, respcd) => {
    arm(fault, `REFUSED-${fault}`, payment)

    expect(await ask(`REFUSED-${fault}`)).toMatchObject({ status: 200, isVerified: true, data: { respcd } })
    expect(await ask(`REFUSED-${fault}`)).toMatchObject({ data: { respcd: '0000' } })
  })

  it('rate_limit: HTTP 429', async () => {
    arm('rate_limit', 'RATE-1', payment)

    expect((await ask('RATE-1')).status).toBe(429)
  })

  it('order_not_exist: a query lists nothing', async () => {
    await ask('EMPTY-1')
    arm('order_not_exist', 'EMPTY-1', '/trade/v1/query')

    expect((await world.call('/trade/v1/query', { out_trade_no: 'EMPTY-1' })).data).toMatchObject({ respcd: '0000', data: [] })
    expect(await world.query({ out_trade_no: 'EMPTY-1' })).toHaveLength(1)
  })

  it('not_enough: a refund, aimed at by its payment’s number', async () => {
    const { syssn } = await world.trade('POOR-1')
    await world.act('POOR-1', { do: 'pay' })
    arm('not_enough', 'POOR-1', '/trade/v1/refund')
    const refund = () => world.call('/trade/v1/refund', { ...dated, syssn, out_trade_no: 'POOR-1-R' })

    expect((await refund()).data.respcd).toBe('1269')
    expect((await refund()).data.respcd).toBe('0000')
  })

  it('user_paying: a code waits for the password, and so does closing', async () => {
    arm('user_paying', 'TYPING-1', payment)
    const members = { pay_type: '800208', auth_code: world.emulator.showCode('qfpay', 'alice') }
    const { respcd, syssn } = await world.trade('TYPING-1', members)
    arm('user_paying', 'TYPING-1', '/trade/v1/close')

    expect(respcd).toBe('1143')
    expect((await world.call('/trade/v1/close', { ...dated, syssn })).data.respcd).toBe('1143')
    expect(await world.query({ syssn })).toMatchObject([{ respcd: '1143' }])
  })

  it('early_notify: the merchant is told before the answer is there', async () => {
    arm('early_notify', 'EARLY-1', payment)
    const answer = ask('EARLY-1').then(() => world.letterOf('EARLY-1').length)

    expect(await answer).toBe(1)
    expect(await world.query({ out_trade_no: 'EARLY-1' })).toMatchObject([{ respcd: '0000' }])
  })
})
