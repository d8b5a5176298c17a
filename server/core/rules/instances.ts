import type { Instant } from '../../../shared/kernel/time.ts'
import { isThisMachine } from './this-machine.ts'

type Seen = { readonly instanceId: string; readonly publicUrl: string; readonly seenAt: Instant }

/** Whoever moved a week ago knows of it. */
const movedAfterMs = 7 * 24 * 60 * 60 * 1000

/** A server says every few seconds that it is there. */
const aliveMs = 60_000

/** Other public addresses under which the store was lately in use, the last of each: it was moved, or this is a copy of it. */
export function otherAddresses<One extends Seen>(
  seen: readonly One[],
  { publicUrl, now }: { readonly publicUrl: string; readonly now: Instant },
): One[] {
  const others = seen.filter((one) => one.publicUrl !== publicUrl && now - one.seenAt < movedAfterMs)
  return others.filter((one, at) => others.findIndex((other) => other.publicUrl === one.publicUrl) === at)
}

/** Whether a server runs on the store at the moment. */
export function isAlive({ seenAt }: Pick<Seen, 'seenAt'>, now: Instant): boolean {
  return Math.abs(now - seenAt) < aliveMs
}

/**
 * Whether the work of a store that belongs to `home` is done at `here`. An address that only its own machine can reach is a trial:
 * whoever comes next takes the store over from it.
 */
export function atHome(home: string | undefined, here: string): 'here' | 'to_take' | 'elsewhere' {
  if (home === here) return 'here'
  if (home === undefined) return 'to_take'
  if (!isTrial(home)) return 'elsewhere'
  return isTrial(here) ? 'here' : 'to_take'
}

function isTrial(address: string): boolean {
  return !URL.canParse(address) || isThisMachine(new URL(address).hostname)
}
