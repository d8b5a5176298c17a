import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ChannelError } from '../../server/channels/failure.ts'
import { Secret } from '../../server/lib/secret.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import { aDay, anAttempt } from '../support/builders.ts'
import { selfSigned } from '../support/self-signed.ts'
import { makeWechatV2Accounts } from '../support/wechat-v2-account.ts'
import { startWechatV2StandIn, type V2Reply, type WechatV2StandIn } from '../support/wechat-v2-stand-in.ts'

let standIn: WechatV2StandIn
let accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  standIn = await startWechatV2StandIn()
  accounts = makeWechatV2Accounts(standIn.origin)
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const code = '134579302432164181'
const scan = (reply: V2Reply) => {
  standIn.asked.length = 0
  standIn.answer(reply)
  return accounts.open({}, { patienceMs: 1500 }).prepare({ ...anAttempt().ask, payType: 'MICROPAY', authCode: code })
}
const paid = {
  out_trade_no: 'D202601020304050001',
  trade_type: 'MICROPAY',
  openid: 'o-alice',
  transaction_id: '4200001234',
  total_fee: '9999',
  fee_type: 'CNY',
  time_end: '20260102120001',
}
const refusedWith = (err: string): V2Reply => ({ members: { result_code: 'FAIL', err_code: err, err_code_des: '错误描述' } })

describe('a payer’s code', () => {
  it('is sent with what is bought, and without an address to tell', async () => {
    await scan({ members: paid })

    expect(standIn.asked[0]?.path).toBe('/pay/micropay')
    expect(standIn.asked[0]?.members).toMatchObject({ auth_code: code, total_fee: '9999', spbill_create_ip: '127.0.0.1' })
    for (const name of ['notify_url', 'trade_type', 'openid', 'time_expire']) expect(standIn.asked[0]?.members).not.toHaveProperty(name)
  })

  it('that pays is a report of the payment', async () => {
    expect(await scan({ members: paid })).toEqual({
      action: { type: 'none' },
      actionExpiresAt: aDay + 60_000,
      report: {
        source: 'answer',
        channel: 'wechat',
        account: 'default',
        outTradeNo: 'D202601020304050001',
        outcome: {
          status: 'succeeded',
          transactionId: '4200001234',
          amount: { minor: 9999, currency: 'CNY' },
          merchantRef: '1900000001',
          appId: 'wx00000000000000a1',
          openId: 'o-alice',
          succeededAt: asInstant(aDay + 1000),
        },
      },
    })
  })

  it('that asks for the password is nothing yet', async () => {
    expect(await scan(refusedWith('USERPAYING'))).toEqual({ action: { type: 'none' }, actionExpiresAt: aDay + 60_000 })
  })

  it.each<[string, V2Reply, object]>([
    ['the channel is not sure', refusedWith('SYSTEMERROR'), { kind: 'unknown' }],
    ['the bank is not sure', refusedWith('BANKERROR'), { kind: 'unknown' }],
    ['the line is cut', { fault: 'reset' }, { kind: 'unknown', code: 'CHANNEL_ERROR' }],
    ['nobody answers', { fault: 'silent' }, { kind: 'unknown', code: 'CHANNEL_TIMEOUT' }],
    ['the answer is a page', { body: '<html></html>' }, { kind: 'unknown' }],
    ['the success is not signed', { members: paid, sign: 'none' }, { kind: 'untrusted' }],
    ['the success is about another order', { members: { ...paid, out_trade_no: 'D202601020304050002' } }, { kind: 'untrusted' }],
    ['the success lacks its number', { members: { ...paid, transaction_id: '' } }, { kind: 'unknown' }],
    ['the code has expired', refusedWith('AUTHCODEEXPIRE'), { kind: 'refused', hint: { en: expect.stringContaining('fresh') } }],
    ['the code is none', refusedWith('AUTH_CODE_INVALID'), { kind: 'refused', hint: { zh: expect.stringContaining('刷新') } }],
    ['the code is wrong', refusedWith('AUTH_CODE_ERROR'), { kind: 'refused', hint: { en: expect.stringContaining('fresh') } }],
    [
      'the payer has too little',
      refusedWith('NOTENOUGH'),
      { kind: 'refused', refusal: 'invalid', hint: { en: expect.stringContaining('payer') } },
    ],
    ['the card is not taken', refusedWith('NOTSUPORTCARD'), { kind: 'refused', refusal: 'invalid' }],
    ['another payer showed it', refusedWith('BUYER_MISMATCH'), { kind: 'refused', refusal: 'invalid' }],
    ['the order was undone', refusedWith('ORDERREVERSED'), { kind: 'refused', refusal: 'invalid' }],
    ['the order was paid', refusedWith('ORDERPAID'), { kind: 'refused', refusal: 'orderPaid' }],
  ])('has no money in it when %s', async (_name, reply, failure) => {
    const failed: unknown = await scan(reply).catch((error: unknown) => error)

    expect(failed).toBeInstanceOf(ChannelError)
    expect(failed).toMatchObject({ failure })
    // Sent once: whoever does not know asks.
    expect(standIn.asked).toHaveLength(1)
    expect(JSON.stringify(failed)).not.toContain(code)
  })
})

describe('undoing a payment by code', () => {
  const reverse = async (reply: V2Reply) => {
    standIn.asked.length = 0
    standIn.answer(reply)
    await accounts.open().reverse?.(anAttempt())
  }

  it('is done when the channel wants no other call', async () => {
    await expect(reverse({ members: { recall: 'N' } })).resolves.toBeUndefined()
    expect(standIn.asked.map(({ path, members }) => [path, members.out_trade_no])).toEqual([['/secapi/pay/reverse', 'D202601020304050001']])
  })

  it('is not done when it wants to be called again', async () => {
    await expect(reverse({ members: { recall: 'Y' } })).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it('is not done when nobody vouches for the answer', async () => {
    await expect(reverse({ members: { recall: 'N' }, sign: 'wrong' })).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })
})

describe('a merchant without a certificate', () => {
  const gateway = 'https://api.mch.weixin.qq.com'

  it('takes no codes, which he could not undo, and is told', () => {
    accounts.told.length = 0
    const { payTypes, reverse } = accounts.open({ gateway })

    expect(payTypes).toEqual(['MINIPROGRAM', 'JSAPI', 'NATIVE', 'MWEB', 'APP'])
    expect(reverse).toBeUndefined()
    expect(accounts.told).toMatchObject([{ event: 'wechat.no_codes', reason: expect.stringContaining('WECHAT_MCH_CERT') }])
  })

  it('who shows one takes codes', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const year = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2027, 0, 1) }
    const clientCertificate = { certificate: selfSigned(privateKey, { serial: '11223344', ...year }), privateKey: new Secret('its key') }

    expect(accounts.open({ gateway, clientCertificate }).payTypes).toContain('MICROPAY')
  })
})
