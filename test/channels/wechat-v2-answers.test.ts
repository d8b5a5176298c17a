import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ChannelError, type ChannelFailure } from '../../server/channels/failure.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay, anAttempt, aRefund } from '../support/builders.ts'
import { makeWechatV2Accounts, miniprogramApp, officialApp } from '../support/wechat-v2-account.ts'
import {
  signedXml,
  startWechatV2StandIn,
  type V2Members,
  type V2Reply,
  type WechatV2StandIn,
  xmlOf,
} from '../support/wechat-v2-stand-in.ts'

let standIn: WechatV2StandIn
let accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  standIn = await startWechatV2StandIn()
  accounts = makeWechatV2Accounts(standIn.origin)
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

/** Long for a machine that is busy, short for a test that waits for silence. */
const patienceMs = 1500
const open = { out_trade_no: 'D202601020304050001', trade_state: 'NOTPAY' }
const paid = {
  ...open,
  trade_state: 'SUCCESS',
  openid: 'o-alice',
  transaction_id: '4200001234',
  total_fee: '9999',
  cash_fee: '9000',
  fee_type: 'CNY',
  time_end: '20260102120001',
}
const query = () => accounts.open({}, { patienceMs }).query(anAttempt())
const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  order: () => accounts.open({}, { patienceMs }).prepare({ ...anAttempt().ask, payType: 'NATIVE' }),
  query,
  close: () => accounts.open({}, { patienceMs }).close(anAttempt()),
  reverse: async () => accounts.open({}, { patienceMs }).reverse?.(anAttempt()),
  refund: () => accounts.open({}, { patienceMs }).refund(aRefund()),
  'refund query': () => accounts.open({}, { patienceMs }).queryRefund(aRefund()),
}

async function failureOf(act: () => Promise<unknown>): Promise<ChannelFailure> {
  const failed: unknown = await act().catch((error: unknown) => error)
  if (failed instanceof ChannelError) return failed.failure
  throw new Error(`it did not fail: ${JSON.stringify(failed)}`)
}

describe('an answer that verifies', () => {
  it.each<[string, V2Members, object]>([
    [
      'a payment is its amount before coupons',
      paid,
      {
        status: 'succeeded',
        transactionId: '4200001234',
        amount: { minor: 9999, currency: 'CNY' },
        merchantRef: '1900000001',
        appId: miniprogramApp,
        openId: 'o-alice',
        succeededAt: asInstant(aDay + 1000),
      },
    ],
    ['a payment refunded since was paid', { ...paid, trade_state: 'REFUND' }, { status: 'succeeded' }],
    ['an open order is not decided', open, { status: 'pending', said: 'NOTPAY', isKnownWord: true }],
    ['the payer types the password', { ...open, trade_state: 'USERPAYING' }, { status: 'pending', said: 'USERPAYING', isKnownWord: true }],
    ['it was taken and waits', { ...open, trade_state: 'ACCEPT' }, { status: 'pending', said: 'ACCEPT', isKnownWord: true }],
    ['a closed order stays so', { ...open, trade_state: 'CLOSED' }, { status: 'closed' }],
    ['so does one that was undone', { ...open, trade_state: 'REVOKED' }, { status: 'closed' }],
    ['a payment failed', { ...open, trade_state: 'PAYERROR' }, { status: 'failed', said: 'PAYERROR' }],
    ['a word nobody knows is no verdict', { ...open, trade_state: 'BANANA' }, { status: 'pending', said: 'BANANA', isKnownWord: false }],
    ['neither is none', { ...open, trade_state: '' }, { status: 'pending', isKnownWord: false }],
    ['members nobody knows are part of the signature', { ...paid, novelty: '1', coupon_fee_0: '5' }, { status: 'succeeded' }],
    ['another app is told', { ...paid, appid: officialApp }, { status: 'succeeded', appId: officialApp }],
  ])('is believed: %s', async (_name, members, outcome) => {
    standIn.answer({ members })

    expect((await query()).outcome).toMatchObject(outcome)
  })

  it.each([['MD5'], ['HMAC-SHA256']] as const)('may be signed with %s, whatever the request was signed with', async (by) => {
    standIn.answer({ members: paid, by })

    expect((await query()).outcome).toMatchObject({ status: 'succeeded' })
  })

  it('says that nobody knows the number', async () => {
    standIn.answer({ members: { result_code: 'FAIL', err_code: 'ORDERNOTEXIST', err_code_des: '此交易订单号不存在' } })

    expect((await query()).outcome).toEqual({ status: 'notFound' })
  })

  it('closes', async () => {
    standIn.answer({ members: {} })

    await expect(accounts.open().close(anAttempt())).resolves.toBeUndefined()
  })
})

