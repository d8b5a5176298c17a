import type { FaultKind, Plan } from './plan.ts'
import type { Draw } from './random.ts'

export type Faults = ReturnType<typeof makeFaults>

/** Whether something goes wrong here: drawn by rate, or because the plan names this very occasion. */
export function makeFaults(plan: Plan, draw: Draw, now: () => number) {
  const counts = new Map<string, number>()
  const fired: string[] = []
  const only = 'only' in plan.faults ? new Set(plan.faults.only) : undefined
  const rates = 'rates' in plan.faults ? plan.faults.rates : {}
  return { happens, fired, firedOf: (kind: FaultKind) => fired.filter((one) => one.startsWith(`${kind}|`)) }

  function happens(kind: FaultKind, label: string): boolean {
    const place = `${kind}|${label}`
    const nth = counts.get(place) ?? 0
    counts.set(place, nth + 1)
    if (now() >= plan.calmAt) return false
    const occasion = `${place}|${nth}`
    const rate = rates[kind] ?? 0
    const isSo = only ? only.has(occasion) : rate > 0 && draw('fault', place) < rate
    if (isSo) fired.push(occasion)
    return isSo
  }
}
