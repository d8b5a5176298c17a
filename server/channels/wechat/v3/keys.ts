import type { Words } from '../../../../shared/kernel/codes.ts'
import { asInstant, type Instant } from '../../../../shared/kernel/time.ts'
import { openAesGcm } from '../../../lib/aes-gcm.ts'
import { decodeBase64 } from '../../../lib/base64.ts'
import { parseJson } from '../../../lib/json.ts'
import { type Certificate, type KeyObject, readCertificate } from '../../../lib/rsa.ts'
import { type IncomingAnswer, NetworkFailure } from '../../../lib/runtime.ts'
import type { AccountTools } from '../../channel.ts'
import { ChannelError, type ChannelFailure } from '../../failure.ts'
import type { WechatV3Credentials } from '../account.ts'
import { rejectionOf } from './rejections.ts'
import type { Signer } from './signature.ts'
import { readSignatureHeaders, verdictOf } from './verify.ts'
import { readCertificates, type SealedCertificate } from './wire.ts'

const path = '/v3/certificates'
const keepsakeName = 'platform-certificates'
/** WeChat asks for a refresh at least every 12 h (fact sheet §4.1). */
const goodForMs = 12 * 60 * 60 * 1000
/** Serials that nobody knows cost at most one fetch in so long, whatever the number of messages. */
const unknownSerialEveryMs = 60_000
const timeoutMs = 10_000
const maxBytes = 1024 * 1024

type Kept = { readonly fetchedAt: number; readonly pems: readonly string[] }

export type Keys = ReturnType<typeof makeKeys>

/**
 * The keys that WeChat Pay signs with: its public key, when one is configured, and the platform certificates, fetched, opened with the
 * APIv3 key, verified with the keys inside, and kept in the store for the next start and other instances.
 */
export function makeKeys(
  { publicKey, apiV3Key, gateway }: WechatV3Credentials,
  { runtime, log, keepsake, clockSeen }: AccountTools,
  signer: Signer,
) {
  let certificates = new Map<string, Certificate>()
  let knownPems = new Map<string, string>()
  let fetchedAt = 0
  let lastTryAt = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | undefined
  let flight: Promise<void> | undefined
  return { ready, refresh, fetchAnew: fetchOnce, keyOf, learn, requestSerial, endsAt }

  /** The key of exactly that serial, when it is known and good. */
  function keyOf(serial: string): KeyObject | undefined {
    if (publicKey && serial === publicKey.id) return publicKey.key
    const certificate = certificates.get(serial)
    return certificate && certificate.notAfter > runtime.now() ? certificate.publicKey : undefined
  }

  /** What to name in `Wechatpay-Serial`: it selects the key that signs the answer. */
  function requestSerial(): string | undefined {
    if (publicKey) return publicKey.id
    return [...certificates.values()]
      .sort((one, other) => other.notBefore - one.notBefore)
      .find((certificate) => certificate.notBefore <= runtime.now())?.serial
  }

  /** When the last of the platform certificates ends; undefined where there is none. */
  function endsAt(): Instant | undefined {
    const [last] = [...certificates.values()].map(({ notAfter }) => notAfter).sort((one, other) => other - one)
    return last === undefined ? undefined : asInstant(last)
  }

  /** Waits until an answer can be verified at all. @throws ChannelError when certificates are needed and cannot be had. */
  async function ready(): Promise<void> {
    await loadOnce()
    if (publicKey || certificates.size > 0) return
    await fetchOnce()
  }

  /** A serial nobody knows: looked up once for all who wait, at most once a minute. True when it is known now. */
  async function learn(serial: string): Promise<boolean> {
    await loadOnce()
    if (keyOf(serial)) return true
    if (serial.startsWith('PUB_KEY_ID_')) return false
    const since = runtime.now() - lastTryAt
    if (!flight && since >= 0 && since < unknownSerialEveryMs) return false
    await fetchOnce().catch((error: unknown) =>
      log.warn({ event: 'wechat.certificates', error: error instanceof Error ? error.message : String(error) }),
    )
    return keyOf(serial) !== undefined
  }

  /** Fetches anew when what is there is older than WeChat allows; another instance may have done so. */
  async function refresh(): Promise<void> {
    await loadKept()
    if (runtime.now() - fetchedAt < goodForMs / 2) return
    if (publicKey && certificates.size === 0 && fetchedAt > 0) return
    await fetchOnce().catch((error: unknown) => {
      // A merchant of public-key mode has no platform certificates; the call fails then, and nothing is missing.
      if (!publicKey) throw error
      fetchedAt = runtime.now()
    })
  }

  /** What the store keeps is read once; when that fails, by the next who asks. */
  function loadOnce(): Promise<void> {
    loading ??= loadKept().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }

  async function loadKept(): Promise<void> {
    const text = await keepsake.load(keepsakeName)
    const kept = text === undefined ? undefined : readKept(text)
    if (kept && kept.fetchedAt > fetchedAt) use(kept)
  }

  function fetchOnce(): Promise<void> {
    lastTryAt = runtime.now()
    flight ??= download().finally(() => {
      flight = undefined
    })
    return flight
  }

  async function download(): Promise<void> {
    const answer = await ask()
    const parsed = parseJson(answer.body)
    const sealed = 'value' in parsed ? readCertificates(parsed.value) : undefined
    if (answer.status !== 200 || !sealed)
      throw failed(`answered ${answer.status}${answer.status === 200 ? ' with something unreadable' : ''}`, 'unknown', saidIn(answer))
    const pems = sealed.map(open)
    const fresh = new Map(pems.map(readCertificate).map((certificate) => [certificate.serial, certificate]))
    const verdict = verdictOf({
      headers: readSignatureHeaders(answer.headers),
      body: answer.body,
      now: runtime.now(),
      keyOf: (serial) => keyOf(serial) ?? fresh.get(serial)?.publicKey,
    })
    if (verdict !== 'good') throw failed(`its answer does not verify: ${verdict}`, 'untrusted')
    const kept: Kept = { fetchedAt: runtime.now(), pems: unexpired(pems) }
    use(kept)
    await keepsake.save(keepsakeName, JSON.stringify(kept))
  }

  async function ask() {
    const authorization = await signer.authorization({ method: 'GET', pathAndQuery: path, body: new Uint8Array() })
    const headers = { authorization, accept: 'application/json', 'content-type': 'application/json', 'user-agent': userAgent }
    try {
      const answer = await runtime.fetch({ method: 'GET', url: gateway + path, headers, timeoutMs, maxBytes })
      const date = Date.parse(answer.headers.date ?? '')
      if (!Number.isNaN(date)) clockSeen(runtime.now() - date)
      return answer
    } catch (error) {
      if (error instanceof NetworkFailure) throw failed(error.message)
      throw error
    }
  }

  function open({ nonce, associatedData, ciphertext }: SealedCertificate): string {
    try {
      const sealed = decodeBase64(ciphertext) ?? Buffer.alloc(0)
      return openAesGcm({
        key: Buffer.from(apiV3Key.reveal()),
        nonce: Buffer.from(nonce),
        associatedData: Buffer.from(associatedData),
        sealed,
      }).toString()
    } catch (cause) {
      throw failed('WECHAT_API_V3_KEY does not open them', 'refused', { cause, hint: apiV3KeyHint })
    }
  }

  /** Those that are good now or will be; the ones used before stay until they end, since both sign during a rotation. */
  function unexpired(pems: readonly string[]): string[] {
    const all = new Map([...knownPems, ...pems.map((pem) => [readCertificate(pem).serial, pem] as const)])
    return [...all.values()].filter((pem) => readCertificate(pem).notAfter > runtime.now())
  }

  function use(kept: Kept): void {
    const read = kept.pems
      .map((pem) => ({ pem, certificate: readCertificate(pem) }))
      .filter(({ certificate }) => certificate.notAfter > runtime.now())
    certificates = new Map(read.map(({ certificate }) => [certificate.serial, certificate]))
    knownPems = new Map(read.map(({ pem, certificate }) => [certificate.serial, pem]))
    fetchedAt = kept.fetchedAt
  }
}

