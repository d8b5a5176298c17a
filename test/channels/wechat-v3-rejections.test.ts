import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { rejectionOf } from '../../server/channels/wechat/v3/rejections.ts'
import { asOutTradeNo } from '../../shared/kernel/ids.ts'
import { aDay, anAttempt } from '../support/builders.ts'
import { makeWechatAccounts } from '../support/wechat-account.ts'
import { type Reply, startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'

let standIn: WechatStandIn
let accounts: ReturnType<typeof makeWechatAccounts>
beforeAll(async () => {
  standIn = await startWechatStandIn(() => aDay)
  accounts = makeWechatAccounts(standIn, { at: aDay })
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const outTradeNo = asOutTradeNo('D202601020304050001')
const close = () => accounts.open().close(anAttempt({ outTradeNo }))
const bare = (reply: Reply): Reply => ({ ...reply, change: () => ({}) })
const said = (status: number, code: string) => rejectionOf({ status, body: Buffer.from(JSON.stringify({ code, message: '原因' })) })

describe('a code of WeChat Pay', () => {
  it.each([
    [400, 'PARAM_ERROR', 'PARAMERROR', 'invalid', 'PARAM_ERROR'],
    [400, 'INVALID_REQUEST', 'INVALIDREQUEST', 'invalid', 'INVALID_REQUEST'],
    [400, 'APPID_MCHID_NOT_MATCH', 'APPIDMCHIDNOTMATCH', 'configuration', 'CHANNEL_ERROR'],
    [400, 'MCH_NOT_EXISTS', 'MCHNOTEXISTS', 'configuration', 'CHANNEL_ERROR'],
    [400, 'ORDER_CLOSED', 'ORDERCLOSED', 'orderClosed', 'ORDERCLOSED'],
    [400, 'ORDER_PAID', 'ORDERPAID', 'orderPaid', 'ORDERPAID'],
    [401, 'SIGN_ERROR', 'SIGNERROR', 'caller', 'CHANNEL_ERROR'],
    [403, 'NO_AUTH', 'NOAUTH', 'configuration', 'CHANNEL_ERROR'],
    [403, 'REQUEST_BLOCKED', 'REQUESTBLOCKED', 'caller', 'CHANNEL_ERROR'],
    [403, 'ACCOUNT_ERROR', 'ACCOUNTERROR', 'invalid', 'INVALID_REQUEST'],
    [403, 'NOT_ENOUGH', 'NOTENOUGH', 'notEnough', 'CHANNEL_ERROR'],
    [403, 'TRADE_ERROR', 'TRADEERROR', 'invalid', 'INVALID_REQUEST'],
    [403, 'RULE_LIMIT', 'RULELIMIT', 'rateLimited', 'RATE_LIMITED'],
    [403, 'OUT_TRADE_NO_USED', 'OUTTRADENOUSED', 'numberUsed', 'CONFLICT'],
    [403, 'USER_ACCOUNT_ABNORMAL', 'USERACCOUNTABNORMAL', 'invalid', 'INVALID_REQUEST'],
    [404, 'ORDER_NOT_EXIST', 'ORDERNOTEXIST', 'notFound', 'NOT_FOUND'],
    [404, 'RESOURCE_NOT_EXISTS', 'RESOURCENOTEXISTS', 'notFound', 'NOT_FOUND'],
    [429, 'FREQUENCY_LIMITED', 'FREQUENCYLIMITED', 'rateLimited', 'RATE_LIMITED'],
    [429, 'RATELIMIT_EXCEEDED', 'RATELIMITEXCEEDED', 'rateLimited', 'RATE_LIMITED'],
    [202, 'USER_PAYING', 'USERPAYING', 'payerIsPaying', 'CONFLICT'],
    [400, 'NO_STATEMENT_EXIST', 'NOSTATEMENTEXIST', 'billEmpty', 'NOT_FOUND'],
    [400, 'STATEMENT_CREATING', 'STATEMENTCREATING', 'billCreating', 'UNAVAILABLE'],
    [500, 'INVALID_TRANSACTIONID', 'INVALIDTRANSACTIONID', 'invalid', 'PARAM_ERROR'],
    [500, 'OPENID_MISMATCH', 'OPENIDMISMATCH', 'invalid', 'PARAM_ERROR'],
  ])('%i %s, or %s, is a refusal: %s', (status, code, old, refusal, ours) => {
    const expected = {
      kind: 'refused',
      refusal,
      code: ours,
      channelMessage: '原因',
      hint: { zh: expect.any(String), en: expect.any(String) },
    }

    expect(said(status, code)).toMatchObject({ ...expected, channelCode: code })
    expect(said(status, old)).toMatchObject({ ...expected, channelCode: old })
  })

  it.each([
    [500, 'SYSTEM_ERROR'],
    [500, 'SYSTEMERROR'],
    [500, 'BANK_ERROR'],
    [500, 'BANKERROR'],
    [400, 'SYSTEM_ERROR'],
    [403, 'BANKERROR'],
    [500, 'ORDER_PAID'],
    [502, 'ORDER_NOT_EXIST'],
    [503, 'NOT_ENOUGH'],
    [500, 'BANANA'],
    [500, 'PARAM_ERROR'],
    [502, 'OPENID_MISMATCH'],
    [302, 'PARAM_ERROR'],
  ])('%i %s says that nobody knows', (status, code) => {
    expect(said(status, code)).toMatchObject({ kind: 'unknown', code: 'CHANNEL_ERROR', channelCode: code })
    expect(said(status, code).refusal).toBeUndefined()
  })

  it('that nobody knows is a refusal when the status says so, and is passed on', () => {
    expect(said(403, 'BANANA')).toMatchObject({ kind: 'refused', refusal: 'invalid', code: 'CHANNEL_ERROR', channelCode: 'BANANA' })
  })

  it.each([403, 429])('about too many requests (%i) says when to come again', (status) => {
    expect(said(status, 'FREQUENCY_LIMITED').retryAfterMs).toBeGreaterThan(0)
    expect(rejectionOf({ status: 429, body: Buffer.from('busy') })).toMatchObject({ kind: 'refused', refusal: 'rateLimited' })
  })
})

describe('a refusal that is not signed', () => {
  it('is a refusal: the documents sign successes only', async () => {
    standIn.answer(bare({ status: 403, body: { code: 'NO_AUTH', message: '无权限' } }))

    await expect(close()).rejects.toMatchObject({ failure: { kind: 'refused', refusal: 'configuration', channelCode: 'NO_AUTH' } })
  })

  it('of a query for an unknown number is a report that there is none', async () => {
    standIn.answer(bare({ status: 404, body: { code: 'ORDER_NOT_EXIST', message: '订单不存在' } }))

    expect((await accounts.open().query(anAttempt({ outTradeNo }))).outcome).toEqual({ status: 'notFound' })
  })
})

describe('an answer from which nothing can be read', () => {
  const huge = Buffer.alloc(1024 * 1024 + 1, ' ')
  it.each([
    ['500 in JSON', bare({ status: 500, body: { code: 'SYSTEM_ERROR', message: '系统异常' } })],
    ['502 of a proxy, in HTML', bare({ status: 502, body: '<html>Bad Gateway</html>' })],
    ['503 without a body', bare({ status: 503 })],
    ['404 in HTML', bare({ status: 404, body: '<html>nginx</html>' })],
    ['400 without a code', bare({ status: 400, body: { message: 'no' } })],
    ['a redirect', bare({ status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } })],
    ['a huge success', { body: huge }],
    ['a huge refusal', bare({ status: 400, body: huge })],
    ['a line that is cut', { fault: 'reset' } as const],
  ])('%s: nobody knows', async (_name, reply: Reply) => {
    standIn.answer(reply)

    await expect(close()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(standIn.asked).toHaveLength(1)
  })

  it('that never comes: nobody knows, and the delay is told', async () => {
    standIn.answer({ fault: 'silent' })
    const impatient = accounts.open({ patienceMs: 50 })

    await expect(impatient.close(anAttempt({ outTradeNo }))).rejects.toMatchObject({
      failure: { kind: 'unknown', code: 'CHANNEL_TIMEOUT', isTimeout: true },
    })
    expect(accounts.asked.at(-1)?.timeoutMs).toBe(10_000)
  })

  it('empty, signed and 200, is no order', async () => {
    standIn.answer({})

    await expect(accounts.open().query(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })
})

describe('a failure', () => {
  it('prints no request, no key and no whole body', async () => {
    standIn.answer(bare({ status: 400, body: { code: 'PARAM_ERROR', message: `m${'x'.repeat(5000)}`, detail: 'd'.repeat(5000) } }))

    const error = await close().catch((caught: unknown) => caught)

    const printed = `${String(error)} ${JSON.stringify(error)}`
    expect(printed.length).toBeLessThan(2000)
    expect(printed).not.toMatch(/WECHATPAY2|Authorization|PRIVATE|ddddd/i)
  })
})
