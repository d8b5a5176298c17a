import type { Clock } from './clock.ts'
import { type Faults, type NotifyFault, notifyFaults } from './faults.ts'
import type { EmulatorRuntime } from './runtime.ts'
import type { Notification, State } from './state.ts'

const second = 1000
const minute = 60 * second
const answerWithinMs = 5 * second
const lateMs = 120 * minute

export type Letter = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }
export type Message = {
  readonly event: string
  readonly url: string
  readonly outTradeNo: string
  readonly outRefundNo?: string | undefined
  readonly resource: Record<string, unknown>
}

/** What differs between channels in telling a merchant something. */
export type Manner = {
  readonly channel: Notification['channel']
  /** The waits before each repeat, from one try to the next. */
  readonly ladder: readonly number[]
  newId(): string
  /** Whether an answer counts as taken. */
  isTaken(status: number, body: string): boolean
  /** The bytes of one try, signed anew each time; faults of the wire are put in here. */
  letter(notification: Notification, fault: NotifyFault | undefined): Promise<Letter> | Letter
  /** Faults of the content. */
  spoil(resource: Record<string, unknown>, fault: NotifyFault | undefined): Record<string, unknown>
}

export type Teller = ReturnType<typeof makeTeller>

/** Tells merchants what happened, and again on the channel's ladder until it is taken. */
export function makeTeller(
  { state, clock, runtime, faults }: { state: State; clock: Clock; runtime: EmulatorRuntime; faults: Faults },
  manner: Manner,
) {
  const { notification: table } = state.tables
  const held = new Set<string>()
  return { send, resend, resume }

  /** Begins to tell. Resolves when the first try is over, so that what follows can rely on it. */
  async function send(message: Message): Promise<void> {
    const fault = faults.take(notifyFaults, { path: new URL(message.url).pathname, outTradeNo: message.outTradeNo })
    const id = manner.newId()
    const { event, url, outTradeNo, outRefundNo } = message
    state.put('notification', id, {
      id,
      channel: manner.channel,
      event,
      url,
      outTradeNo,
      outRefundNo,
      resource: JSON.stringify(manner.spoil(message.resource, fault)),
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
    const again = manner.newId()
    state.put('notification', again, { ...known, id: again, tries: [], state: 'waiting' })
    await attempt(again)
  }

  async function attempt(id: string, fault?: NotifyFault): Promise<void> {
    const { status, isTaken } = await post(id, fault)
    const notification = table.get(id)
    if (!notification) return
    const tries = [...notification.tries, { at: clock.now(), status }]
    const wait = manner.ladder[tries.length - 1]
    state.put('notification', id, { ...notification, tries, state: isTaken ? 'taken' : wait === undefined ? 'given_up' : 'waiting' })
    if (!isTaken && wait !== undefined) clock.after(wait, () => attempt(id))
  }

  /** @returns the HTTP status; 0 when no answer came in time. */
  async function post(id: string, fault?: NotifyFault): Promise<{ status: number; isTaken: boolean }> {
    const notification = table.get(id)
    if (!notification) return { status: 0, isTaken: false }
    const { headers, body } = await manner.letter(notification, fault)
    try {
      const answered = await runtime.post({ url: notification.url, headers, body, timeoutMs: answerWithinMs })
      return { status: answered.status, isTaken: manner.isTaken(answered.status, answered.body ?? '') }
    } catch {
      return { status: 0, isTaken: false }
    }
  }

  /** What was not taken when the process ended is sent again. */
  function resume(): void {
    for (const { id, channel, state: status } of table.values())
      if (channel === manner.channel && status === 'waiting') clock.after(second, () => attempt(id))
  }
}
