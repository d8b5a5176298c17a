import type { AccountId } from '../../../shared/kernel/ids.ts'
import { asOutTradeNo } from '../../../shared/kernel/ids.ts'
import type { ChannelName } from '../../../shared/kernel/pay.ts'
import type { ChannelAccount } from '../../channels/channel.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { Database } from '../../store/database.ts'
import { homeOf } from '../../store/installation.ts'
import { listInstances } from '../../store/instances.ts'
import { type Finding, worstOfEach } from '../rules/finding.ts'
import { isAlive } from '../rules/instances.ts'
import { lookAtNotifyUrl, reachNotifyUrl, reachPublicUrl, readMetrics } from './addresses.ts'
import { standingAlarms } from './alarms.ts'
import { lookAtClock } from './clock.ts'
import type { NetworkLook, Setup, StoreLook } from './parts.ts'
import { lookAtSetup } from './setup.ts'
import { lookAtDurability, lookAtInstances, lookAtSchema } from './store.ts'
import { lookAtBills, lookAtMoney, lookAtPayers, lookAtTasks, lookAtWebhooks } from './work.ts'

const instancesLookedAt = 200
const addressesTried = 10

type Patient = {
  readonly runtime: Runtime
  readonly setup: Setup
  /** The store, where it can be asked. */
  readonly db: Database | undefined
  /** What was found while the store and the accounts were opened. */
  readonly opening: readonly Finding[]
  readonly accounts: readonly ChannelAccount[]
  /** How far ahead our clock was of a channel's, with each of its answers. */
  readonly clockSeen: readonly number[]
  readonly isOnline: boolean
  notifyUrl(channel: ChannelName, account: AccountId): string
}

/** Looks at everything that goes wrong in practice, and changes nothing but for orders of a trial that are closed at once. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const { setup, db, opening, accounts, clockSeen, runtime, isOnline } = patient
  const now = runtime.now()
  const schema = db && (await lookAtSchema(db))
  const isReadable = db !== undefined && schema?.severity === 'ok'
  const instances = isReadable ? await listInstances(db, instancesLookedAt) : undefined
  const ofAccounts = (await Promise.all(accounts.map((account) => ofAccount(patient, account)))).flat()
  const clock = lookAtClock(clockSeen)
  return worstOfEach([
    ...lookAtSetup(setup),
    ...opening,
    ...(schema ? [schema] : []),
    ...(isReadable && instances ? await ofStore({ db, now, instances, home: await homeOf(db) }, patient) : []),
    ...ofAccounts,
    ...(clock ? [clock] : []),
    ...(isOnline ? await ofNetwork(patient, { runtime, instances, now }) : []),
  ])
}

async function ofStore(look: StoreLook, { setup, accounts }: Patient): Promise<Finding[]> {
  const bills = await Promise.all(accounts.map((account) => lookAtBills(look, account)))
  return [
    await lookAtDurability(look.db),
    ...lookAtInstances(look, setup.isDemo ? undefined : setup.publicUrl),
    await lookAtTasks(look),
    ...bills.flat(),
    ...(await lookAtMoney(look)),
    ...(await lookAtWebhooks(look)),
    ...(setup.isDemo ? [] : await lookAtPayers(look, accounts)),
  ]
}

/** What an account says of itself, by its own capability, and whether its channel could notify us. */
async function ofAccount({ runtime, isOnline, notifyUrl }: Patient, account: ChannelAccount): Promise<Finding[]> {
  const name = `${account.channel}/${account.account}`
  const address = notifyUrl(account.channel, account.account)
  const own = await account.diagnose?.({ now: runtime.now(), isOnline, notifyUrl: address, newNumber: () => newNumber(runtime) })
  const named = (own ?? []).map((one) => ({ ...one, about: one.about === undefined ? name : `${name} ${one.about}` }))
  return [...lookAtNotifyUrl(address, account.upstream), ...named]
}

async function ofNetwork({ setup, accounts, notifyUrl }: Patient, look: NetworkLook): Promise<Finding[]> {
  const { publicUrl, localOrigin } = setup
  const addresses = [...new Set(accounts.map((one) => notifyUrl(one.channel, one.account)))].slice(0, addressesTried)
  const paths = await Promise.all(addresses.map((address) => reachNotifyUrl(address, look)))
  const isRunning = look.instances?.some((one) => isAlive(one, look.now)) === true
  const metrics = isRunning ? await readMetrics(localOrigin, look) : undefined
  return [
    ...(publicUrl === undefined || setup.isDemo ? [] : [await reachPublicUrl(publicUrl, look)]),
    ...paths.flat(),
    ...(metrics === undefined ? [] : standingAlarms(metrics)),
  ]
}

/** In the form that every channel takes, and of nobody's series. */
function newNumber(runtime: Pick<Runtime, 'randomBytes'>): ReturnType<typeof asOutTradeNo> {
  return asOutTradeNo(`DOCTOR${Buffer.from(runtime.randomBytes(11)).toString('hex').toUpperCase()}`)
}
