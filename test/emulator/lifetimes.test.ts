import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { native, startWorld, type World } from './virtual-world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const pay = (outTradeNo: string, more: Record<string, unknown> = {}) => world.emulator.act(outTradeNo, { do: 'pay', ...more })
const ask = (outTradeNo: string, given: Record<string, unknown> = {}) => world.call('POST', native, world.order(outTradeNo, given))

describe('an order', () => {
  it('whose time is nearer than a minute can be paid for a minute', async () => {
    await ask('BRIEF-0001', { time_expire: '2026-01-02T12:00:01+08:00' })
    await ask('BRIEF-0002', { time_expire: '2026-01-02T12:00:01+08:00' })

    await world.pass(minute)
    expect(await pay('BRIEF-0001')).toMatchObject({ tradeState: 'SUCCESS' })
    await world.pass(1)
    await expect(pay('BRIEF-0002')).rejects.toThrow('expired')
  })

  it('that is over its time stays unpaid at WeChat Pay until somebody closes it', async () => {
    await ask('OVER-00001', { time_expire: '2026-01-02T12:00:01+08:00' })
    await world.pass(hour)

    expect((await world.query('OVER-00001')).data.trade_state).toBe('NOTPAY')
  })

  it('is closed by WeChat Pay after seven days', async () => {
    await ask('WEEK-00001')
    await world.pass(7 * day)
    const before = (await world.query('WEEK-00001')).data.trade_state
    await world.pass(1)

    expect([before, (await world.query('WEEK-00001')).data.trade_state]).toEqual(['NOTPAY', 'CLOSED'])
    expect((await ask('WEEK-00001')).data.code).toBe('ORDER_CLOSED')
  })

  it('can be paid by force when it is closed, as when a close and a payment cross', async () => {
    await ask('CROSS-0001')
    await world.call('POST', '/v3/pay/transactions/out-trade-no/CROSS-0001/close', { mchid: world.emulator.credentials().mchid })
    await pay('CROSS-0001', { force: true })

    expect((await world.query('CROSS-0001')).data.trade_state).toBe('SUCCESS')
    expect(world.letterOf('CROSS-0001')).toHaveLength(1)
  })

  it('being typed for cannot be closed; given up, it can be paid or closed', async () => {
    await ask('TYPING-001')
    await world.emulator.act('TYPING-001', { do: 'user_paying' })
    const mchid = world.emulator.credentials().mchid
    const close = () => world.call('POST', '/v3/pay/transactions/out-trade-no/TYPING-001/close', { mchid })

    expect(await close()).toMatchObject({ status: 202, data: { code: 'USER_PAYING' } })
    await world.emulator.act('TYPING-001', { do: 'fail' })
    expect((await world.query('TYPING-001')).data.trade_state).toBe('NOTPAY')
    expect((await close()).status).toBe(204)
    expect((await close()).status).toBe(204)
  })

  it('is paid once', async () => {
    await world.paid('ONCE-00001')

    await expect(pay('ONCE-00001')).rejects.toThrow('paid already')
    await expect(world.emulator.act('ONCE-00001', { do: 'fail' })).rejects.toThrow('SUCCESS')
  })

  it('is found by WeChat Pay’s number once it is paid, by the right merchant only', async () => {
    await world.paid('BYID-00001')
    const { mchid } = world.emulator.credentials()
    const { transaction_id: id } = (await world.query('BYID-00001')).data

    expect((await world.call('GET', `/v3/pay/transactions/id/${id}?mchid=${mchid}`)).data.out_trade_no).toBe('BYID-00001')
    expect((await world.call('GET', `/v3/pay/transactions/id/${id}?mchid=1600000000`)).data.code).toBe('PARAM_ERROR')
    expect((await world.call('GET', `/v3/pay/transactions/id/4200000000000000?mchid=${mchid}`)).data.code).toBe('ORDER_NOT_EXIST')
  })
})

describe('an H5 address', () => {
  it('lives five minutes; asked for again, it is another that lives as long', async () => {
    const scene = { scene_info: { payer_client_ip: '203.0.113.1', h5_info: { type: 'Wap' } } }
    const h5 = async () => (await world.call('POST', '/v3/pay/transactions/h5', world.order('H5LIFE-001', scene))).data.h5_url
    const first = await h5()
    await world.pass(5 * minute + 1)

    await expect(pay('H5LIFE-001')).rejects.toThrow('code of H5LIFE-001 has expired')
    expect(await h5()).not.toBe(first)
    await world.pass(5 * minute)
    expect(await pay('H5LIFE-001')).toMatchObject({ tradeState: 'SUCCESS' })
  })
})

describe('a number that is used for another way to pay', () => {
  it('is OUT_TRADE_NO_USED', async () => {
    await ask('USED-00001')

    expect(await world.call('POST', '/v3/pay/transactions/app', world.order('USED-00001'))).toMatchObject({
      status: 403,
      data: { code: 'OUT_TRADE_NO_USED' },
    })
  })
})
