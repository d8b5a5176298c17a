import type { AccountId } from '../../shared/kernel/ids.ts'
import type { ChannelName } from '../../shared/kernel/pay.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { ChannelAccount } from '../channels/channel.ts'
import { Undecryptable } from '../lib/aes-gcm.ts'
import { parseJson } from '../lib/json.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Sealer } from '../lib/seal.ts'
import { Secret } from '../lib/secret.ts'
import { accountsRevision, insertKeptAccount, type KeptAccount, listKeptAccounts, replaceKeptAccount } from '../store/channel-accounts.ts'
import type { Database } from '../store/database.ts'
import { AppError } from './error.ts'

type Named = { readonly channel: ChannelName; readonly account: AccountId }
type Members = Readonly<Record<string, string>>
/** An account that was read by its channel's own rules. */
export type OpenedAccount = { readonly opened: ChannelAccount; readonly notifyUrl: string | undefined }
export type AccountRow = Named & {
  readonly merchantRef: string
  readonly fingerprint: string
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** Sealed under a master key before the one in use. */
  readonly isOldSeal: boolean
}

/** What accounts are sealed for. */
const purpose = 'accounts'

export type KeptAccounts = ReturnType<typeof makeKeptAccounts>

/**
 * Accounts that are kept in the store, their credentials sealed under the master key. A running server follows the store: `refresh`
 * takes up what was added or changed since.
 *
 * @param read by the channel's own rules; the problems it has with the members name each of them and show no secret.
 * @param isTaken whether the environment or a folder has an account of that name.
 */
