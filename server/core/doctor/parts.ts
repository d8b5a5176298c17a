import type { Instant } from '../../../shared/kernel/time.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Database } from '../../store/database.ts'
import type { InstanceSeen } from '../../store/instances.ts'

/** What the configuration says of the installation itself, as far as `doctor` looks at it. */
export type Setup = {
  readonly isDemo: boolean
  readonly publicUrl: string | undefined
  /** Where the server listens on this machine. */
  readonly localOrigin: string
  readonly sessionSecret: Secret | undefined
  readonly masterKey: Secret | undefined
  readonly trustsNoProxy: boolean
  readonly warnings: readonly string[]
}

/** What the checks of a store are made of. */
export type StoreLook = {
  readonly db: Database
  readonly now: Instant
  readonly instances: readonly InstanceSeen[]
  /** The public address at which its work is done. */
  readonly home: string | undefined
}

export type NetworkLook = {
  readonly runtime: Pick<Runtime, 'fetch'>
  readonly instances: readonly InstanceSeen[] | undefined
  readonly now: Instant
}
