import { hashOf } from './random.ts'

/** Who waits: when its lane is dead, nothing parked in it ever goes on; a paused one goes on later. */
export type Lane = { readonly name: string; isDead: boolean; pausedUntil: number }

type Event = {
  at: number
  readonly tie: number
  readonly seq: number
  readonly label: string
  readonly lane: Lane | undefined
  readonly run: () => void
  /** A loop's nap: nothing but time is due. */
  readonly isNap: boolean
  isOff: boolean
}

export type Parking = { readonly lane?: Lane | undefined; readonly isNap?: boolean }

/** A rule of the simulated world was broken. */
export class Violation extends Error {
  readonly invariant: string
  constructor(invariant: string, message: string) {
    super(message)
    this.name = 'Violation'
    this.invariant = invariant
  }
}

const turnsUntilStill = 3

export type Engine = ReturnType<typeof makeEngine>

/**
 * The virtual clock and everything that waits for it. One continuation runs at a time; what it sets off in this process comes to rest
 * before the next one.
 */
export function makeEngine({
  start,
  tieOf,
  onTrace,
}: {
  start: number
  tieOf: (label: string) => number
  onTrace?: ((line: string) => void) | undefined
}) {
  const queue = makeQueue()
  const realImmediate = setImmediate
  let now = start
  let seq = 0
  let steps = 0
  let activity = 0
  let hash = 0x811c9dc5
  let napUntil: (at: number, nextOther: number, lane: Lane | undefined) => number = (at) => at
  const labels = new Map<string, number>()
  const passed = new Set<(label: string, nth: number, lane: Lane | undefined) => boolean>()
  return {
    now: () => now,
    steps: () => steps,
    hash: () => hash,
    labels,
    note,
    schedule,
    wait,
    drain,
    step,
    parked: (isCounted: (label: string, lane: Lane | undefined) => boolean) =>
      queue.list().filter((one) => !one.isOff && isCounted(one.label, one.lane)),
    /** How long a nap may be lengthened: until something could be due. */
    setNaps: (rule: typeof napUntil) => {
      napUntil = rule
    },
    /** Asked before each continuation: true drops it, since its lane has just died. */
    watch: (rule: (label: string, nth: number, lane: Lane | undefined) => boolean) => void passed.add(rule),
    touch: () => void activity++,
  }

  /** Everything that is noted decides whether two runs are the same run. */
  function note(line: string): void {
    hash = hashOf(`${now} ${line}`, hash)
    onTrace?.(`${clock(now - start)}  ${line}`)
  }

  function schedule(label: string, ms: number, run: () => void, { lane, isNap = false }: Parking = {}): () => void {
    activity++
    const event: Event = { at: now + Math.max(0, Math.round(ms)), tie: tieOf(label), seq: seq++, label, lane, run, isNap, isOff: false }
    queue.push(event)
    return () => {
      event.isOff = true
    }
  }

  function wait(label: string, ms: number, parking: Parking = {}): Promise<void> {
    return new Promise((resolve) => schedule(label, ms, resolve, parking))
  }

  /** Lets everything in this process come to rest. */
  async function drain(): Promise<void> {
    let seen = activity
    for (let still = 0; still < turnsUntilStill; ) {
      await new Promise<void>((resolve) => realImmediate(() => resolve()))
      still = activity === seen ? still + 1 : 0
      seen = activity
    }
  }

  /** Runs the next continuation; false when nothing waits any more. */
  async function step(): Promise<boolean> {
    for (let event = queue.pop(); event; event = queue.pop()) {
      if (event.isOff || event.lane?.isDead) continue
      const later = laterThan(event)
      if (later > event.at) {
        event.at = later
        queue.push(event)
        continue
      }
      now = Math.max(now, event.at)
      const nth = (labels.get(event.label) ?? 0) + 1
      labels.set(event.label, nth)
      steps++
      note(event.label)
      const isDropped = [...passed].some((rule) => rule(event.label, nth, event.lane))
      if (!isDropped && !event.lane?.isDead) event.run()
      await drain()
      return true
    }
    return false
  }

  function laterThan({ at, lane, isNap }: Event): number {
    if (lane && lane.pausedUntil > at) return lane.pausedUntil
    if (!isNap) return at
    const other = queue.first((one) => !one.isNap && !one.isOff && !one.lane?.isDead)
    return napUntil(at, other?.at ?? Number.POSITIVE_INFINITY, lane)
  }
}

export function clock(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  return `${days}d ${new Date(((ms % 86_400_000) + 86_400_000) % 86_400_000).toISOString().slice(11, 23)}`
}

/** A binary heap by time, tie and order of arrival. */
function makeQueue() {
  const heap: Event[] = []
  return { push, pop, first, list: () => heap }

  function isBefore(one: Event, other: Event): boolean {
    return one.at !== other.at ? one.at < other.at : one.tie !== other.tie ? one.tie < other.tie : one.seq < other.seq
  }

  function push(event: Event): void {
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  function pop(): Event | undefined {
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    sink(last)
    return top
  }

  function sink(event: Event): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!isBefore(heap[child] as Event, event)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = event
  }

  function first(isWanted: (event: Event) => boolean): Event | undefined {
    let found: Event | undefined
    for (const event of heap) if (isWanted(event) && (!found || event.at < found.at)) found = event
    return found
  }
}