export function makeKeptAccounts({
  db,
  runtime,
  log,
  sealer,
  read,
  isTaken,
}: {
  db: Database
  runtime: Pick<Runtime, 'now'>
  log: Log
  sealer: Sealer
  read: (described: Named & { readonly members: Members }) => OpenedAccount | { readonly problems: readonly string[] }
  isTaken: (named: Named) => boolean
}) {
  let held = new Map<string, OpenedAccount & { readonly fingerprint: string }>()
  let accounts: readonly ChannelAccount[] = []
  let revision = 0
  return { accounts: () => accounts, notifyUrlOf, refresh, add, rotate, list, reseal }

  function notifyUrlOf(named: Named): string | undefined {
    return held.get(nameOf(named))?.notifyUrl
  }

  /** Takes up what the store holds now; those that are new or changed. One that cannot be opened stays as it was, and is told. */
  async function refresh(): Promise<ChannelAccount[]> {
    const now = await accountsRevision(db)
    if (now === revision) return []
    const rows = await listKeptAccounts(db)
    const next = new Map<string, OpenedAccount & { readonly fingerprint: string }>()
    const changed: ChannelAccount[] = []
    for (const row of rows) {
      const known = held.get(nameOf(row))
      const fresh = known?.fingerprint === row.fingerprint ? known : (takeUp(row) ?? known)
      if (fresh) next.set(nameOf(row), fresh)
      if (fresh && fresh !== known) changed.push(fresh.opened)
      if (known && fresh !== known) await known.opened.end?.()
    }
    held = next
    accounts = [...next.values()].map((one) => one.opened)
    revision = now
    return changed
  }

  function takeUp(row: KeptAccount): (OpenedAccount & { readonly fingerprint: string }) | undefined {
    try {
      const result = read({ ...row, members: membersOf(row) })
      if ('opened' in result) return { ...result, fingerprint: row.fingerprint }
      log.error({ event: 'account.unusable', channel: row.channel, account: row.account, problems: result.problems })
    } catch (error) {
      if (!(error instanceof Undecryptable)) throw error
      log.error({
        event: 'account.unusable',
        channel: row.channel,
        account: row.account,
        problems: [`sealed under another master key: ${error.message}`],
      })
    }
    return undefined
  }

  function membersOf(row: KeptAccount): Members {
    const parsed = parseJson(Buffer.from(sealer.open(purpose, nameOf(row), row.sealed).reveal()))
    const value = 'value' in parsed && typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : {}
    return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
  }

  /** @throws AppError CONFLICT when there is one of that name; PARAM_ERROR with all problems there are. */
  async function add(named: Named, members: Members): Promise<AccountRow> {
    if (isTaken(named)) throw taken(named, 'in the environment or a folder')
    const now = runtime.now()
    const row = { ...(await sealedRow(named, members)), version: 1, createdAt: now, updatedAt: now }
    if (!(await insertKeptAccount(db, row))) throw taken(named, 'in the database; change it with accounts rotate')
    return shown(row)
  }

  /**
   * Puts other credentials in the place of an account's.
   *
   * @throws AppError NOT_FOUND; PARAM_ERROR; CONFLICT when they are another merchant's and that is not forced: refunds of what was paid
   * through the account would be asked of the wrong one.
   */
  async function rotate(named: Named, members: Members, { force }: { readonly force: boolean }): Promise<AccountRow> {
    const before = (await listKeptAccounts(db)).find((one) => nameOf(one) === nameOf(named))
    if (!before) throw new AppError('NOT_FOUND', `there is no account ${nameOf(named)} in the database; accounts add makes one`)
    const sealed = await sealedRow(named, members)
    if (sealed.merchantRef !== before.merchantRef && !force)
      throw new AppError(
        'CONFLICT',
        `${nameOf(named)} is merchant ${before.merchantRef}, the new credentials are those of ${sealed.merchantRef}: add them under another name, or say --force`,
      )
    const row = { ...sealed, version: before.version + 1, createdAt: before.createdAt, updatedAt: runtime.now() }
    if (!(await replaceKeptAccount(db, row)))
      throw new AppError('CONFLICT', `${nameOf(named)} was changed by somebody else at this moment; look, and try again`)
    return shown(row)
  }

  async function sealedRow(named: Named, members: Members) {
    const result = read({ ...named, members })
    if ('problems' in result)
      throw new AppError('PARAM_ERROR', `${nameOf(named)} cannot be used; nothing was stored:`, { details: { problems: result.problems } })
    const { merchantRef } = result.opened
    await result.opened.end?.()
    const text = new Secret(JSON.stringify(members))
    return { ...named, merchantRef, sealed: sealer.seal(purpose, nameOf(named), text), fingerprint: sealer.fingerprint(purpose, text) }
  }

  async function list(): Promise<AccountRow[]> {
    return (await listKeptAccounts(db)).map(shown)
  }

  /** Seals everything anew that lies under an older master key; how many. @throws AppError when one can be opened by no key there is. */
  async function reseal(): Promise<number> {
    const old = (await listKeptAccounts(db)).filter((one) => !isCurrent(one))
    for (const row of old) {
      const text = openOrRefuse(row)
      const fresh = { sealed: sealer.seal(purpose, nameOf(row), text), fingerprint: sealer.fingerprint(purpose, text) }
      await replaceKeptAccount(db, { ...row, ...fresh, version: row.version + 1, updatedAt: runtime.now() })
    }
    return old.length
  }

  function openOrRefuse(row: KeptAccount): Secret {
    try {
      return sealer.open(purpose, nameOf(row), row.sealed)
    } catch (error) {
      if (!(error instanceof Undecryptable)) throw error
      throw new AppError('INVALID_REQUEST', `${nameOf(row)} was sealed under another master key: set MASTER_KEY_PREVIOUS to it`, {
        cause: error,
      })
    }
  }

  function isCurrent(row: KeptAccount): boolean {
    return sealer.isCurrent(purpose, nameOf(row), row.sealed)
  }

  function shown(row: KeptAccount): AccountRow {
    const { channel, account, merchantRef, fingerprint, createdAt, updatedAt } = row
    return { channel, account, merchantRef, fingerprint, createdAt, updatedAt, isOldSeal: !isCurrent(row) }
  }
}

function nameOf({ channel, account }: Named): string {
  return `${channel}/${account}`
}

function taken(named: Named, where: string): AppError {
  return new AppError('CONFLICT', `there is an account ${nameOf(named)} already, ${where}`)
}
