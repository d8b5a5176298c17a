import type { Sealer } from '../lib/seal.ts'
import type { Database } from '../store/database.ts'
import { listEveryEndpoint, updateEndpoint } from '../store/webhook-endpoints.ts'
import type { KeptAccounts } from './kept-accounts.ts'
import type { WebhookEndpoint } from './rules/webhook.ts'
import { secretPurpose } from './webhook-endpoints.ts'

export type Resealed = { readonly accounts: number; readonly webhookSecrets: number }

/**
 * After the master key was replaced: seals everything that lasts under the one in use. What ends by itself within a day, such as kept
 * answers, is left as it is: the key before has to stay at hand for so long.
 */
export function makeReseal({ db, sealer, keptAccounts }: { db: Database; sealer: Sealer; keptAccounts: KeptAccounts }) {
  return async function reseal(): Promise<Resealed> {
    const accounts = await keptAccounts.reseal()
    const endpoints = (await listEveryEndpoint(db)).filter((one) => !isCurrent(one))
    for (const one of endpoints) await updateEndpoint(db, one, freshlySealed(one))
    return { accounts, webhookSecrets: endpoints.length }
  }

  function isCurrent({ endpointId, sealedSecret, former }: WebhookEndpoint): boolean {
    const all = [sealedSecret, ...(former === undefined ? [] : [former.sealedSecret])]
    return all.every((sealed) => sealer.isCurrent(secretPurpose, endpointId, sealed))
  }

  function freshlySealed(one: WebhookEndpoint): WebhookEndpoint {
    const again = (sealed: string) => sealer.seal(secretPurpose, one.endpointId, sealer.open(secretPurpose, one.endpointId, sealed))
    const former = one.former && { ...one.former, sealedSecret: again(one.former.sealedSecret) }
    return { ...one, sealedSecret: again(one.sealedSecret), former }
  }
}