describe('an answer to another question', () => {
  it.each<[string, keyof typeof calls, V2Members]>([
    ['of another merchant', 'query', { ...paid, mch_id: '1900000002' }],
    ['without a merchant', 'query', { ...paid, mch_id: '' }],
    ['of an app that is none of ours', 'query', { ...paid, appid: 'wx00000000000000ff' }],
    ['of another order', 'query', { ...paid, out_trade_no: 'D202601020304050002' }],
    ['of another refund', 'refund', { out_trade_no: 'D202601020304050001', out_refund_no: 'ref_2', refund_fee: '1000' }],
    ['of another order’s refund', 'refund', { out_trade_no: 'D202601020304050002', out_refund_no: 'ref_1', refund_fee: '1000' }],
    ['of a refund of another amount', 'refund', { out_trade_no: 'D202601020304050001', out_refund_no: 'ref_1', refund_fee: '1' }],
    ['of refunds that are not the one', 'refund query', { out_trade_no: 'D202601020304050001', out_refund_no_0: 'ref_2' }],
    ['of a merchant’s open order', 'order', { mch_id: '1900000002', code_url: 'weixin://wxpay/a' }],
  ])('%s is as none, with an alarm', async (_name, call, members) => {
    standIn.answer({ members })

    expect(await failureOf(calls[call] ?? query)).toMatchObject({ kind: 'untrusted', code: 'SIGN_ERROR' })
  })
})

describe('a success that lacks what makes it one', () => {
  it.each<[string, V2Members]>([
    ['its number', { ...paid, transaction_id: '' }],
    ['its amount', { ...paid, total_fee: '' }],
    ['a whole amount', { ...paid, total_fee: '99.99' }],
    ['an amount in figures', { ...paid, total_fee: '1e4' }],
    ['an amount above nothing', { ...paid, total_fee: '-9999' }],
    ['a currency', { ...paid, fee_type: 'XXX' }],
    ['its time', { ...paid, time_end: '2026' }],
  ])('%s is not believed', async (_name, members) => {
    standIn.answer({ members })

    expect(await failureOf(query)).toMatchObject({ kind: 'unknown', code: 'CHANNEL_ERROR' })
  })
})

const declaredGbk = Buffer.concat([
  Buffer.from('<?xml version="1.0" encoding="GBK"?><xml><return_code>SUCCESS</return_code><return_msg>'),
  Buffer.from([0xd6, 0xa7, 0xb8, 0xb6]),
  Buffer.from('</return_msg></xml>'),
])
const signedSuccess = signedXml({ ...paid, return_code: 'SUCCESS', result_code: 'SUCCESS', mch_id: '1900000001', appid: miniprogramApp })
const unsigned = { return_code: 'SUCCESS', result_code: 'FAIL', mch_id: '1900000001', err_code: 'ORDERCLOSED' }

it('what is spoilt below is good before', async () => {
  standIn.answer({ body: signedSuccess })

  expect((await query()).outcome).toMatchObject({ status: 'succeeded' })
})

