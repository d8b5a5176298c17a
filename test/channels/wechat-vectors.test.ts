import { constants, publicEncrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openReqInfo } from '../../server/channels/wechat/v2/notification.ts'
import { isSigned, sign as signV2, stringToSign } from '../../server/channels/wechat/v2/sign.ts'
import { answerMessage, authorizationHeader, payMessage, requestMessage } from '../../server/channels/wechat/v3/signature.ts'
import { readSignatureHeaders, verdictOf } from '../../server/channels/wechat/v3/verify.ts'
import { readCertificates, readNotification } from '../../server/channels/wechat/v3/wire.ts'
import { openAesEcb } from '../../server/lib/aes-ecb.ts'
import { openAesGcm } from '../../server/lib/aes-gcm.ts'
import { sha1Hex } from '../../server/lib/hmac.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { openOaepSha1, readCertificate, readPrivateKey, readPublicKey, verifyRsaSha256 } from '../../server/lib/rsa.ts'
import { Secret } from '../../server/lib/secret.ts'
import { readFlatXml } from '../../server/lib/xml.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Data } from '../support/client.ts'

type Vector = { readonly id: string; readonly kind: string; readonly input: Data; readonly expected: Data }

const { kinds, vectors }: { kinds: Record<string, string>; vectors: Vector[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/wechat.json'), 'utf8'),
)
const runtime = makeNodeRuntime()
const sign = async (pem: string, bytes: Uint8Array) =>
  Buffer.from(await runtime.signRsaSha256(readPrivateKey(pem), bytes)).toString('base64')
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
const keyIn = ({ public_key_pem: pem, certificate_pem: certificate }: Data) =>
  certificate ? readCertificate(certificate).publicKey : readPublicKey(pem)
const lower = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
const gcm = (key: string, sealed: { nonce: string; associatedData: string; ciphertext: string }) =>
  openAesGcm({
    key: Buffer.from(key),
    nonce: Buffer.from(sealed.nonce),
    associatedData: Buffer.from(sealed.associatedData),
    sealed: Buffer.from(sealed.ciphertext, 'base64'),
  }).toString('utf8')

/** Verified as an answer or a notification is: by the key the serial names, within the window of the vector's clock. */
function verified({
  headers,
  raw_body: body,
  now,
  certificate_pem: certificate,
  public_key_pem: publicKey,
  public_key_id: id,
}: Data): boolean {
  const keyOf = (serial: string) => {
    if (certificate && readCertificate(certificate).serial === serial) return readCertificate(certificate).publicKey
    return publicKey && serial === id ? readPublicKey(publicKey) : undefined
  }
  return (
    verdictOf({ headers: readSignatureHeaders(lower(headers)), body: Buffer.from(body), now: asInstant(Number(now) * 1000), keyOf }) ===
    'good'
  )
}

const proofs: Record<string, (vector: Vector) => Promise<void> | void> = {
  rsa_sha256_sign: async ({ input, expected }) =>
    expect(await sign(input.private_key_pem, Buffer.from(input.message))).toBe(expected.signature),
  rsa_sha256_verify: ({ input, expected }) =>
    expect(verifyRsaSha256(keyIn(input), Buffer.from(input.message), Buffer.from(input.signature, 'base64'))).toBe(expected.valid),
  rsa_oaep_sha1_decrypt: ({ input, expected }) =>
    expect(text(openOaepSha1(readPrivateKey(input.private_key_pem), Buffer.from(input.ciphertext, 'base64')))).toBe(expected.plaintext),
  x509_serial: ({ input, expected }) => expect(readCertificate(input.certificate_pem).serial).toBe(expected.serial_no),
  v3_request_message: ({ input, expected }) =>
    expect(
      text(
        requestMessage({
          method: input.method,
          pathAndQuery: input.path_and_query,
          timestamp: input.timestamp,
          nonce: input.nonce_str,
          body: Buffer.from(input.body),
        }),
      ),
    ).toBe(expected.message),
  v3_authorization: async ({ input, expected }) => {
    const message = requestMessage({
      method: input.method,
      pathAndQuery: input.path_and_query,
      timestamp: input.timestamp,
      nonce: input.nonce_str,
      body: Buffer.from(input.body),
    })
    const signature = await sign(input.private_key_pem, message)
    expect(text(message)).toBe(expected.message)
    expect(signature).toBe(expected.signature)
    const header = authorizationHeader({
      mchid: input.mchid,
      nonce: input.nonce_str,
      timestamp: input.timestamp,
      serialNo: input.serial_no,
      signature,
    })
    for (const part of [
      `mchid="${input.mchid}"`,
      `nonce_str="${input.nonce_str}"`,
      `serial_no="${input.serial_no}"`,
      `signature="${expected.signature}"`,
    ])
      expect(header).toContain(part)
  },
  v3_pay_sign: async ({ input, expected }) => {
    const last = input.target === 'app' ? input.prepay_id : `prepay_id=${input.prepay_id}`
    const message = payMessage({ appId: input.app_id, timeStamp: input.time_stamp, nonceStr: input.nonce_str, last })
    expect(text(message)).toBe(expected.message)
    expect(await sign(input.private_key_pem, message)).toBe(expected.paySign)
  },
  v3_pay_sign_verify: ({ input, expected }) => {
    const message = payMessage({ appId: input.app_id, timeStamp: input.time_stamp, nonceStr: input.nonce_str, last: input.fourth_line })
    expect(text(message)).toBe(expected.message)
    expect(verifyRsaSha256(readPublicKey(input.public_key_pem), message, Buffer.from(input.signature, 'base64'))).toBe(expected.valid)
  },
  v3_notify_verify: ({ input, expected }) => expect(verified(input)).toBe(expected.valid),
  v3_response_verify: ({ input, expected }) => {
    const headers = readSignatureHeaders(lower(input.headers))
    if (headers && expected.message) expect(text(answerMessage({ ...headers, body: Buffer.from(input.raw_body) }))).toBe(expected.message)
    expect(verified(input)).toBe(expected.valid)
  },
  v3_notify_full: ({ input, expected }) => {
    const notification = readNotification(JSON.parse(input.raw_body))
    expect(verified(input)).toBe(expected.valid)
    expect(notification?.eventType).toBe(expected.event_type)
    expect(notification && gcm(input.api_v3_key, notification)).toBe(expected.plaintext)
  },
  aead_aes_gcm_decrypt: ({ input, expected }) =>
    expect(
      gcm(input.key_utf8, { nonce: input.nonce_utf8, associatedData: input.associated_data_utf8 ?? '', ciphertext: input.ciphertext }),
    ).toBe(expected.plaintext),
  v3_certificates_response: ({ input, expected }) => {
    const [sealed] = readCertificates(JSON.parse(input.response_body)) ?? []
    const pem = sealed && gcm(input.api_v3_key, sealed)
    expect(pem?.trim()).toBe(expected.certificate_pem.trim())
    expect(pem && readCertificate(pem).serial).toBe(expected.serial_no)
  },
  v2_sign: ({ input, expected }) => {
    if (expected.string_to_sign) expect(stringToSign(input.params, new Secret(input.key))).toBe(expected.string_to_sign)
    expect(signV2(input.params, new Secret(input.key), input.sign_type)).toBe(expected.sign)
  },
  v2_pay_sign: ({ input, expected }) => expect(signV2(input.params, new Secret(input.key), input.sign_type)).toBe(expected.paySign),
  v2_notify_sign: ({ input, expected }) => expect(isSigned(input.params, new Secret(input.key))).toBe(expected.valid),
  v2_req_info: ({ input, expected }) => {
    const opened = openReqInfo(input.req_info, new Secret(input.api_key))
    const plain = opened && text(opened)
    if (expected.plaintext) expect(plain?.trim()).toBe(expected.plaintext.trim())
    const read = opened && readFlatXml(opened, { root: 'root' })
    expect(read && 'members' in read && read.members.has('out_refund_no')).toBe(true)
  },
  aes_256_ecb: ({ input, expected }) =>
    expect(openAesEcb(Buffer.from(input.key_utf8), Buffer.from(input.ciphertext, 'base64'))?.toString('utf8')).toBe(expected.plaintext),
  bill_hash: ({ input, expected }) => expect(sha1Hex(input.content_utf8)).toBe(expected.hash_value),
}

/** Parts of the product that come later: the JS-SDK page, open data and the message push. */
const later = [
  'jssdk_signature',
  'mini_program_raw_data_signature',
  'mini_program_encrypted_data',
  'message_push_signature',
  'message_push_plain_signature',
  'message_push_decrypt',
]

describe('the published examples of WeChat Pay', () => {
  it('are all proved here, or belong to what comes later', () => {
    expect(Object.keys(kinds).filter((kind) => !(kind in proofs) && !later.includes(kind))).toEqual([])
    expect(vectors.filter((vector) => !(vector.kind in proofs) && !later.includes(vector.kind))).toEqual([])
  })

  it.each(vectors.filter((vector) => vector.kind in proofs).map((vector) => [vector.kind, vector.id, vector] as const))(
    '%s: %s',
    async (kind, _id, vector) => {
      await proofs[kind]?.(vector)
    },
  )
})

describe('sensitive members', () => {
  it('sealed for a key can be opened with it', () => {
    const { input } = vectors.find((vector) => vector.kind === 'rsa_oaep_sha1_decrypt') ?? { input: undefined }
    const sealed = publicEncrypt(
      { key: input.private_key_pem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from('6225'),
    )

    expect(text(openOaepSha1(readPrivateKey(input.private_key_pem), sealed))).toBe('6225')
  })
})
