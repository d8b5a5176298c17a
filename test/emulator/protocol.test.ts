import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openidOf } from '../../server/emulator/credentials.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { notifyLadder } from '../../server/emulator/notifier.ts'
import { type EmulatorRuntime, makeEmulatorRuntime } from '../../server/emulator/runtime.ts'
import { makeCaller } from '../support/v3-caller.ts'

const native = '/v3/pay/transactions/native'
const minute = 60_000
let running: RunningEmulator
let caller: ReturnType<typeof makeCaller>
let answer = 204

beforeAll(async () => {
  const runtime: EmulatorRuntime = {
    ...makeEmulatorRuntime(),
    // Time stands still here but for what a test moves it by.
    now: () => Date.UTC(2026, 0, 2, 4),
    post: async () => ({ status: answer }),
  }
  running = await startEmulator({ port: 0, runtime })
  caller = makeCaller(running)
})
afterAll(() => running.close())

const { call, order } = {
  call: (...args: Parameters<typeof caller.call>) => caller.call(...args),
  order: (...args: Parameters<typeof caller.order>) => caller.order(...args),
}
const query = (outTradeNo: string) =>
  call('GET', `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${running.emulator.credentials().mchid}`)
const close = (outTradeNo: string) =>
  call('POST', `/v3/pay/transactions/out-trade-no/${outTradeNo}/close`, { mchid: running.emulator.credentials().mchid })
const refund = (outTradeNo: string, outRefundNo: string, fen: number, total = 100) =>
  call('POST', '/v3/refund/domestic/refunds', {
    out_trade_no: outTradeNo,
    out_refund_no: outRefundNo,
    amount: { refund: fen, total, currency: 'CNY' },
  })

describe('who calls', () => {
  it.each<[string, Parameters<typeof caller.call>[3]]>([
    ['another body than was signed', { signedBody: '{}' }],
    ['a stale time', { timestamp: Math.floor(Date.UTC(2026, 0, 2, 4) / 1000) - 301 }],
    ['a time to come', { timestamp: Math.floor(Date.UTC(2026, 0, 2, 4) / 1000) + 301 }],
    ['another merchant', { mchid: '1600000000' }],
    ['another serial number', { serial: '7'.repeat(40) }],
    ['no signature at all', { headers: { authorization: '' } }],
    ['another scheme', { headers: { authorization: 'Bearer x' } }],
  ])('is refused with 401 SIGN_ERROR for %s', async (_name, change) => {
    expect(await call('POST', native, order('SIGN-0001'), change)).toMatchObject({ status: 401, data: { code: 'SIGN_ERROR' } })
  })

  it('gets every answer signed, refusals and empty ones too, by the key it names', async () => {
    const { publicKey, certificates } = running.emulator.credentials()
    await call('POST', native, order('SIGNED-01'))

    const [byCertificate, byPublicKey, empty, refused] = [
      await query('SIGNED-01'),
      await call('POST', native, order('SIGNED-01'), { headers: { 'wechatpay-serial': publicKey.id } }),
      await close('SIGNED-01'),
      await query('NEVER-0001'),
    ]

    expect([byCertificate, byPublicKey, empty, refused].map((one) => one.isVerified)).toEqual([true, true, true, true])
    expect(byCertificate.headers.get('wechatpay-serial')).toBe(certificates.at(-1)?.serial)
    expect(byPublicKey.headers.get('wechatpay-serial')).toBe(publicKey.id)
    expect([empty.status, empty.bytes.length]).toEqual([204, 0])
    expect(refused).toMatchObject({ status: 404, data: { code: 'ORDER_NOT_EXIST' } })
  })
})

