import { type Instant, later } from '../../shared/kernel/time.ts'
import type { Runtime } from '../lib/runtime.ts'

/** So many calls in a row without an answer in their time, and the channel is left alone. */
const silencesMax = 5
const restMs = 5_000
/** Longer than any call takes: the one that finds out has ended by then. */
const probeMs = 30_000

type Circuit = { readonly silences: number; readonly restsUntil: Instant }

export type Circuits = ReturnType<typeof makeCircuits>

/**
 * Keeps callers from waiting for a channel that does not answer: after a few silences its calls end at once, unsent, but for one every few
 * seconds that finds out. Any answer, whatever it says, ends that. What is held here is only patience, so each process has its own.
 */
export function makeCircuits({ now }: Pick<Runtime, 'now'>) {
  const circuits = new Map<string, Circuit>()
  return { mayCall, answered, wasSilent }

  function mayCall(account: string): boolean {
    const circuit = circuits.get(account)
    if (!circuit || circuit.silences < silencesMax) return true
    const left = circuit.restsUntil - now()
    // More than there can be is left when the clock went back.
    if (left > 0 && left <= probeMs) return false
    circuits.set(account, { ...circuit, restsUntil: later(now(), probeMs) })
    return true
  }

  function answered(account: string): void {
    circuits.delete(account)
  }

  function wasSilent(account: string): void {
    const silences = (circuits.get(account)?.silences ?? 0) + 1
    circuits.set(account, { silences, restsUntil: later(now(), restMs) })
  }
}
