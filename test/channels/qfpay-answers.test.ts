import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ChannelError } from '../../server/channels/failure.ts'
import { aDay } from '../support/builders.ts'
import { aNumber, aQfpayAttempt, aSyssn, makeQfpayAccounts } from '../support/qfpay-account.ts'
import { appCode, type QfpayStandIn, type Reply, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const [paymentPath, queryPath] = ['/trade/v1/payment', '/trade/v1/query']
const wechatCode = '134579302432164181'
const open = {
  order_type: 'payment',
  respcd: '1143',
  cancel: '0',
  syssn: aSyssn,
  out_trade_no: aNumber,
  mchid: 'ZaMVg12345',
  txamt: '8888',
  txcurrcd: 'HKD',
  txdtm: '2026-01-02 12:00:00',
  sysdtm: '2026-01-02 12:00:01',
  paydtm: '',
}
const paid = { ...open, respcd: '0000', paydtm: '2026-01-02 12:00:09' }

type Credentials = NonNullable<Parameters<typeof accounts.open>[0]>['credentials']
const list = (...data: unknown[]) => standIn.answer(queryPath, { says: { respcd: '0000', resperr: '', data } })
const query = (credentials: Credentials = {}) => accounts.open({ credentials }).query(aQfpayAttempt())
const queryCode = () => accounts.open().query(aQfpayAttempt({ payType: 'MICROPAY', authCode: wechatCode }))
const refusalIn = (error: unknown) => (error instanceof ChannelError ? error.failure.refusal : error)
const pending = (said: string, isKnownWord = true) => ({ status: 'pending', said, isKnownWord })

describe('a payment that is asked about', () => {
  it('is paid with 0000: QFPay’s number, whole minor units, the wallet’s time in the account’s zone', async () => {
    list(paid)

    expect(await query()).toEqual({
      source: 'query',
      channel: 'qfpay',
      account: 'default',
      outTradeNo: aNumber,
      outcome: {
        status: 'succeeded',
        transactionId: aSyssn,
        amount: { minor: 8888, currency: 'HKD' },
        merchantRef: 'ZaMVg12345',
        succeededAt: Date.UTC(2026, 0, 2, 4, 0, 9),
      },
    })
  })

  it.each([
    ['nothing is listed', [], { status: 'notFound' }],
    ['a refund alone is listed', [{ ...paid, order_type: 'refund' }], { status: 'notFound' }],
    ['the password is being typed', [open], pending('1143')],
    ['it is under way', [{ ...open, respcd: '1145' }], pending('1145')],
    ['the network is slow', [{ ...open, respcd: '1298' }], pending('1298')],
    ['QFPay itself does not know', [{ ...open, respcd: '1252' }], pending('1252', false)],
    ['the code is one nobody knows', [{ ...open, respcd: '9999' }], pending('9999', false)],
    ['there is no code', [{ ...open, respcd: '' }], pending('', false)],
    ['the code is about finding it', [{ ...open, respcd: '1136' }], pending('1136')],
    ['the code is about a contradiction', [{ ...open, respcd: '1267' }], pending('1267')],
    ['it is closed', [{ ...open, respcd: '1142' }], { status: 'closed' }],
    ['it has expired', [{ ...open, respcd: '1181' }], { status: 'closed' }],
    ['it was cancelled', [{ ...open, respcd: '1263' }], { status: 'closed' }],
    ['it was reversed after it was paid', [{ ...paid, cancel: '1' }], { status: 'closed' }],
    ['it was cancelled by its pay type', [{ ...open, cancel: 2 }], { status: 'closed' }],
    ['it was refunded since', [{ ...paid, cancel: '3' }], { status: 'succeeded' }],
    ['it was refunded in part', [{ ...paid, cancel: '5' }], { status: 'succeeded' }],
    ['a try of it failed: the next may not', [{ ...open, respcd: '1201' }], pending('1201')],
    ['the bank failed: the payer may try again', [{ ...open, respcd: '1204' }], pending('1204')],
  ])('when %s', async (_name, items, outcome) => {
    list(...items)

    expect(await query()).toMatchObject({ outcome })
  })

  it.each(['1201', '1202', '1204', '1205', '1250', '1294'])('by a code is over with %s', async (respcd) => {
    list({ ...open, respcd })

    expect(await queryCode()).toMatchObject({ outcome: { status: 'failed', said: respcd } })
  })

  it.each(['1143', '1145', '1252', '1267', '1104', '9999'])('by a code is not over with %s', async (respcd) => {
    list({ ...open, respcd })

    expect(await queryCode()).toMatchObject({ outcome: { status: 'pending', said: respcd } })
  })

  it.each(['1136', '1268'])('is not found when the call itself says %s', async (respcd) => {
    standIn.answer(queryPath, { says: { respcd, resperr: '订单不存在' } })

    expect(await query()).toMatchObject({ outcome: { status: 'notFound' } })
  })

  it('is read the same from numbers as from texts, to the last of their digits', async () => {
    const body = `{"respcd": "0000", "data": [{"respcd": "0000", "cancel": 0, "syssn": 20260102000200020000641807, "out_trade_no": "${aNumber}", "txamt": 8888, "sysdtm": "2026-01-02 12:00:01"}]}`
    standIn.answer(queryPath, { says: body })

    expect(await query()).toMatchObject({
      outcome: { transactionId: '20260102000200020000641807', amount: { minor: 8888, currency: 'HKD' } },
    })
  })

  it.each([
    ['QFPay’s own time, where the wallet says none', { paydtm: '' }, Date.UTC(2026, 0, 2, 4, 0, 1)],
    ['now, where nobody says when', { paydtm: '0000-00-00 00:00:00', sysdtm: undefined }, aDay],
  ])('counts from %s', async (_name, times, succeededAt) => {
    list({ ...paid, ...times })

    expect(await query()).toMatchObject({ outcome: { status: 'succeeded', succeededAt } })
  })

  it('goes to the app code where no merchant number was issued, whatever number an item has', async () => {
    list(paid)

    expect(await query({ mchid: undefined })).toMatchObject({ outcome: { merchantRef: appCode } })
  })

  it.each([
    ['another order', { out_trade_no: 'D202601020304050002' }, 'untrusted'],
    ['another merchant', { mchid: 'OTHER' }, 'untrusted'],
    ['no amount', { txamt: '' }, 'unknown'],
    ['an amount that is not whole', { txamt: '88.88' }, 'unknown'],
    ['an amount below nothing', { txamt: '-8888' }, 'unknown'],
    ['an amount with an exponent', { txamt: '8e3' }, 'unknown'],
    ['a currency nobody knows', { txcurrcd: 'XXX' }, 'unknown'],
    ['no number of QFPay’s', { syssn: '' }, 'unknown'],
  ])('is not believed with %s', async (_name, wrong, kind) => {
    list({ ...paid, ...wrong })

    await expect(query()).rejects.toMatchObject({ failure: { kind } })
  })

  it.each([
    ['no list', { respcd: '0000' }],
    ['a list that is none', { respcd: '0000', data: 'none' }],
    ['a doubt about the call', { respcd: '1143' }],
  ])('is unknown with %s', async (_name, says) => {
    standIn.answer(queryPath, { says })

    await expect(query()).rejects.toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })
})

describe('a payment by a shown code', () => {
  const pay = (says: Reply['says']) => {
    standIn.answer(paymentPath, { says })
    return accounts.open().prepare(aQfpayAttempt({ payType: 'MICROPAY', authCode: wechatCode }).ask)
  }

  it('is paid with 0000, though its answer may say no time', async () => {
    const report = {
      source: 'answer',
      outTradeNo: aNumber,
      outcome: { status: 'succeeded', transactionId: aSyssn, amount: { minor: 8888 } },
    }

    expect(await pay(paid)).toMatchObject({ action: { type: 'none' }, report, channelState: JSON.stringify({ syssn: aSyssn }) })
    expect(await pay({ ...paid, paydtm: '', sysdtm: '' })).toMatchObject({ report: { outcome: { succeededAt: aDay } } })
  })

  it.each(['1143', '1145', '1295', '1298'])('waits for the payer with %s', async (respcd) => {
    const prepared = await pay({ ...open, respcd })

    expect(prepared).toMatchObject({ action: { type: 'none' }, channelState: JSON.stringify({ syssn: aSyssn }) })
    expect(prepared.report).toBeUndefined()
  })

  it.each([
    ['1202', { kind: 'refused', refusal: 'invalid' }],
    ['1201', { kind: 'refused', refusal: 'invalid' }],
    ['1294', { kind: 'refused', refusal: 'invalid' }],
    ['1203', { kind: 'refused', refusal: 'configuration' }],
    ['1260', { kind: 'refused', refusal: 'orderPaid' }],
    ['1102', { kind: 'refused', refusal: 'numberUsed' }],
    ['1204', { kind: 'unknown' }],
    ['1205', { kind: 'unknown' }],
    ['1147', { kind: 'unknown' }],
    ['1100', { kind: 'unknown' }],
    ['1252', { kind: 'unknown' }],
    ['1297', { kind: 'unknown' }],
    ['9999', { kind: 'unknown' }],
  ])('with %s', async (respcd, failure) => {
    await expect(pay({ respcd, resperr: 'no' })).rejects.toMatchObject({
      failure: { ...failure, channelCode: respcd, channelMessage: 'no' },
    })
  })

  it.each([
    ['another order', { out_trade_no: 'D202601020304050002' }],
    ['another amount', { txamt: '8887' }],
    ['another currency', { txcurrcd: 'CNY' }],
  ])('is not believed to be paid by an answer about %s', async (_name, wrong) => {
    await expect(pay({ ...paid, ...wrong })).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })
})

describe('an order that is asked for', () => {
  const ask = (says: Reply['says']) => {
    standIn.answer(paymentPath, { says })
    return accounts.open().prepare(aQfpayAttempt().ask)
  }

  it.each([
    ['1102', 'refused', 'numberUsed'],
    ['2011', 'refused', 'numberUsed'],
    ['1262', 'refused', 'numberUsed'],
    ['1267', 'refused', 'numberUsed'],
    ['1260', 'refused', 'orderPaid'],
    ['1142', 'refused', 'orderClosed'],
    ['1181', 'refused', 'orderClosed'],
    ['1104', 'refused', 'invalid'],
    ['1250', 'refused', 'invalid'],
    ['1108', 'refused', 'caller'],
    ['2003', 'refused', 'caller'],
    ['1105', 'refused', 'configuration'],
    ['1241', 'refused', 'configuration'],
    ['1143', 'unknown', undefined],
    ['1145', 'unknown', undefined],
    ['1100', 'unknown', undefined],
    ['1154', 'unknown', undefined],
    ['8888', 'unknown', undefined],
  ])('with %s is %s: %s', async (respcd, kind, refusal) => {
    const failure = await ask({ respcd, resperr: '原因' }).catch((error: unknown) => error)

    expect(failure).toMatchObject({ failure: { kind, channelCode: respcd, channelMessage: '原因' } })
    expect(refusalIn(failure)).toBe(refusal)
    expect(failure).toHaveProperty('failure.hint', { zh: expect.stringMatching(/\S/), en: expect.stringMatching(/\S/) })
  })

  it.each([
    ['no code to show', {}],
    ['an empty code', { qrcode: '' }],
  ])('is unknown with %s', async (_name, more) => {
    await expect(ask({ respcd: '0000', syssn: aSyssn, ...more })).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('is unknown when the parameters are signed in a way nobody knows', async () => {
    const params = { appId: 'a', timeStamp: '1', nonceStr: 'n', package: 'p', signType: 'ROT13', paySign: 's' }
    standIn.answer(paymentPath, { says: { respcd: '0000', pay_params: params } })

    await expect(accounts.open().prepare(aQfpayAttempt({ payType: 'MINIPROGRAM' }).ask)).rejects.toMatchObject({
      failure: { kind: 'unknown' },
    })
  })
})

describe('the end of an order', () => {
  const close = (says: Reply['says']) => {
    standIn.answer('/trade/v1/close', { says })
    return accounts.open().close(aQfpayAttempt({}, { channelState: JSON.stringify({ syssn: aSyssn }) }))
  }

  it.each(['0000', '1142', '1181', '1263', '1264'])('is reached with %s', async (respcd) => {
    await expect(close({ respcd, orig_syssn: aSyssn })).resolves.toBeUndefined()
  })

  it.each([
    ['1260', { kind: 'refused', refusal: 'orderPaid' }],
    ['1268', { kind: 'refused', refusal: 'notFound' }],
    ['1150', { kind: 'refused', refusal: 'invalid' }],
    ['1143', { kind: 'unknown' }],
    ['1145', { kind: 'unknown' }],
    ['1252', { kind: 'unknown' }],
    ['1204', { kind: 'unknown' }],
  ])('is not reached with %s', async (respcd, failure) => {
    await expect(close({ respcd, resperr: 'no' })).rejects.toMatchObject({ failure })
  })

  it.each([
    ['says 1297', { respcd: '1297', resperr: '银行系统繁忙' }],
    ['says a code nobody knows, without a word', { respcd: '9999', resperr: '' }],
  ])('is refused, with what happens next, by a wallet that knows none: it %s', async (_name, says) => {
    await expect(close(says)).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'invalid', hint: { en: expect.stringContaining('expires') } },
    })
  })

  it('is not believed of another order', async () => {
    await expect(close({ respcd: '0000', orig_syssn: '1' })).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })
})