describe.each(Object.keys(calls))('a %s learns nothing from', (name) => {
  const act = calls[name] ?? query
  it.each<[string, V2Reply, 'unknown' | 'untrusted']>([
    ['a page instead of an answer', { body: '<html><body><h1>502 Bad Gateway</h1></body></html>' }, 'unknown'],
    ['a broken page', { body: '<html><body><br><p>Oops' }, 'unknown'],
    ['nothing', { body: '' }, 'unknown'],
    ['a server’s error', { status: 502, members: paid }, 'unknown'],
    ['a refusal by HTTP', { status: 403, members: paid }, 'unknown'],
    ['a redirect', { status: 302, body: '' }, 'unknown'],
    ['bytes of GBK that say so', { body: declaredGbk }, 'unknown'],
    ['JSON', { body: '{"return_code":"SUCCESS","trade_state":"SUCCESS"}' }, 'unknown'],
    ['a document type', { body: `<!DOCTYPE xml>${signedSuccess}` }, 'unknown'],
    ['a line that was cut', { fault: 'reset' }, 'unknown'],
    ['half an answer', { body: signedSuccess.slice(0, 200) }, 'unknown'],
    ['two answers in one', { body: signedSuccess + signedSuccess }, 'unknown'],
    ['an answer longer than it may be', { body: xmlOf({ return_code: 'SUCCESS', a: 'x'.repeat(1_100_000) }) }, 'unknown'],
    ['FAIL, which nobody signs', { body: xmlOf({ return_code: 'FAIL', return_msg: '系统繁忙' }) }, 'unknown'],
    ['a success without a signature', { members: paid, sign: 'none' }, 'untrusted'],
    ['a refusal without a signature', { body: xmlOf(unsigned) }, 'untrusted'],
    ['a wrong signature', { members: paid, sign: 'wrong' }, 'untrusted'],
    ['the signature of another key', { members: paid, key: 'another-v2-key-of-thirty-two-chr' }, 'untrusted'],
    ['a signature in a way nobody knows', { members: { ...paid, sign_type: 'SM3' } }, 'untrusted'],
    ['a signature that is not as it says', { members: { ...paid, sign_type: 'HMAC-SHA256' }, by: 'MD5' }, 'untrusted'],
    ['a member that was changed', { body: signedSuccess.replace('9999', '9998') }, 'untrusted'],
    ['a member that was put in', { body: signedSuccess.replace('</xml>', '<trade_type>APP</trade_type></xml>') }, 'untrusted'],
    ['a member named twice', { body: signedSuccess.replace('</xml>', '<total_fee>1</total_fee></xml>') }, 'unknown'],
  ])('%s', async (_what, reply, kind) => {
    standIn.answer(reply)

    const failure = await failureOf(act)

    expect(failure).toMatchObject({ kind, code: kind === 'untrusted' ? 'SIGN_ERROR' : 'CHANNEL_ERROR' })
  })

  it('silence', async () => {
    standIn.answer({ fault: 'silent' })

    expect(await failureOf(act)).toMatchObject({ kind: 'unknown', code: 'CHANNEL_TIMEOUT', isTimeout: true })
  })
})

describe('FAIL without a signature', () => {
  it('about a signature names what to look at, and decides nothing', async () => {
    standIn.answer({ body: xmlOf({ return_code: 'FAIL', return_msg: '签名错误，请检查后再试' }) })

    expect(await failureOf(query)).toMatchObject({
      kind: 'unknown',
      channelMessage: '签名错误，请检查后再试',
      hint: { zh: expect.stringContaining('WECHAT_API_KEY'), en: expect.stringContaining('WECHAT_SIGN_TYPE') },
    })
  })
})

describe('a signed refusal', () => {
  it.each<[keyof typeof calls, string, object]>([
    ['order', 'ORDERPAID', { kind: 'refused', refusal: 'orderPaid', code: 'ORDERPAID' }],
    ['order', 'ORDERCLOSED', { kind: 'refused', refusal: 'orderClosed', code: 'ORDERCLOSED' }],
    ['order', 'OUT_TRADE_NO_USED', { kind: 'refused', refusal: 'numberUsed' }],
    ['order', 'INVALID_REQUEST', { kind: 'refused', refusal: 'invalid' }],
    ['order', 'PARAM_ERROR', { kind: 'refused', refusal: 'invalid', code: 'PARAM_ERROR' }],
    ['order', 'APPID_MCHID_NOT_MATCH', { kind: 'refused', refusal: 'configuration' }],
    ['order', 'NOAUTH', { kind: 'refused', refusal: 'configuration' }],
    ['order', 'SIGNERROR', { kind: 'refused', refusal: 'caller' }],
    ['order', 'SYSTEMERROR', { kind: 'unknown' }],
    ['order', 'A_WORD_OF_TOMORROW', { kind: 'unknown' }],
    ['order', '', { kind: 'unknown' }],
    ['close', 'ORDERPAID', { kind: 'refused', refusal: 'orderPaid' }],
    ['close', 'ORDERNOTEXIST', { kind: 'refused', refusal: 'notFound' }],
    ['close', 'FREQUENCY_LIMITED', { kind: 'refused', refusal: 'rateLimited', retryAfterMs: 2000 }],
    ['refund', 'NOTENOUGH', { kind: 'refused', refusal: 'notEnough' }],
    ['refund', 'BIZERR_NEED_RETRY', { kind: 'unknown' }],
    ['refund', 'INVALID_REQ_TOO_MUCH', { kind: 'refused', refusal: 'rateLimited', retryAfterMs: 60_000 }],
    ['refund', 'TRADE_OVERDUE', { kind: 'refused', refusal: 'invalid' }],
    ['refund', 'ERROR', { kind: 'refused', refusal: 'invalid' }],
    ['refund', 'USER_ACCOUNT_ABNORMAL', { kind: 'refused', refusal: 'invalid' }],
    ['refund', 'SYSTEMERROR', { kind: 'unknown' }],
    ['reverse', 'REVERSE_EXPIRE', { kind: 'refused', refusal: 'invalid' }],
    ['reverse', 'SYSTEMERROR', { kind: 'unknown' }],
  ])('of a %s with %s means what it means', async (call, code, failure) => {
    standIn.answer({ members: { result_code: 'FAIL', err_code: code, err_code_des: '错误描述' } })

    expect(await failureOf(calls[call] ?? query)).toMatchObject({ ...failure, channelCode: code, channelMessage: '错误描述' })
  })

  it('shows no key, no signature and no body', async () => {
    standIn.answer({ members: { result_code: 'FAIL', err_code: 'PARAM_ERROR', err_code_des: 'sub_mch_id参数格式错误' } })

    const printed = JSON.stringify(await failureOf(query))

    expect(printed).not.toMatch(/thirty-two|[0-9A-F]{64}|<xml>/)
  })
})

