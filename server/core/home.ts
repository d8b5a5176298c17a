import { newId } from '../lib/ids.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Database } from '../store/database.ts'
import { homeOf, moveHome, renameInstallation } from '../store/installation.ts'
import type { Alarms } from './alarms.ts'
import { atHome } from './rules/instances.ts'

export type Home = ReturnType<typeof makeHome>

/**
 * Where the work of a store is done: at the public address that began it, until somebody says otherwise. A copy of a database that
 * is started elsewhere with the same credentials would close and refund the original's payments, and tell of them a second time.
 *
 * @param onHome told when the work may begin.
 */
export function makeHome({
  db,
  runtime,
  alarms,
  publicUrl,
  onHome,
}: {
  db: Database
  runtime: Pick<Runtime, 'now' | 'randomBytes'>
  alarms: Alarms
  publicUrl: string
  onHome: () => void
}) {
  let isHome = false
  let told: string | undefined
  return { look, isHere: () => isHome, adopt }

  /** Looks once more; somebody may have decided meanwhile, here or at the other server. */
  async function look(): Promise<void> {
    const home = await homeOf(db)
    const verdict = atHome(home, publicUrl)
    if (verdict === 'elsewhere') return hold(home ?? '')
    if (verdict === 'to_take' && !(await moveHome(db, home, publicUrl))) return
    alarms.clear('store_elsewhere')
    told = undefined
    if (isHome) return
    isHome = true
    onHome()
  }

  function hold(home: string): void {
    isHome = false
    if (told === home) return
    told = home
    alarms.raise('store_elsewhere', {
      home,
      here: publicUrl,
      remedy: `no task runs here: this database belongs to ${home}. If it moved here, run: npx shouyin adopt. If it is a copy, leave it so`,
    })
  }

  /**
   * From now on the work of this store is done at this server's public address.
   *
   * @param isCopy the original goes on, too: what is numbered here is told apart from what is numbered there.
   * @returns where it was done before.
   */
  async function adopt({ isCopy }: { readonly isCopy: boolean }): Promise<{ readonly home: string; readonly before: string | undefined }> {
    for (;;) {
      const before = await homeOf(db)
      if (before !== publicUrl && !(await moveHome(db, before, publicUrl))) continue
      if (isCopy) await renameInstallation(db, newId(runtime, 'ins'))
      return { home: publicUrl, before }
    }
  }
}
