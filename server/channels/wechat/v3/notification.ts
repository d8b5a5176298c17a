import { openAesGcm, Undecryptable } from '../../../lib/aes-gcm.ts'
import { decodeBase64 } from '../../../lib/base64.ts'
import { parseJson } from '../../../lib/json.ts'
import type { Notice, RawNotice } from '../../channel.ts'
import { ChannelError, NoticeError, type NoticeRefusal } from '../../failure.ts'
import type { Keys } from './keys.ts'
import type { V3Parts } from './parts.ts'
import { tradeReport } from './query.ts'
import { refundReport } from './refund.ts'
import { readSignatureHeaders, type Verdict, verdictOf } from './verify.ts'
import { readNotification, readRefund, readTrade, type WireNotification } from './wire.ts'

const algorithm = 'AEAD_AES_256_GCM'

const refusalOf: Record<Exclude<Verdict, 'good'>, NoticeRefusal> = {
  missing: 'malformed',
  stale: 'stale',
  probe: 'probe',
  unknown_key: 'unknown_key',
  bad_signature: 'bad_signature',
}

/** Reads a notification: verify the raw bytes, then parse, then decrypt, then believe (fact sheet §4, §5). */
export function makeNotificationReader({ credentials, tools }: V3Parts, keys: Keys) {
  return async function read({ headers, body }: RawNotice): Promise<Notice> {
    await assertGenuine(headers, body)
    const parsed = parseJson(body)
    const notification = 'value' in parsed ? readNotification(parsed.value) : undefined
    if (!notification) throw new NoticeError('malformed', 'the signature is good, the body is no notification')
    const { id: notifyId, eventType } = notification
    const kind = kindOf(eventType)
    if (!kind) return { kind: 'ignored', notifyId, said: eventType.slice(0, 64) }
    const resource = parseJson(open(notification))
    const value = 'value' in resource ? resource.value : undefined
    try {
      return kind === 'trade'
        ? { kind, notifyId, report: tradeReport(whole(readTrade(value)), credentials, origin()) }
        : { kind, notifyId, report: refundReport(whole(readRefund(value)), credentials, origin()) }
    } catch (error) {
      if (error instanceof ChannelError) throw new NoticeError('malformed', error.message, { cause: error })
      throw error
    }
  }

  function origin() {
    return { source: 'notification', account: tools.account } as const
  }

  /** @throws NoticeError unless the key that the serial names signed exactly these bytes within the last 300 s. */
  async function assertGenuine(headers: RawNotice['headers'], body: Uint8Array): Promise<void> {
    const type = headers['wechatpay-signature-type']
    if (type !== undefined && type !== 'WECHATPAY2-SHA256-RSA2048')
      throw new NoticeError('bad_signature', 'it is signed in a way that is not taken')
    const signed = readSignatureHeaders(headers)
    const check = () => verdictOf({ headers: signed, body, now: tools.runtime.now(), keyOf: keys.keyOf })
    let verdict = check()
    if (verdict === 'unknown_key' && signed && (await keys.learn(signed.serial))) verdict = check()
    if (verdict !== 'good') throw new NoticeError(refusalOf[verdict], reasonOf(verdict))
  }

  function open({ algorithm: named, nonce, associatedData, ciphertext }: WireNotification): Buffer {
    if (named !== algorithm) throw new NoticeError('undecryptable', 'it is encrypted in a way that is not taken')
    const sealed = decodeBase64(ciphertext)
    if (!sealed) throw new NoticeError('undecryptable', 'its ciphertext is not Base64')
    try {
      return openAesGcm({
        key: Buffer.from(credentials.apiV3Key.reveal()),
        nonce: Buffer.from(nonce),
        associatedData: Buffer.from(associatedData),
        sealed,
      })
    } catch (error) {
      if (error instanceof Undecryptable)
        throw new NoticeError('undecryptable', `${error.message}; check WECHAT_API_V3_KEY`, { cause: error })
      throw error
    }
  }
}

function kindOf(eventType: string): 'trade' | 'refund' | undefined {
  if (eventType === 'TRANSACTION.SUCCESS') return 'trade'
  return ['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED'].includes(eventType) ? 'refund' : undefined
}

function whole<T>(value: T | undefined): T {
  if (value === undefined) throw new NoticeError('malformed', 'what it holds cannot be read')
  return value
}

function reasonOf(verdict: Exclude<Verdict, 'good'>): string {
  if (verdict === 'unknown_key')
    return 'its serial names a key that is not known; for a serial PUB_KEY_ID_… set WECHAT_PUBLIC_KEY_ID and WECHAT_PUBLIC_KEY'
  return `it does not verify: ${verdict}`
}
