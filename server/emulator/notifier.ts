import { createCipheriv } from 'node:crypto'
import { type Clock, rfc3339 } from './clock.ts'
import type { EmulatorCredentials } from './credentials.ts'
import type { Faults, NotifyFault } from './faults.ts'
import type { EmulatorRuntime } from './runtime.ts'
import { signatureHeaders } from './signatures.ts'
import type { Notification, State } from './state.ts'
import { type Letter, makeTeller } from './teller.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
/** 15 s, 15 s, 30 s, 3 min, 10 min, 20 min, 30 × 3, 60 min, 3 h × 3, 6 h × 2: fifteen repeats (fact sheet §5.1). */
export const notifyLadder = [
  15 * second,
  15 * second,
  30 * second,
  3 * minute,
  10 * minute,
  20 * minute,
  30 * minute,
  30 * minute,
  30 * minute,
  hour,
  3 * hour,
  3 * hour,
  3 * hour,
  6 * hour,
  6 * hour,
]
const answerWithinMs = 5 * second

export type Notifier = ReturnType<typeof makeNotifier>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly faults: Faults
}

/** WeChat Pay v3 tells merchants what happened: encrypted, signed, and again on its own ladder until it is taken. */
export function makeNotifier({ state, clock, runtime, credentials, faults }: Parts) {
  const teller = makeTeller(
    { state, clock, runtime, faults },
    {
      channel: 'wechat-v3',
      ladder: notifyLadder,
      newId,
      isTaken: (status) => status === 200 || status === 204,
      letter: envelope,
      spoil: tamperedResource,
    },
  )
  return { ...teller, probe, sign }

  async function envelope({ id, event, resource }: Notification, fault: NotifyFault | undefined): Promise<Letter> {
    const body = Buffer.from(
      JSON.stringify({
        id,
        create_time: rfc3339(clock.now()),
        resource_type: 'encrypt-resource',
        event_type: event,
        summary: event.startsWith('TRANSACTION') ? '支付成功' : '退款通知',
        resource: {
          original_type: event.startsWith('TRANSACTION') ? 'transaction' : 'refund',
          algorithm: 'AEAD_AES_256_GCM',
          ...encrypted(resource, fault === 'undecryptable_notify'),
        },
      }),
    )
    const signed = await sign(body, fault === 'stale_notify' ? clock.now() - 10 * minute : clock.now())
    return {
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0', ...tamperedHeaders(signed, fault) },
      body: fault === 'truncate_notify' ? body.subarray(0, body.length - 20) : body,
    }
  }

  function encrypted(plain: string, isBroken: boolean) {
    const nonce = nonceOf(12)
    const associatedData = 'transaction'
    const key = isBroken ? Buffer.alloc(32, 7) : Buffer.from(credentials().apiV3Key)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associatedData))
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64')
    return { ciphertext, associated_data: associatedData, nonce }
  }

  /** By certificate or public key: during the switch a share of each, so that a merchant has to know both. */
  function sign(body: Buffer, nowMs: number): Promise<Record<string, string>> {
    const { publicKey, certificates } = credentials()
    const { notificationsBy, publicKeyShare } = state.settings()
    const byPublicKey = notificationsBy === 'public_key' && (runtime.randomBytes(1)[0] ?? 0) / 256 < publicKeyShare
    const newest = certificates.at(-1)
    const key = byPublicKey || !newest ? { serial: publicKey.id, privateKey: publicKey.privateKey } : newest
    return signatureHeaders({ body, key, nowMs, nonce: nonceOf(32), runtime })
  }

  /** A probe: a value that must fail, sent as WeChat does now and then. */
  async function probe(url: string): Promise<number> {
    const body = Buffer.from('{}')
    const headers = tamperedHeaders(await sign(body, clock.now()), 'probe_notify')
    return (
      await runtime
        .post({ url, headers: { 'Content-Type': 'application/json', ...headers }, body, timeoutMs: answerWithinMs })
        .catch(() => ({ status: 0 }))
    ).status
  }

  function tamperedResource(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown> {
    const amount = resource.amount as Record<string, unknown> | undefined
    if (fault === 'wrong_amount') return { ...resource, amount: { ...amount, total: Number(amount?.total ?? 0) - 1 || 1_000_001 } }
    if (fault === 'wrong_currency') return { ...resource, amount: { ...amount, currency: 'HKD' } }
    if (fault === 'wrong_app') return { ...resource, appid: 'wx00000000000000ff' }
    if (fault === 'wrong_merchant') return { ...resource, mchid: '1600000000' }
    if (fault === 'unknown_order') return { ...resource, out_trade_no: `U${nonceOf(15)}` }
    return resource
  }

  function nonceOf(length: number): string {
    return Buffer.from(runtime.randomBytes(length)).toString('hex').slice(0, length)
  }

  function newId(): string {
    const hex = Buffer.from(runtime.randomBytes(16)).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

function tamperedHeaders(headers: Record<string, string>, fault: NotifyFault | undefined): Record<string, string> {
  const signature = headers['Wechatpay-Signature'] ?? ''
  if (fault === 'probe_notify') return { ...headers, 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${signature}` }
  if (fault === 'forge_notify') return { ...headers, 'Wechatpay-Signature': Buffer.from(signature, 'base64').reverse().toString('base64') }
  return headers
}