describe('what became of a refund', () => {
  const listed = (at: number, number: string, more: V2Members = {}) => ({
    [`out_refund_no_${at}`]: number,
    [`refund_id_${at}`]: `50300012${at}`,
    [`refund_fee_${at}`]: '1000',
    [`refund_status_${at}`]: 'SUCCESS',
    [`refund_success_time_${at}`]: '2026-01-02 12:30:00',
    ...more,
  })
  const all = { out_trade_no: 'D202601020304050001', refund_count: '2', total_refund_count: '2' }
  const asked = () => accounts.open().queryRefund(aRefund())

  it.each<[string, V2Members, object]>([
    ['back with the payer', {}, { status: 'succeeded', succeededAt: asInstant(aDay + 1_800_000) }],
    ['under way', { refund_status_1: 'PROCESSING' }, { status: 'processing' }],
    ['one that the payer’s card could not receive', { refund_status_1: 'CHANGE' }, { status: 'abnormal' }],
    ['closed', { refund_status_1: 'REFUNDCLOSE' }, { status: 'closed' }],
    ['a word nobody knows', { refund_status_1: 'BANANA' }, { status: 'unknown', said: 'BANANA' }],
  ])('is read at its own place in the list: %s', async (_name, more, outcome) => {
    standIn.answer({
      members: { ...all, ...listed(0, 'ref_0', { refund_fee_0: '1', refund_status_0: 'SUCCESS' }), ...listed(1, 'ref_1', more) },
    })

    expect(await asked()).toMatchObject({
      source: 'query',
      outRefundNo: 'ref_1',
      channelRefundId: '503000121',
      amount: { minor: 1000, currency: 'CNY' },
      merchantRef: '1900000001',
      outcome,
    })
  })

  it('is looked for on the next page', async () => {
    const page = (numbers: readonly string[]) => ({
      members: {
        ...all,
        refund_count: String(numbers.length),
        total_refund_count: '12',
        ...Object.assign({}, ...numbers.map((number, at) => listed(at, number))),
      },
    })
    const others = Array.from({ length: 10 }, (_, at) => `other_${at}`)
    standIn.answer(page(others), page(['other_10', 'ref_1']))

    expect(await asked()).toMatchObject({ channelRefundId: '503000121', outcome: { status: 'succeeded' } })
    expect(standIn.asked.map(({ members }) => members.offset)).toEqual([undefined, '10'])
  })

  it('is not looked for for ever', async () => {
    standIn.answer({ members: { ...all, refund_count: '1', total_refund_count: '1000000', out_refund_no_0: 'other' } })

    expect(await failureOf(asked)).toMatchObject({ kind: 'untrusted' })
    expect(standIn.asked).toHaveLength(5)
  })

  it('without its time of success is not believed', async () => {
    standIn.answer({ members: { ...all, ...listed(0, 'ref_1', { refund_success_time_0: '' }) } })

    expect(await failureOf(asked)).toMatchObject({ kind: 'unknown' })
  })

  it('that the channel never heard of is said', async () => {
    standIn.answer({ members: { result_code: 'FAIL', err_code: 'REFUNDNOTEXIST', err_code_des: 'not exist' } })

    expect((await asked()).outcome).toEqual({ status: 'notFound' })
  })
})