describe('a payment by a code that is undone', () => {
  const reverse = async (reversal: Reply['says'], closing: Reply['says']) => {
    standIn.answer('/trade/v1/reversal', { says: reversal })
    standIn.answer('/trade/v1/close', { says: closing })
    await accounts.open().reverse?.(aQfpayAttempt({ payType: 'MICROPAY', authCode: wechatCode }))
  }
  const called = () => standIn.asked.map(({ path }) => path)

  it.each(['1297', '1150', '1155'])('is closed where the reversal is refused with %s', async (respcd) => {
    await reverse({ respcd, resperr: 'no' }, { respcd: '0000' })

    expect(called()).toEqual(['/trade/v1/reversal', '/trade/v1/close'])
  })

  it('is refused where neither is known, and nothing is taken for done', async () => {
    await expect(reverse({ respcd: '1297' }, { respcd: '1297' })).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'invalid' },
    })
  })

  it.each([
    ['was paid', '1260', { kind: 'refused', refusal: 'orderPaid' }],
    ['is not known', '1268', { kind: 'refused', refusal: 'notFound' }],
    ['is being undone', '1145', { kind: 'unknown' }],
    ['is in doubt', '1101', { kind: 'unknown' }],
  ])('is tried no other way when it %s', async (_name, respcd, failure) => {
    await expect(reverse({ respcd, resperr: 'no' }, { respcd: '0000' })).rejects.toMatchObject({ failure })

    expect(called()).toEqual(['/trade/v1/reversal'])
  })
})
