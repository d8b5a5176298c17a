import type { Instant } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { isDurable } from '../store/diagnosis.ts'
import { noteInstance } from '../store/instances.ts'
import type { Home } from './home.ts'
import type { KeptAccounts } from './kept-accounts.ts'

/** How soon a server takes up an account that was changed. */
const lookEveryMs = 5_000

export type Attendance = ReturnType<typeof makeAttendance>

/**
 * What each server does for itself, whatever the tasks are: every few seconds it looks whether the work of this store is its to do,
 * says that it runs on it, and looks whether accounts were added or changed, and whether money waits for staff.
 *
 * @param onAccounts told of the accounts that were taken up.
 */
export function makeAttendance({
  db,
  runtime,
  log,
  instanceId,
  publicUrl,
  home,
  keptAccounts,
  onAccounts,
  watchMoney,
}: {
  db: Database
  runtime: Runtime
  log: Log
  instanceId: string
  publicUrl: string
  home: Pick<Home, 'look'>
  keptAccounts: KeptAccounts
  onAccounts: (accounts: readonly ChannelAccount[]) => Promise<void>
  /** Lets alarms follow what waits for staff. */
  watchMoney: () => Promise<void>
}) {
  const ended = new AbortController()
  let running: Promise<void> | undefined
  return { start, stop }

  function start(): void {
    running ??= attend(runtime.now())
  }

  async function stop(): Promise<void> {
    ended.abort()
    await running
  }

  async function attend(startedAt: Instant): Promise<void> {
    await attempt(tellDurability)
    while (!ended.signal.aborted) {
      await attempt(home.look)
      await attempt(() => noteInstance(db, { instanceId, publicUrl, startedAt, seenAt: runtime.now() }))
      await attempt(takeUpAccounts)
      await attempt(watchMoney)
      await runtime.sleep(lookEveryMs, ended.signal)
    }
  }

  async function takeUpAccounts(): Promise<void> {
    const changed = await keptAccounts.refresh()
    if (changed.length === 0) return
    for (const { channel, account } of changed) log.info({ event: 'account.taken_up', channel, account })
    await onAccounts(changed)
  }

  async function tellDurability(): Promise<void> {
    if (!(await isDurable(db)))
      log.warn({
        event: 'store.not_durable',
        remedy: 'set innodb_flush_log_at_trx_commit to 1: a power cut can lose what was acknowledged',
      })
  }

  /** A store that is away for a moment is looked at again; whatever it was, the server goes on. */
  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      log.warn({ event: 'attendance', error })
    }
  }
}
