import type { Instant } from '../../../shared/kernel/time.ts'

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