describe('the rules of a field', () => {
  it.each<[string, Record<string, unknown>, number, string]>([
    ['total 0', { amount: { total: 0 } }, 400, 'PARAM_ERROR'],
    ['total as text', { amount: { total: '100' } }, 400, 'PARAM_ERROR'],
    ['half a fen', { amount: { total: 0.5 } }, 400, 'PARAM_ERROR'],
    ['another currency', { amount: { total: 100, currency: 'USD' } }, 400, 'PARAM_ERROR'],
    ['a number of five', { out_trade_no: 'abcde' }, 400, 'PARAM_ERROR'],
    ['a number of 33', { out_trade_no: 'x'.repeat(33) }, 400, 'PARAM_ERROR'],
    ['a number with a slash', { out_trade_no: 'abc/def' }, 400, 'PARAM_ERROR'],
    ['no description', { description: undefined }, 400, 'PARAM_ERROR'],
    ['a description of 128 bytes', { description: '茶'.repeat(43) }, 400, 'PARAM_ERROR'],
    ['an address with a query', { notify_url: 'https://a.example/n?x=1' }, 400, 'PARAM_ERROR'],
    ['an unknown member', { colour: 'red' }, 400, 'PARAM_ERROR'],
    ['a member that is null', { attach: null }, 400, 'PARAM_ERROR'],
    ['an app that is not bound', { appid: 'wx00000000000000ff' }, 400, 'APPID_MCHID_NOT_MATCH'],
    ['another merchant', { mchid: '1600000000' }, 400, 'MCH_NOT_EXISTS'],
    ['a time that is none', { time_expire: 'tomorrow' }, 400, 'PARAM_ERROR'],
  ])('%s is refused', async (_name, given, status, code) => {
    expect(await call('POST', native, order('FIELD-0001', given))).toMatchObject({ status, data: { code } })
  })

  it('an openid has to be of the app', async () => {
    const credentials = running.emulator.credentials()
    const other = openidOf(credentials, running.emulator.environment().WECHAT_APP_ID ?? '', 'alice')
    const jsapi = (openid: unknown) => call('POST', '/v3/pay/transactions/jsapi', order('OPENID-001', { payer: { openid } }))

    expect((await jsapi(other)).data.code).toBe('OPENID_MISMATCH')
    expect((await jsapi('nobody')).data.code).toBe('PARAM_ERROR')
    expect(
      (await jsapi(openidOf(credentials, running.emulator.environment().WECHAT_MINIPROGRAM_APP_ID ?? '', 'alice'))).data.prepay_id,
    ).toMatch(/^wx/)
  })

  it('H5 needs the payer’s address and scene', async () => {
    const h5 = (given: Record<string, unknown>) => call('POST', '/v3/pay/transactions/h5', order('H5-000001', given))

    expect((await h5({})).status).toBe(400)
    expect((await h5({ scene_info: { payer_client_ip: '203.0.113.1', h5_info: { type: 'Wap' } } })).data.h5_url).toContain(
      '/h5pay?prepay_id=',
    )
  })
})

describe('a number', () => {
  it('with the same parameters gives a fresh code; the old one no longer counts; with others it is refused', async () => {
    const first = await call('POST', native, order('AGAIN-0001'))
    const again = await call('POST', native, order('AGAIN-0001'))
    const other = await call('POST', native, order('AGAIN-0001', { amount: { total: 101, currency: 'CNY' } }))

    expect(again.data.code_url).not.toBe(first.data.code_url)
    expect(() => running.emulator.payments.findByCode(first.data.code_url)).toThrow()
    expect(other).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } })
  })

  it('that is closed stays closed; one that is paid says so', async () => {
    await call('POST', native, order('CLOSE-0001'))
    await close('CLOSE-0001')
    await call('POST', native, order('PAID-00001'))
    await running.emulator.act('PAID-00001', { do: 'pay' })

    expect((await query('CLOSE-0001')).data.trade_state).toBe('CLOSED')
    expect((await call('POST', native, order('CLOSE-0001'))).data.code).toBe('ORDER_CLOSED')
    await expect(running.emulator.act('CLOSE-0001', { do: 'pay' })).rejects.toThrow('closed')
    expect((await close('PAID-00001')).data.code).toBe('ORDERPAID')
    expect((await call('POST', native, order('PAID-00001'))).data.code).toBe('ORDERPAID')
  })

  it('cannot be paid after its time, nor with a code older than two hours', async () => {
    await call('POST', native, order('EXPIRE-001', { time_expire: '2026-01-02T12:10:00+08:00' }))
    await call('POST', native, order('EXPIRE-002'))

    await running.emulator.advance(11 * minute)
    await expect(running.emulator.act('EXPIRE-001', { do: 'pay' })).rejects.toThrow('expired')
    await running.emulator.advance(120 * minute)
    await expect(running.emulator.act('EXPIRE-002', { do: 'pay' })).rejects.toThrow('expired')
    await call('POST', native, order('EXPIRE-002'))
    expect(await running.emulator.act('EXPIRE-002', { do: 'pay' })).toMatchObject({ tradeState: 'SUCCESS' })
  })
})

describe('refunds', () => {
  it('never exceed the payment, are one under their number, and end by themselves', async () => {
    await call('POST', native, order('REFUND-001'))
    await running.emulator.act('REFUND-001', { do: 'pay' })

    const [one, same] = [await refund('REFUND-001', 'R-1', 60), await refund('REFUND-001', 'R-1', 60)]
    const [other, over, wrongTotal, unknown] = [
      await refund('REFUND-001', 'R-1', 50),
      await refund('REFUND-001', 'R-2', 41),
      await refund('REFUND-001', 'R-3', 10, 99),
      await refund('NEVER-0001', 'R-4', 1),
    ]

    expect(one.data).toMatchObject({ status: 'PROCESSING', amount: { refund: 60 } })
    expect(same.data.refund_id).toBe(one.data.refund_id)
    expect([other, over, wrongTotal, unknown].map((answered) => answered.data.code)).toEqual([
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'RESOURCE_NOT_EXISTS',
    ])
    await running.emulator.advance(1500)
    expect((await call('GET', '/v3/refund/domestic/refunds/R-1')).data).toMatchObject({ status: 'SUCCESS' })
    expect((await query('REFUND-001')).data.trade_state).toBe('REFUND')
  })

  it('are at most fifty of one payment', async () => {
    await call('POST', native, order('FIFTY-0001'))
    await running.emulator.act('FIFTY-0001', { do: 'pay' })
    for (let nth = 0; nth < 50; nth++) expect((await refund('FIFTY-0001', `F-${nth}`, 1)).status).toBe(200)

    expect((await refund('FIFTY-0001', 'F-50', 1)).data.code).toBe('INVALID_REQUEST')
  })
})

