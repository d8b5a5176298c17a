import { createCipheriv } from 'node:crypto'
import { type Clock, rfc3339 } from './clock.ts'
import type { EmulatorCredentials } from './credentials.ts'
import { type Faults, type NotifyFault, notifyFaults } from './faults.ts'
import type { EmulatorRuntime } from './runtime.ts'
import { signatureHeaders } from './signatures.ts'
import type { Notification, State } from './state.ts'

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
const lateMs = 2 * hour

export type Notifier = ReturnType<typeof makeNotifier>
type Parts = {
  readonly state: State
  readonly clock: Clock
  readonly runtime: EmulatorRuntime
  readonly credentials: () => EmulatorCredentials
  readonly faults: Faults
}
export type Message = {
  readonly event: string
  readonly url: string
  readonly outTradeNo: string
  readonly outRefundNo?: string | undefined
  readonly resource: Record<string, unknown>
}

/** Tells merchants what happened: encrypted, signed, and again on WeChat's own ladder until it is taken. */
export function makeNotifier({ state, clock, runtime, credentials, faults }: Parts) {
  const { notification: table } = state.tables
  const held = new Set<string>()
  return { send, resend, probe, resume, sign }

  /** Begins to tell. Resolves when the first try is over, so that what follows can rely on it. */
  async function send(message: Message): Promise<void> {
    const fault = faults.take(notifyFaults, { path: new URL(message.url).pathname, outTradeNo: message.outTradeNo })
    const id = newId()
    const changed = { ...message, resource: tamperedResource(message.resource, fault) }
    const { event, url, outTradeNo, outRefundNo } = changed
    state.put('notification', id, {
      id,
      event,
      url,
      outTradeNo,
      outRefundNo,
      resource: JSON.stringify(changed.resource),
      tries: [],
      state: fault === 'drop_notify' ? 'dropped' : 'waiting',
    })
    if (fault === 'drop_notify') return
    if (fault === 'late_notify') return clock.after(lateMs, () => attempt(id))
    if (fault === 'reorder_notify') {
      held.add(id)
      // With nothing to change places with, it is only late.
      return clock.after(minute, () => release(id))
    }
    if (fault === 'probe_notify') await post(id, fault)
    // A probe goes ahead of the genuine one; it does not stand in for it.
    await attempt(id, fault === 'probe_notify' ? undefined : fault)
    if (fault === 'duplicate_notify') await resend(id)
    for (const waiting of [...held]) await release(waiting)
  }

  async function release(id: string): Promise<void> {
    if (held.delete(id)) await attempt(id)
  }

  /** The same event once more, under another id. */
  async function resend(id: string): Promise<void> {
    const known = table.get(id)
    if (!known) return
    const again = newId()
    state.put('notification', again, { ...known, id: again, tries: [], state: 'waiting' })
    await attempt(again)
  }

  async function attempt(id: string, fault?: NotifyFault): Promise<void> {
    const status = await post(id, fault)
    const notification = table.get(id)
    if (!notification) return
    const tries = [...notification.tries, { at: clock.now(), status }]
    const wait = notifyLadder[tries.length - 1]
    const isTaken = status === 200 || status === 204
    state.put('notification', id, { ...notification, tries, state: isTaken ? 'taken' : wait === undefined ? 'given_up' : 'waiting' })
    if (!isTaken && wait !== undefined) clock.after(wait, () => attempt(id))
  }

  /** @returns the HTTP status; 0 when no answer came in time. */
  async function post(id: string, fault?: NotifyFault): Promise<number> {
    const notification = table.get(id)
    if (!notification) return 0
    const { headers, body } = await envelope(notification, fault)
    try {
      return (await runtime.post({ url: notification.url, headers, body, timeoutMs: answerWithinMs })).status
    } catch {
      return 0
    }
  }

  async function envelope(
    { id, event, resource }: Notification,
    fault: NotifyFault | undefined,
  ): Promise<{ headers: Record<string, string>; body: Buffer }> {
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

  /** What was not taken when the process ended is sent again. */
  function resume(): void {
    for (const { id, state: status } of table.values()) if (status === 'waiting') clock.after(second, () => attempt(id))
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
