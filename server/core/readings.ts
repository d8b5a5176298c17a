import type { Metrics } from '../lib/metrics.ts'
import type { PromMetrics } from '../lib/prom-metrics.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { newestSchema } from '../store/migrate.ts'
import type { Accounts } from './accounts.ts'

type Parts = {
  readonly db: Database
  readonly runtime: Runtime
  readonly accounts: Accounts
  readonly metrics: Pick<Metrics, 'build' | 'certificateEnds' | 'dbConnections'> & Pick<PromMetrics, 'onRead'>
  readonly build: { readonly version: string; readonly node: string }
}

/** What is read off when somebody looks at the figures: ends of certificates, connections, and what this program is. */
export function makeReadings({ db, runtime, accounts, metrics, build }: Parts): void {
  metrics.build.set({ ...build, schema: String(newestSchema) }, 1)
  metrics.onRead(() => {
    readCertificates()
    readConnections()
  })

  function readCertificates(): void {
    const now = runtime.now()
    for (const { channel, account, certificates } of accounts.all())
      for (const { certificate, endsAt } of certificates?.() ?? [])
        metrics.certificateEnds.set({ channel, account, certificate }, (endsAt - now) / 1000)
  }

  function readConnections(): void {
    const connections = db.dialect.connections?.()
    for (const [state, count] of Object.entries(connections ?? {})) metrics.dbConnections.set({ state }, count)
  }
}
