import type { Plan } from './plan.ts'
import type { Pool } from './pool.ts'
import type { Done } from './worker.ts'

const maxRuns = 300
const maxMs = 60_000

export type Shrunk = { readonly plan: Plan; readonly runs: number; readonly ms: number }

/** The smallest plan found that still breaks the same rule: dropping halves first, then single ones. */
export async function shrink(pool: Pool, found: Done): Promise<Shrunk> {
  const invariant = found.violation?.invariant
  const begun = performance.now()
  let runs = 0
  let best: Plan = found.plan
  const first: Plan = { ...found.plan, faults: { only: found.fired } }
  if (await breaks(first)) best = first
  await dropInstances()
  best = { ...best, chaos: await fewer(best.chaos, (chaos) => ({ ...best, chaos })) }
  best = { ...best, crashPoints: await fewer(best.crashPoints, (crashPoints) => ({ ...best, crashPoints })) }
  const { faults } = best
  if ('only' in faults) best = { ...best, faults: { only: await fewer(faults.only, (only) => ({ ...best, faults: { only } })) } }
  await dropOrders()
  best = { ...best, actions: await fewer(best.actions, (actions) => ({ ...best, actions })) }
  await simplify()
  return { plan: best, runs, ms: performance.now() - begun }

  async function breaks(plan: Plan): Promise<boolean> {
    if (runs >= maxRuns || performance.now() - begun > maxMs) return false
    runs++
    return (await pool.run({ plan })).violation?.invariant === invariant
  }

  async function dropInstances(): Promise<void> {
    while (best.settings.instances > 1) {
      const instances = best.settings.instances - 1
      const fits = (one: { readonly instance: number }) => one.instance < instances
      const plan: Plan = {
        ...best,
        settings: { ...best.settings, instances, skews: best.settings.skews.slice(0, instances) },
        chaos: best.chaos.filter(fits),
        crashPoints: best.crashPoints.filter(fits),
      }
      if (!(await breaks(plan))) return
      best = plan
    }
  }

  async function dropOrders(): Promise<void> {
    const orders = await fewer(best.orders, (kept) => withOrders(kept))
    best = withOrders(orders)
  }

  function withOrders(orders: Plan['orders']): Plan {
    const kept = new Set(orders.map((order) => order.n))
    return { ...best, orders, actions: best.actions.filter((action) => kept.has(action.order)) }
  }

  async function fewer<T>(list: readonly T[], planOf: (list: readonly T[]) => Plan): Promise<readonly T[]> {
    let kept = list
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < kept.length; ) {
        const without = [...kept.slice(0, at), ...kept.slice(at + size)]
        if (await breaks(planOf(without))) kept = without
        else at += size
      }
    }
    return kept
  }

  async function simplify(): Promise<void> {
    const candidates: Plan[] = [
      { ...best, settings: { ...best.settings, skews: best.settings.skews.map(() => 0) } },
      { ...best, orders: best.orders.map((order) => ({ ...order, amount: 100 })) },
    ]
    for (const plan of candidates) if (await breaks(plan)) best = plan
  }
}
