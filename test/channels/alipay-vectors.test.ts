import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readAnswer } from '../../server/channels/alipay/answer.ts'
import { isSigned, noticeToSign, sign, stringToSign } from '../../server/channels/alipay/signature.ts'
import { yuan } from '../../server/channels/alipay/wire.ts'
import { alipayRootSerial, alipaySerial } from '../../server/lib/certificate-serial.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { readPrivateKey, readPublicKey } from '../../server/lib/rsa.ts'
import { asMinor, formatMoney } from '../../shared/kernel/money.ts'
import type { Data } from '../support/client.ts'

type Vector = { readonly id: string; readonly kind: string; readonly input: Data; readonly expected: Data }

const { keys, vectors }: { keys: Data; vectors: Vector[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/qfpay-alipay.json'), 'utf8'),
)
const runtime = makeNodeRuntime()
const given = (name: string) =>
  name.startsWith('keys.')
    ? name
        .slice(5)
        .split('.')
        .reduce((at: Data, part) => at[part], keys)
    : name
const keyIn = (input: Data) =>
  input.public_key_base64 === undefined ? publicKey(input.public_key) : readPublicKey(pem('PUBLIC KEY', input.public_key_base64))
const pem = (label: string, text: string) =>
  text.includes('-----BEGIN') ? text : `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`
const privateKey = (name: string) => {
  const text = given(name)
  return readPrivateKey(pem(name.endsWith('pkcs8') ? 'PRIVATE KEY' : 'RSA PRIVATE KEY', text))
}
const signingKey = (input: Data) =>
  input.private_key_base64 === undefined ? privateKey(input.private_key) : readPrivateKey(pem('PRIVATE KEY', input.private_key_base64))
const publicKey = (name: string) => readPublicKey(pem('PUBLIC KEY', given(name)))
const form = (body: string) => [...new URLSearchParams(body)]
const isNoticeSigned = (input: Data) => {
  const members = form(input.raw_body)
  const signature = members.find(([name]) => name === 'sign')?.[1]
  return signature !== undefined && isSigned(noticeToSign(members), signature, keyIn(input))
}

const proofs: Record<string, (vector: Vector) => Promise<void> | void> = {
  alipay_request_sign: async ({ input, expected }) => {
    if (expected.string_to_sign) expect(stringToSign(input.params)).toBe(expected.string_to_sign)
    // RSA with SHA-1 is the old way; what is signed is the same, and ours signs with SHA-256 alone.
    if (input.sign_type === 'RSA2') expect(await sign(stringToSign(input.params), signingKey(input), runtime)).toBe(expected.sign)
  },
  alipay_response_verify: ({ input, expected }) => {
    const answer = readAnswer(input.raw_body, input.method)
    expect(answer?.sign !== undefined && isSigned(answer.content, answer.sign, keyIn(input))).toBe(expected.valid)
    if (expected.signed_content !== undefined && expected.valid) expect(answer?.content).toBe(expected.signed_content)
  },
  alipay_notify_verify: ({ input, expected }) => expect(isNoticeSigned(input)).toBe(expected.valid),
  // A trade's notice is signed without sign_type: one that is signed with it is no trade's.
  alipay_notify_verify_either: ({ input, expected }) => expect(isNoticeSigned(input)).toBe(expected.valid_excluding_sign_type),
  alipay_cert_sn: ({ input, expected }) => expect(input.root ? alipayRootSerial(input.pem) : alipaySerial(input.pem)).toBe(expected.sn),
  alipay_amount: ({ input, expected }) =>
    expect(input.minor.map((minor: number) => formatMoney({ minor: asMinor(minor), currency: 'CNY' }))).toEqual(expected.yuan),
  alipay_amount_parse: ({ input, expected }) => {
    expect(input.yuan.map((text: string) => yuan(text)?.minor)).toEqual(expected.minor)
    expect(input.reject.map((text: string) => yuan(text))).toEqual(input.reject.map(() => undefined))
  },
}

/** What the product does not do: content encryption and the mini-program's phone number, and the gateway's REST interface. */
const unused = ['alipay_aes_decrypt', 'alipay_front_response_verify', 'alipay_v3_authorization']

describe('the examples of Alipay', () => {
  const ours = vectors.filter(({ kind }) => kind.startsWith('alipay_') && !unused.includes(kind))

  it('are all proved here, but for what is not used', () => {
    expect(ours.filter(({ kind }) => !(kind in proofs))).toEqual([])
    expect(ours.length).toBeGreaterThan(25)
  })

  it.each(ours.map((vector) => [vector.kind, vector.id, vector] as const))('%s: %s', async (kind, _id, vector) => {
    await proofs[kind]?.(vector)
  })
})
