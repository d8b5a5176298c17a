import type { Instant } from '../../shared/kernel/time.ts'
import { newId } from '../lib/ids.ts'
import { makeLoop, type Work } from './loop.ts'

/** What the server does for itself, side by side. */
const ownWork: Work = { atOnce: 16 }
/** Other people's servers may keep us waiting, so their work is apart, and one of them has no more than a part of it. */
const webhookWork: Work = { queue: 'webhooks', atOnce: 32, perLane: 4 }

/** The loops of one instance. */
export function makeLoops(parts: Omit<Parameters<typeof makeLoop>[0], 'owner' | 'work'>) {
  const own = makeLoop({ ...parts, owner: newId(parts.runtime, 'run'), work: ownWork })
  const webhooks = makeLoop({ ...parts, owner: newId(parts.runtime, 'run'), work: webhookWork })
  return { start, wake, stop }

  function start(): void {
    own.start()
    webhooks.start()
  }

  /** Something was written: what is due soon is not slept past. */
  function wake({ nextTaskAt, hasEvents }: { readonly nextTaskAt: Instant | undefined; readonly hasEvents: boolean }): void {
    if (nextTaskAt !== undefined) own.wake(nextTaskAt)
    if (hasEvents) webhooks.wake(parts.runtime.now())
  }

  /** Takes no new task, waits for those that run, and gives the rest back. */
  async function stop(): Promise<void> {
    await Promise.all([own.stop(), webhooks.stop()])
  }
}