export const userAgent = 'Shouyin/0.1 (wechatpay-v3; +Node.js)'

function readKept(text: string): Kept | undefined {
  const parsed = parseJson(text)
  const value = 'value' in parsed ? parsed.value : undefined
  if (typeof value !== 'object' || value === null || !('fetchedAt' in value) || !('pems' in value)) return undefined
  const { fetchedAt, pems } = value
  return typeof fetchedAt === 'number' && Array.isArray(pems)
    ? { fetchedAt, pems: pems.filter((pem) => typeof pem === 'string') }
    : undefined
}

const apiV3KeyHint: Words = {
  zh: 'WECHAT_API_V3_KEY 与商户平台设置的不一致：请核对，或在商户平台重新设置 APIv3 密钥',
  en: 'WECHAT_API_V3_KEY is not the key set in the merchant platform: compare them, or set a new APIv3 key there',
}

type More = Pick<ChannelFailure, 'channelCode' | 'channelMessage' | 'hint'> & { readonly cause?: unknown }

/** What WeChat Pay says of itself in an answer that is no success. */
function saidIn(answer: Pick<IncomingAnswer, 'status' | 'body'>): More {
  const { channelCode, channelMessage, hint } = answer.status === 200 ? {} : rejectionOf(answer)
  return { channelCode, channelMessage, hint }
}

function failed(reason: string, kind: 'unknown' | 'untrusted' | 'refused' = 'unknown', { cause, ...said }: More = {}): ChannelError {
  const code = kind === 'untrusted' ? 'SIGN_ERROR' : 'CHANNEL_ERROR'
  const refusal = kind === 'refused' ? ('caller' as const) : undefined
  return new ChannelError({ kind, refusal, code, message: `the platform certificates could not be fetched: ${reason}`, ...said }, { cause })
}
