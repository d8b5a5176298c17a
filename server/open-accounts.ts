import type { AccountSource } from './channels/channel.ts'
import type { Config, NamedAccount } from './config/config.ts'
import { makeAccounts, nameOf } from './core/accounts.ts'
import type { Alarms } from './core/alarms.ts'
import { makeClockWatch } from './core/clock-watch.ts'
import { makeKeptAccounts } from './core/kept-accounts.ts'
import type { Log } from './lib/log.ts'
import type { Runtime } from './lib/runtime.ts'
import type { Sealer } from './lib/seal.ts'
import type { Database } from './store/database.ts'
import { loadKeepsake, saveKeepsake } from './store/keepsakes.ts'
import { isMigrated } from './store/migrate.ts'

type Parts = { readonly db: Database; readonly runtime: Runtime; readonly log: Log; readonly alarms: Alarms }
type Given = {
  readonly config: Config<AccountSource>
  readonly sources: ReadonlyArray<NamedAccount<AccountSource>>
  readonly sealer: Sealer
}

/** The accounts of the environment, of the folders and of the store, each with its keys. */
export async function openAccounts({ config, sources, sealer, ...parts }: Parts & Given) {
  const keptAccounts = makeKeptAccounts({
    ...parts,
    sealer,
    read: ({ channel, account, members }) => {
      const result = config.readAccount({ channel, name: account, members })
      return 'problems' in result ? result : { opened: openAccount(result.account, parts), notifyUrl: result.account.notifyUrl }
    },
    isTaken: ({ channel, account }) => sources.some((one) => one.channel === channel && one.account === account),
  })
  if (await isMigrated(parts.db)) await keptAccounts.refresh()
  const given = sources.map((source) => openAccount(source, parts))
  return { accounts: makeAccounts(given, keptAccounts.accounts), keptAccounts }
}

function openAccount({ channel, account, source }: NamedAccount<AccountSource>, { db, runtime, log, alarms }: Parts) {
  const kept = nameOf({ channel, account })
  const keepsake = {
    load: (name: string) => loadKeepsake(db, kept, name),
    save: (name: string, text: string) => saveKeepsake(db, { account: kept, name, text, at: runtime.now() }),
  }
  return source.open({ account, runtime, log, keepsake, clockSeen: makeClockWatch(alarms) })
}