describe('a notification that is not taken', () => {
  it('comes again on WeChat’s own ladder, fifteen times, and then no more', async () => {
    await call('POST', native, order('LADDER-001'))
    answer = 500
    const start = running.emulator.now()
    await running.emulator.act('LADDER-001', { do: 'pay' })
    for (const wait of notifyLadder) await running.emulator.advance(wait)
    await running.emulator.advance(24 * 60 * minute)
    answer = 204

    const told = [...running.emulator.state().notification.values()].find((one) => one.outTradeNo === 'LADDER-001')
    const times = told?.tries.map(({ at }) => at - start) ?? []
    expect(times).toHaveLength(16)
    expect(times.slice(1).map((time, nth) => time - (times[nth] ?? 0))).toEqual(notifyLadder)
    expect(told?.state).toBe('given_up')
    expect(notifyLadder.reduce((sum, wait) => sum + wait, 0)).toBe((24 * 60 + 4) * minute)
  })
})

describe('the day’s bill', () => {
  it('names every payment and refund of a finished day, with its hash over the plain bytes', async () => {
    await running.emulator.advance(2 * 24 * 60 * minute)
    const trade = await call('GET', '/v3/bill/tradebill?bill_date=2026-01-02&tar_type=GZIP')
    const path = trade.data.download_url.replace(running.origin, '')
    const file = await call('GET', path, undefined, { headers: { accept: '*/*' } })
    const plain = gunzipSync(file.bytes)

    expect(createHash('sha1').update(plain).digest('hex')).toBe(trade.data.hash_value)
    expect(file.headers.get('wechatpay-signature')).toBeNull()
    expect(plain.toString()).toMatch(/`PAID-00001,.*`1\.00,/)
    expect(plain.toString()).toMatch(/`R-1,`0\.60/)
    expect((await call('GET', '/v3/bill/tradebill?bill_date=2025-12-01')).data.code).toBe('NO_STATEMENT_EXIST')
    await running.emulator.advance(31_000)
    expect((await call('GET', path)).status).toBe(400)
  })
})

describe('login codes', () => {
  const ask = async (code: string, given: Record<string, string> = {}) => {
    const { WECHAT_MINIPROGRAM_APP_ID: appid = '', WECHAT_MINIPROGRAM_APP_SECRET: secret = '' } = running.emulator.environment()
    const search = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code', ...given })
    return (await fetch(`${running.origin}/sns/jscode2session?${search.toString()}`)).json() as Promise<Record<string, unknown>>
  }

  it('are good once, for five minutes, for their app', async () => {
    const code = running.emulator.mintCode({ person: 'bob' })
    const old = running.emulator.mintCode({ person: 'bob' })

    expect(await ask(code)).toMatchObject({ openid: expect.stringMatching(/^o/), session_key: expect.any(String) })
    expect(await ask(code)).toMatchObject({ errcode: 40163 })
    expect(await ask('invented')).toMatchObject({ errcode: 40029 })
    expect(await ask(running.emulator.mintCode({ person: 'bob', app: 'official' }))).toMatchObject({ errcode: 40029 })
    expect(await ask(code, { secret: 'wrong' })).toMatchObject({ errcode: 40125 })
    expect(await ask(code, { appid: 'wrong' })).toMatchObject({ errcode: 40013 })
    await running.emulator.advance(6 * minute)
    expect(await ask(old)).toMatchObject({ errcode: 40029 })
  })
})

describe('an emulator that keeps a file', () => {
  it('knows its keys and payments after it was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shouyin-emulator-'))
    const stateFile = join(folder, 'state.jsonl')
    const first = await startEmulator({ port: 0, stateFile })
    await makeCaller(first).call('POST', native, makeCaller(first).order('KEPT-00001'))
    await first.emulator.act('KEPT-00001', { do: 'pay' })
    const before = first.emulator.credentials()
    await first.close()
    const second = await startEmulator({ port: 0, stateFile })
    try {
      expect(second.emulator.credentials()).toEqual(before)
      expect(second.emulator.payments.find('KEPT-00001').state).toBe('SUCCESS')
    } finally {
      await second.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('the control interface', () => {
  it('takes JSON only, and names what is wrong', async () => {
    const post = (path: string, body: string, type = 'application/json') =>
      fetch(`${running.origin}/_emulator/${path}`, { method: 'POST', headers: { 'content-type': type }, body })

    expect((await post('clock', '{"advance":"PT1S"}', 'text/plain')).status).toBe(415)
    expect(await (await post('clock', '{"advance":"soon"}')).json()).toEqual({ error: 'advance is not a duration such as PT2H' })
    expect(await (await post('faults', '{"fault":"nonsense"}')).text()).toContain('timeout_after')
    expect((await post('payments/NEVER-0001', '{"do":"pay"}')).status).toBe(404)
    expect(await (await post('clock', '{"advance":"PT2H"}')).json()).toEqual({ now: expect.stringMatching(/\+08:00$/) })
  })
})
