import { createCipheriv, createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { RawNotice } from '../../server/channels/channel.ts'
import { NoticeError } from '../../server/channels/failure.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay } from '../support/builders.ts'
import { arrived, makeWechatV2Accounts, miniprogramApp, refundLetter } from '../support/wechat-v2-account.ts'
import {
  sealedReqInfo,
  signedXml,
  startWechatV2StandIn,
  type V2Members,
  type V2Reply,
  v2Key,
  v2Signature,
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
  standIn.answer({ status: 503 })
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const paid: V2Members = {
  return_code: 'SUCCESS',
  result_code: 'SUCCESS',
  appid: miniprogramApp,
  mch_id: '1900000001',
  nonce_str: '5d2b6c2a8db53831f7eda20af46e531c',
  openid: 'o-alice',
  is_subscribe: 'N',
  bank_type: 'OTHERS',
  attach: ' 龙井 & <一级> ',
  trade_type: 'JSAPI',
  total_fee: '9999',
  cash_fee: '9000',
  fee_type: 'CNY',
  transaction_id: '4200001234',
  out_trade_no: 'D202601020304050001',
  time_end: '20260102120001',
}
const read = (raw: RawNotice) => accounts.open().readNotification(raw)
const refusal = (raw: RawNotice) =>
  read(raw).then(
    () => 'taken',
    (error: unknown) => (error instanceof NoticeError ? error.refusal : String(error)),
  )

describe('a payment’s notification', () => {
  it.each([['MD5'], ['HMAC-SHA256']] as const)('signed with %s is a report, whatever the order was signed with', async (by) => {
    expect(await read(arrived(signedXml(paid, { by })))).toEqual({
      kind: 'trade',
      notifyId: 'trade:4200001234',
      report: {
        source: 'notification',
        channel: 'wechat',
        account: 'default',
        outTradeNo: 'D202601020304050001',
        outcome: {
          status: 'succeeded',
          transactionId: '4200001234',
          amount: { minor: 9999, currency: 'CNY' },
          merchantRef: '1900000001',
          appId: miniprogramApp,
          openId: 'o-alice',
          succeededAt: asInstant(aDay + 1000),
        },
      },
    })
  })

  it.each<[string, string]>([
    [
      'in plain text',
      Object.entries(paid).reduce((xml, [name, value]) => xml.replace(`<![CDATA[${value}]]>`, escaped(name, value)), signedXml(paid)),
    ],
    ['with a member of tomorrow', signedXml({ ...paid, novelty: '1', coupon_type_0: 'CASH' })],
    ['with how it is signed', signedXml({ ...paid, sign_type: 'HMAC-SHA256' })],
    ['with its signature in small letters', signedXml(paid).replace(/[0-9A-F]{64}/, (sign) => sign.toLowerCase())],
  ])('%s is taken', async (_name, body) => {
    expect(await refusal(arrived(body))).toBe('taken')
  })

  it('of a payment that failed is genuine and of no concern', async () => {
    const failed = { ...paid, result_code: 'FAIL', err_code: 'SYSTEMERROR' }

    expect(await read(arrived(signedXml(failed)))).toMatchObject({ kind: 'ignored', said: 'SYSTEMERROR' })
  })

  it.each<[string, string | Buffer, string]>([
    ['nobody signed it', xmlOf(paid), 'bad_signature'],
    ['its signature is empty', signedXml(paid, { sign: 'none' }).replace('</xml>', '<sign></sign></xml>'), 'bad_signature'],
    ['its signature is wrong', signedXml(paid, { sign: 'wrong' }), 'bad_signature'],
    ['its signature is cut', signedXml(paid).replace(/([0-9A-F]{64})/, (sign) => sign.slice(1)), 'bad_signature'],
    ['another key signed it', signedXml(paid, { key: 'another-v2-key-of-thirty-two-chr' }), 'bad_signature'],
    ['it was signed with no key', xmlOf({ ...paid, sign: v2Signature(paid, 'MD5', '') }), 'bad_signature'],
    ['its signature is of another kind than it says', signedXml({ ...paid, sign_type: 'MD5' }), 'bad_signature'],
    ['its kind of signature is none', signedXml({ ...paid, sign_type: 'RSA' }), 'bad_signature'],
    ['its amount was changed', signedXml(paid).replace('9999', '9998'), 'bad_signature'],
    ['blanks were taken off', signedXml(paid).replace(' 龙井 & <一级> ', '龙井 & <一级>'), 'bad_signature'],
    ['it is for another merchant', signedXml({ ...paid, mch_id: '1900000002' }), 'bad_signature'],
    ['it names its total twice', signedXml(paid).replace('</xml>', '<total_fee>1</total_fee></xml>'), 'malformed'],
    [
      'it declares a document type',
      `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>${signedXml(paid).replace('9999', '&a;')}`,
      'malformed',
    ],
    ['it declares one after the XML line', `<?xml version="1.0"?>\n<!doctype xml>${signedXml(paid)}`, 'malformed'],
    ['it closes itself and begins anew', signedXml(paid).replace('<mch_id>', '</xml><xml><mch_id>'), 'malformed'],
    ['it holds elements in a member', signedXml(paid).replace('<attach>', '<attach><total_fee>1</total_fee>'), 'malformed'],
    ['it is cut off', signedXml(paid).slice(0, 300), 'malformed'],
    ['it is a form', 'total_fee=9999&sign=00', 'malformed'],
    ['it is empty', '', 'malformed'],
    [
      'it is in GBK',
      Buffer.concat([Buffer.from('<xml><attach>'), Buffer.from([0xd6, 0xa7, 0xb8, 0xb6]), Buffer.from('</attach></xml>')]),
      'malformed',
    ],
    ['it is too long', signedXml({ ...paid, attach: 'x'.repeat(65 * 1024) }), 'malformed'],
    ['it lacks its number', signedXml({ ...paid, transaction_id: '' }), 'malformed'],
    ['it lacks its amount', signedXml({ ...paid, total_fee: '' }), 'malformed'],
    ['its order’s number is none of ours', signedXml({ ...paid, out_trade_no: '../../etc' }), 'malformed'],
  ])('is refused when %s', async (_name, body, expected) => {
    expect(await refusal(arrived(body))).toBe(expected)
  })
})

/** The same value as text with entities, blanks and all. */
function escaped(name: string, value: string): string {
  return name === 'attach' ? value.replaceAll('&', '&amp;').replaceAll('<', '&lt;') : value
}

const refunded: V2Members = {
  transaction_id: '4200001234',
  out_trade_no: 'D202601020304050001',
  refund_id: '5030001234',
  out_refund_no: 'ref_1',
  total_fee: '9999',
  refund_fee: '9999',
  refund_status: 'SUCCESS',
  success_time: '2026-01-02 12:30:00',
  refund_recv_accout: '支付用户零钱',
}
const atChannel: V2Reply = {
  members: {
    out_trade_no: 'D202601020304050001',
    refund_count: '1',
    out_refund_no_0: 'ref_1',
    refund_id_0: '5030001234',
    refund_fee_0: '1000',
    refund_status_0: 'PROCESSING',
  },
}

describe('a refund’s notification', () => {
  it('is a hint only: what the channel says when it is asked is the report', async () => {
    standIn.answer(atChannel)

    const notice = await read(refundLetter(sealedReqInfo(refunded)))

    expect(standIn.asked.map(({ path, members }) => [path, members.out_refund_no])).toEqual([['/pay/refundquery', 'ref_1']])
    expect(notice).toEqual({
      kind: 'refund',
      notifyId: 'refund:5030001234:SUCCESS',
      report: {
        source: 'query',
        channel: 'wechat',
        account: 'default',
        outRefundNo: 'ref_1',
        outTradeNo: 'D202601020304050001',
        channelRefundId: '5030001234',
        merchantRef: '1900000001',
        amount: { minor: 1000, currency: 'CNY' },
        outcome: { status: 'processing' },
      },
    })
  })

  it('is sealed under the hex of the key’s MD5, zeros at its front included', () => {
    expect(createHash('md5').update(v2Key).digest('hex')).toMatch(/^00/)
  })

  it('put together from two others says nothing that the channel does not', async () => {
    // The blocks of another refund's message behind this one's: ECB lets them stand.
    const [one, other] = [refunded, { ...refunded, refund_fee: '1' }].map((members) => Buffer.from(sealedReqInfo(members), 'base64'))
    const spliced = Buffer.concat([one?.subarray(0, 160) ?? Buffer.alloc(0), other?.subarray(160) ?? Buffer.alloc(0)])
    standIn.answer(atChannel)

    const notice = await read(refundLetter(spliced.toString('base64')))

    expect(notice).toMatchObject({ report: { amount: { minor: 1000 }, outcome: { status: 'processing' } } })
  })

  it('decides nothing while the channel cannot be asked', async () => {
    standIn.answer({ status: 503 })

    await expect(read(refundLetter(sealedReqInfo(refunded)))).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('decides nothing when nobody vouches for the channel’s answer', async () => {
    standIn.answer({ ...atChannel, sign: 'wrong' })

    await expect(read(refundLetter(sealedReqInfo(refunded)))).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('of a refund that the channel does not know is told as that', async () => {
    standIn.answer({ members: { result_code: 'FAIL', err_code: 'REFUNDNOTEXIST' } })

    expect(await read(refundLetter(sealedReqInfo(refunded)))).toMatchObject({ report: { outcome: { status: 'notFound' } } })
  })

  it('about numbers that are none of ours asks nobody', async () => {
    expect(await read(refundLetter(sealedReqInfo({ ...refunded, out_refund_no: '' })))).toMatchObject({ kind: 'ignored' })
    expect(standIn.asked).toEqual([])
  })

  it.each<[string, () => RawNotice, string]>([
    ['another key sealed it', () => refundLetter(sealedReqInfo(refunded, 'another-v2-key-of-thirty-two-chr')), 'undecryptable'],
    ['the key was not made to hex', () => refundLetter(sealedUnder(Buffer.from(v2Key))), 'undecryptable'],
    ['it is no Base64', () => refundLetter('%%%'), 'undecryptable'],
    ['it is empty', () => refundLetter(' '), 'undecryptable'],
    [
      'a block is missing',
      () => refundLetter(Buffer.from(sealedReqInfo(refunded), 'base64').subarray(0, -16).toString('base64')),
      'undecryptable',
    ],
    ['it holds a document type', () => refundLetter(sealedUnder(keyed(), '<!DOCTYPE root><root></root>')), 'undecryptable'],
    ['it holds another root', () => refundLetter(sealedUnder(keyed(), xmlOf(refunded))), 'undecryptable'],
    ['it is for another merchant', () => refundLetter(sealedReqInfo(refunded), { mch_id: '1900000002' }), 'bad_signature'],
  ])('is refused when %s', async (_name, letter, expected) => {
    standIn.answer(atChannel)

    expect(await refusal(letter())).toBe(expected)
    expect(standIn.asked).toEqual([])
  })
})

function keyed(): Buffer {
  return Buffer.from(createHash('md5').update(v2Key).digest('hex'))
}

function sealedUnder(key: Buffer, text = xmlOf(refunded, 'root')): string {
  const cipher = createCipheriv('aes-256-ecb', key, null)
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64')
}

describe('whose a notification is, before anything is verified', () => {
  it.each<[string, string, string]>([
    ['ours', xmlOf(paid), 'this'],
    ['a refund of ours', xmlOf({ mch_id: '1900000001', req_info: 'AAAA' }), 'this'],
    ['another merchant’s', xmlOf({ ...paid, mch_id: '1900000002' }), 'another'],
    ['nobody’s, by what it says', xmlOf({ ...paid, mch_id: '' }), 'unsaid'],
    ['v3’s', '{"id":"EV-1"}', 'unsaid'],
    ['one that cannot be read', '<xml>', 'unsaid'],
  ])('%s', (_name, body, addressee) => {
    expect(accounts.open().addressedTo(arrived(body))).toBe(addressee)
  })
})

describe('the answer to a notification', () => {
  it('is the pair of members that WeChat looks for', () => {
    expect(accounts.open().acknowledge({ taken: true })).toEqual({
      status: 200,
      contentType: 'text/xml; charset=utf-8',
      body: '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    })
  })

  it('that is no says why, whatever stands in it', () => {
    expect(accounts.open().acknowledge({ taken: false, status: 401, message: 'bad ]]> <signature>' })).toMatchObject({
      status: 401,
      body: expect.stringMatching(
        /^<xml><return_code><!\[CDATA\[FAIL\]\]><\/return_code><return_msg>.*<signature>\]\]><\/return_msg><\/xml>$/,
      ),
    })
  })
})
