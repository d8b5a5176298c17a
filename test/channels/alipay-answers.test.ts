import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import { asOutTradeNo, asRefundId, outRefundNoOf } from '../../shared/kernel/ids.ts'
import { asInstant, later } from '../../shared/kernel/time.ts'
import { aNumber, anAlipayAttempt, makeAlipayAccounts } from '../support/alipay-account.ts'
import { type AlipayStandIn, type Reply, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay, aRefund } from '../support/builders.ts'

let standIn: AlipayStandIn
let accounts: ReturnType<typeof makeAlipayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startAlipayStandIn(() => clock.at)
  accounts = makeAlipayAccounts(standIn, clock)
})
beforeEach(() => {
  clock.at = aDay
  standIn.reset()
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const ok = { code: '10000', msg: 'Success', out_trade_no: aNumber }
const open = { ...ok, trade_no: '2026010222001', total_amount: '99.99', trade_status: 'WAIT_BUYER_PAY' }
const paid = { ...open, trade_status: 'TRADE_SUCCESS', send_pay_date: '2026-01-02 11:59:58' }
const refused = { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST', sub_msg: '交易不存在' }

const refundOf = (given = {}) => aRefund({ outTradeNo: aNumber, ...given })
const calls: Readonly<Record<string, readonly [method: string, (account: ChannelAccount) => Promise<unknown>]>> = {
  query: ['alipay.trade.query', (account) => account.query(anAlipayAttempt())],
  close: ['alipay.trade.close', (account) => account.close(anAlipayAttempt())],
  cancel: ['alipay.trade.cancel', async (account) => account.reverse?.(anAlipayAttempt())],
  refund: ['alipay.trade.refund', (account) => account.refund(refundOf())],
  'refund query': ['alipay.trade.fastpay.refund.query', (account) => account.queryRefund(refundOf())],
}
const ask = (name: string, reply: Reply, patienceMs = 1500) => {
  const [method, call] = calls[name] ?? []
  if (method === undefined || !call) throw new Error(`there is no call ${name}`)
  standIn.answer(method, reply)
  return call(accounts.open({ patienceMs }))
}
const query = (says: Reply['says']) => ask('query', { says })

describe('a trade', () => {
  it.each([
    ['WAIT_BUYER_PAY is not decided', open, { status: 'pending', said: 'WAIT_BUYER_PAY', isKnownWord: true }],
    ['a word nobody knows is no verdict', { ...open, trade_status: 'BANANA' }, { status: 'pending', said: 'BANANA', isKnownWord: false }],
    ['no word at all is no verdict', { ...open, trade_status: undefined }, { status: 'pending', isKnownWord: false }],
    ['TRADE_SUCCESS is paid', paid, { status: 'succeeded', transactionId: '2026010222001' }],
    ['TRADE_FINISHED is paid', { ...paid, trade_status: 'TRADE_FINISHED' }, { status: 'succeeded' }],
    ['TRADE_CLOSED was never paid', { ...open, trade_status: 'TRADE_CLOSED' }, { status: 'closed' }],
    [
      'TRADE_CLOSED that has a time of payment was paid, and given back since',
      { ...paid, trade_status: 'TRADE_CLOSED' },
      { status: 'succeeded' },
    ],
    ['that does not exist is not known', refused, { status: 'notFound' }],
  ])('%s', async (_name, says, outcome) => {
    expect(await query(says)).toMatchObject({ outTradeNo: aNumber, outcome })
  })

  it.each([
    ['99.99', 9999],
    ['88.8', 8880],
    ['20', 2000],
    ['0.01', 1],
  ])('of %s yuan is that many fen', async (text, minor) => {
    expect(await query({ ...paid, total_amount: text })).toMatchObject({ outcome: { amount: { minor, currency: 'CNY' } } })
  })

  it('is the sum that was asked for, whatever discounts the buyer had', async () => {
    const discounted = { ...paid, buyer_pay_amount: '89.99', receipt_amount: '95.00', point_amount: '1.00' }

    expect(await query(discounted)).toMatchObject({ outcome: { amount: { minor: 9999 } } })
  })

  it('was paid when Alipay says, by China’s clock', async () => {
    expect(await query(paid)).toMatchObject({ outcome: { succeededAt: asInstant(Date.parse('2026-01-02T03:59:58Z')) } })
  })

  it('is paid even where Alipay leaves out when: it is heard of now', async () => {
    expect(await query({ ...paid, send_pay_date: undefined })).toMatchObject({ outcome: { status: 'succeeded', succeededAt: aDay } })
  })

  it('in another currency is in that currency', async () => {
    expect(await query({ ...paid, trans_currency: 'HKD' })).toMatchObject({ outcome: { amount: { minor: 9999, currency: 'HKD' } } })
  })

  it.each([
    ['lacks its number', { ...paid, trade_no: undefined }],
    ['lacks its amount', { ...paid, total_amount: undefined }],
    ['has its amount as a number', { ...paid, total_amount: 99.99 }],
    ['has a third decimal', { ...paid, total_amount: '99.990' }],
    ['has a currency nobody knows', { ...paid, trans_currency: 'XXX' }],
  ])('that %s is no success: nobody knows', async (_name, says) => {
    await expect(query(says)).rejects.toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })
})

describe('closing', () => {
  it('is done when Alipay says so', async () => {
    await expect(ask('close', { says: { ...ok, trade_no: '1' } })).resolves.toBeUndefined()
  })

  it.each([
    ['ACQ.TRADE_NOT_EXIST', 'notFound'],
    ['ACQ.TRADE_STATUS_ERROR', 'orderPaid'],
    ['ACQ.REASON_TRADE_STATUS_INVALID', 'orderPaid'],
    ['ACQ.TRADE_HAS_FINISHED', 'orderPaid'],
  ])('is refused with %s as %s', async (subCode, refusal) => {
    await expect(ask('close', { says: { ...refused, sub_code: subCode } })).rejects.toMatchObject({ failure: { kind: 'refused', refusal } })
  })
})

describe('cancelling', () => {
  it.each(['close', 'refund'])('is done by %s', async (action) => {
    await expect(ask('cancel', { says: { ...ok, trade_no: '1', retry_flag: 'N', action } })).resolves.toBeUndefined()
  })

  it('that Alipay wants repeated is not done', async () => {
    await expect(ask('cancel', { says: { ...ok, retry_flag: 'Y' } })).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it.each(['ACQ.CANCEL_NOT_ALLOWED', 'ACQ.TRADE_CANCEL_TIME_OUT'])('refused with %s is refused for good', async (subCode) => {
    await expect(ask('cancel', { says: { ...refused, sub_code: subCode } })).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'invalid' },
    })
  })
})

describe('a refund', () => {
  it('names itself, the trade and the amount', async () => {
    await ask('refund', { says: { ...ok, fund_change: 'Y', refund_fee: '10.00' } })

    expect(standIn.asked[0]?.content).toEqual({ out_trade_no: aNumber, refund_amount: '10.00', out_request_no: 'ref_1' })
  })

  it('is done when money moved; what has gone back in all is not its amount', async () => {
    const report = await ask('refund', { says: { ...ok, fund_change: 'Y', refund_fee: '60.00', gmt_refund_pay: '2026-01-02 12:00:05' } })

    expect(report).toMatchObject({
      amount: { minor: 1000 },
      outcome: { status: 'succeeded', succeededAt: asInstant(Date.parse('2026-01-02T12:00:05+08:00')) },
    })
  })

  it.each([{ fund_change: 'N' }, {}])('that was taken and moved nothing (%j) is under way', async (said) => {
    expect(await ask('refund', { says: { ...ok, refund_fee: '10.00', ...said } })).toMatchObject({ outcome: { status: 'processing' } })
  })

  it.each([
    ['ACQ.SELLER_BALANCE_NOT_ENOUGH', { kind: 'refused', refusal: 'notEnough' }],
    ['ACQ.TRADE_NOT_EXIST', { kind: 'refused', refusal: 'notFound' }],
    ['ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', { kind: 'refused', refusal: 'invalid' }],
    ['ACQ.TRADE_HAS_FINISHED', { kind: 'refused', refusal: 'invalid' }],
    ['ACQ.TRADE_STATUS_ERROR', { kind: 'refused', refusal: 'invalid' }],
    ['ACQ.DISCORDANT_REPEAT_REQUEST', { kind: 'refused', refusal: 'numberUsed' }],
    ['ACQ.REFUND_CHARGE_ERROR', { kind: 'unknown' }],
    ['ACQ.SYSTEM_ERROR', { kind: 'unknown' }],
  ])('answered %s: %j', async (subCode, failure) => {
    await expect(ask('refund', { says: { ...refused, sub_code: subCode } })).rejects.toMatchObject({ failure })
  })
})

describe('what became of a refund', () => {
  const found = { ...ok, out_request_no: 'ref_1', refund_amount: '10.00', total_amount: '99.99' }
  const about = (says: object, ageMs = 60_000) => {
    clock.at = later(aDay, ageMs)
    return ask('refund query', { says })
  }

  it('is a success with its own amount and time', async () => {
    const says = { ...found, refund_status: 'REFUND_SUCCESS', gmt_refund_pay: '2026-01-02 12:00:05' }

    expect(await about(says)).toMatchObject({
      outRefundNo: 'ref_1',
      amount: { minor: 1000, currency: 'CNY' },
      outcome: { status: 'succeeded', succeededAt: asInstant(Date.parse('2026-01-02T12:00:05+08:00')) },
    })
  })

  it.each([
    ['no verdict in the first seconds', 9_999, 'unknown'],
    ['not known after ten', 10_000, 'notFound'],
  ])('without a state is %s', async (_name, ageMs, status) => {
    expect(await about(ok, ageMs)).toMatchObject({ outcome: { status } })
  })

  it('of a trade that does not exist is not known', async () => {
    expect(await about(refused)).toMatchObject({ outcome: { status: 'notFound' } })
  })

  it('is not told by an answer about another refund', async () => {
    const other = { ...found, out_request_no: 'ref_2', refund_status: 'REFUND_SUCCESS' }

    await expect(about(other)).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('can be asked for whoever made it', async () => {
    standIn.answer('alipay.trade.fastpay.refund.query', { says: { ...ok, out_request_no: 'HZ01', refund_status: 'REFUND_SUCCESS' } })

    const report = await accounts.open().queryRefund(refundOf({ outRefundNo: outRefundNoOf(asRefundId('HZ01')) }))

    expect(report).toMatchObject({ outRefundNo: 'HZ01', outcome: { status: 'succeeded' } })
  })
})

/** The object of a success under each call: what would be believed, were it signed. */
const success: Readonly<Record<string, object>> = {
  query: paid,
  close: ok,
  cancel: { ...ok, retry_flag: 'N', action: 'close' },
  refund: { ...ok, fund_change: 'Y', refund_fee: '10.00' },
  'refund query': { ...ok, out_request_no: 'ref_1', refund_status: 'REFUND_SUCCESS', refund_amount: '10.00' },
}
const html = '<html><body><h1>502 Bad Gateway</h1></body></html>'
const gbk = Buffer.concat([Buffer.from('{"alipay_trade_query_response":{"msg":"'), Buffer.from([0xd6, 0xa7]), Buffer.from('"}}')])

/** What is believed of none of them: the reply to a call, and how it fails. */
const bad: ReadonlyArray<readonly [string, (says: object) => Reply, 'unknown' | 'untrusted']> = [
  ['a page of HTML', () => ({ raw: html }), 'unknown'],
  ['a page of HTML with 502', () => ({ raw: html, status: 502 }), 'unknown'],
  ['nothing', () => ({ raw: '' }), 'unknown'],
  ['bytes of GBK', () => ({ raw: gbk }), 'unknown'],
  ['a signed success with 500', (says) => ({ says, status: 500 }), 'unknown'],
  ['a redirect', (says) => ({ says, status: 302 }), 'unknown'],
  ['an answer cut off', (says) => ({ says, change: (text) => text.slice(0, -9) }), 'unknown'],
  ['an answer to another method', (says) => ({ says, as: 'alipay_trade_other_response' }), 'unknown'],
  ['a success without a signature', (says) => ({ says, sign: () => undefined }), 'unknown'],
  ['an empty signature', (says) => ({ says, sign: () => '' }), 'unknown'],
  ['a signature that is a number', (says) => ({ says, sign: () => 1 }), 'unknown'],
  ['a signature that is no text of JSON', (says) => ({ says, change: (text) => text.replace(/"sign":"(.)/, '"sign":"\\x') }), 'unknown'],
  ['a signature that ends nowhere', (says) => ({ says, change: (text) => text.replace(/"sign":"[^"]*"/, '"sign":tru') }), 'unknown'],
  ['a line break in the signature', (says) => ({ says, change: (text) => text.replace(/"sign":"(.)/, '"sign":"\n') }), 'unknown'],
  ['another’s signature', (says) => ({ says, by: standIn.keys.stranger }), 'untrusted'],
  ['the signature of our own app', (says) => ({ says, by: standIn.keys.app }), 'untrusted'],
  ['a changed amount', (says) => ({ says: { ...says, a: '1' }, change: (text) => text.replace('"a":"1"', '"a":"2"') }), 'untrusted'],
  ['a blank more', (says) => ({ says, change: (text) => text.replace(',"msg"', ', "msg"') }), 'untrusted'],
  ['a slash escaped after signing', (says) => ({ says: { ...says, a: '/' }, change: (text) => text.replace('"/"', '"\\/"') }), 'untrusted'],
  ['an early error, unsigned', () => ({ says: refused, as: 'error_response', sign: () => undefined }), 'unknown'],
  ['an error that claims success, signed', (says) => ({ says, as: 'error_response' }), 'unknown'],
  ['an object without a code, signed', () => ({ says: { out_trade_no: aNumber } }), 'unknown'],
  ['an object named twice', (says) => ({ says, change: (text) => text.replace('{', `{"${nameIn(text)}":{"code":"10000"},`) }), 'unknown'],
  ['a signed list', () => ({ says: '[{"code":"10000"}]' }), 'unknown'],
  ['a signed text', () => ({ says: '"code 10000"' }), 'unknown'],
  ['a signed success that names a member twice', () => ({ says: '{"code":"40004","code":"10000"}' }), 'unknown'],
  [
    'a success inside another’s text',
    (says) => ({ raw: JSON.stringify({ error_response: { msg: JSON.stringify({ x_response: says, sign: 'x' }) } }) }),
    'unknown',
  ],
  ['a cut line', () => ({ fault: 'reset' }), 'unknown'],
  ['silence', () => ({ fault: 'silent' }), 'unknown'],
]

function nameIn(text: string): string {
  return /^\{"(\w+)"/.exec(text)?.[1] ?? ''
}

describe.each(Object.keys(calls))('of a %s', (name) => {
  it.each(bad)('%s is no answer', async (_how, replyOf, kind) => {
    const reply = replyOf(success[name] ?? {})

    await expect(ask(name, reply)).rejects.toMatchObject({ failure: { kind } })
  })

  it('a signed answer about another number is none about this one', async () => {
    const other = { ...success[name], out_trade_no: asOutTradeNo('D202601020304050002') }

    await expect(ask(name, { says: other })).rejects.toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
  })
})

describe('a signed answer', () => {
  it.each([
    ['with its signature first', (text: string) => text.replace(/^\{(.*),("sign":"[^"]*")\}$/s, '{$2,$1}')],
    ['with blanks between its members', (text: string) => text.replace(/,"sign":/, ' ,\r\n\t"sign" : ')],
    ['with members nobody knows beside it', (text: string) => text.replace('{', '{"trace":{"sign":"x","code":[1,{}]},')],
  ])('%s is believed all the same', async (_name, change) => {
    expect(await ask('query', { says: paid, change })).toMatchObject({ outcome: { status: 'succeeded' } })
  })

  it.each([
    ['words that look like its own structure', { ...paid, body: 'a "sign":"x" }, "alipay_trade_query_response":{' }],
    ['escapes that a parser would lose', JSON.stringify({ ...paid, body: '@@' }).replace('@@', '\\/ \\u5c0f \\n')],
    ['members it never had before', { ...paid, novelty: [{ a: null }, 1.5e3] }],
  ])('that holds %s is believed', async (_name, says) => {
    expect(await ask('query', { says })).toMatchObject({ outcome: { status: 'succeeded' } })
  })

  it('that refuses is believed, with words for whoever looks', async () => {
    await expect(ask('close', { says: refused })).rejects.toMatchObject({
      failure: {
        kind: 'refused',
        channelCode: 'ACQ.TRADE_NOT_EXIST',
        channelMessage: '交易不存在',
        hint: { zh: expect.any(String), en: expect.any(String) },
      },
    })
  })
})

describe('a failure', () => {
  it('that is an early error says what Alipay said, and is no refusal', async () => {
    const early = { code: '40002', msg: 'Invalid Arguments', sub_code: 'isv.invalid-signature', sub_msg: '验签出错' }

    const failing = ask('refund', { says: early, as: 'error_response', sign: () => undefined })

    await expect(failing).rejects.toMatchObject({
      failure: {
        kind: 'unknown',
        channelCode: 'isv.invalid-signature',
        channelMessage: '验签出错',
        hint: { en: expect.stringContaining('ALIPAY_PRIVATE_KEY') },
      },
    })
  })

  it('that is silence is a timeout', async () => {
    await expect(ask('query', { fault: 'silent' }, 100)).rejects.toMatchObject({ failure: { code: 'CHANNEL_TIMEOUT', isTimeout: true } })
  })

  it('shows nothing of a key or a signature', async () => {
    const said = await ask('query', { says: paid, by: standIn.keys.stranger }).catch(
      (error: unknown) => JSON.stringify(error) + String(error),
    )

    expect(said).toContain('does not verify')
    expect(said).not.toMatch(/PRIVATE KEY|sign=|[A-Za-z0-9+/]{60}/)
  })
})
