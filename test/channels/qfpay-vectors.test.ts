import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { payCodeOf } from '../../server/channels/qfpay/codes.ts'
import { directUrl } from '../../server/channels/qfpay/direct.ts'
import { oauthUrl } from '../../server/channels/qfpay/oauth.ts'
import { respClass } from '../../server/channels/qfpay/rejections.ts'
import { isSignedBody, sign, stringToSign } from '../../server/channels/qfpay/signature.ts'
import { readTime, readZone, writeTime } from '../../server/channels/qfpay/times.ts'
import { Secret } from '../../server/lib/secret.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Data } from '../support/client.ts'
import { aQfpayAccount } from '../support/qfpay-account.ts'

type Vector = { readonly id: string; readonly kind: string; readonly input: Data; readonly expected: Data }

const { keys, vectors }: { keys: Data; vectors: Vector[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/qfpay-alipay.json'), 'utf8'),
)
const keyOf = (name: string) =>
  new Secret(
    name.startsWith('keys.')
      ? name
          .slice(5)
          .split('.')
          .reduce((at: Data, part) => at[part], keys)
      : name,
  )
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams)
const isSigned = ({ raw_body: body, headers, key }: Data) => isSignedBody(Buffer.from(body), headers['X-QF-SIGN'], keyOf(key))

const payTypeOf: Readonly<Record<string, string>> = { wechat: '800208', alipay: '800108' }

const proofs: Record<string, (vector: Vector) => void> = {
  auth_code_wallet: ({ input, expected }) => {
    const asked = input.codes.map((authCode: string) => payCodeOf({ codes: {} }, { payType: 'MICROPAY', authCode }))
    expect(asked).toEqual(expected.wallets.map((wallet: string | null) => payTypeOf[wallet ?? '']))
  },
  qfpay_request_sign: ({ input, expected }) => {
    if (expected.string_to_sign) expect(stringToSign(input.params, keyOf(input.key))).toBe(expected.string_to_sign)
    expect(sign(input.params, keyOf(input.key), input.sign_type)).toBe(expected.sign)
  },
  qfpay_response_verify: ({ input, expected }) => expect(isSigned(input)).toBe(expected.valid),
  qfpay_notify_verify: ({ input, expected }) => expect(isSigned(input)).toBe(expected.valid),
  qfpay_txdtm: ({ input, expected }) => {
    const [at, zone] = [asInstant(input.epoch_seconds * 1000), readZone(input.txzone) ?? Number.NaN]
    expect(writeTime(at, zone)).toBe(expected.txdtm)
    expect(readTime(expected.txdtm, zone)).toBe(at)
  },
  qfpay_respcd_class: ({ input, expected }) =>
    expect(Object.fromEntries(input.codes.map((code: string) => [code, respClass(code)]))).toEqual(expected.classes),
  qfpay_direct_url: ({ input, expected }) => {
    const { mchntnm, txamt, currency, redirect_url: redirectUrl, goods_name: description } = input.extra
    const url = directUrl(
      { directUrl: input.base, merchantName: mchntnm },
      { ask: { amount: moneyOf(Number(txamt), currency), description }, params: input.pay_params, redirectUrl },
    )
    expect(queryOf(url)).toEqual(expected.query)
  },
  qfpay_oauth_url: ({ input, expected }) => {
    const gateway = input.base.replace('/tool/v1/get_weixin_oauth_code', '')
    const url = oauthUrl(
      { ...aQfpayAccount(), gateway, appCode: input.app_code, mchid: undefined, clientKey: keyOf(input.key) },
      input.redirect_uri,
    )
    expect(url.startsWith(input.base)).toBe(true)
    expect(queryOf(url)).toEqual(expected.query)
  },
}

describe('the examples of QFPay', () => {
  const ours = vectors.filter(({ kind }) => kind.startsWith('qfpay_') || kind === 'auth_code_wallet')

  it('are all proved here', () => {
    expect(ours.filter(({ kind }) => !(kind in proofs))).toEqual([])
    expect(ours.length).toBeGreaterThan(20)
  })

  it.each(ours.map((vector) => [vector.kind, vector.id, vector] as const))('%s: %s', (kind, _id, vector) => {
    proofs[kind]?.(vector)
  })
})
