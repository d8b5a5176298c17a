/** A number from 0 up to 1 for each draw of a stream under a label; a draw left out changes no other. */
export type Draw = (stream: string, label: string) => number

export function makeDraws(seed: number): Draw {
  const counts = new Map<string, number>()
  return (stream, label) => {
    const key = `${stream}/${label}`
    const nth = counts.get(key) ?? 0
    counts.set(key, nth + 1)
    return fractionOf(`${seed}/${key}/${nth}`)
  }
}

export function fractionOf(text: string): number {
  return hashOf(text) / 2 ** 32
}

/** FNV-1a with a finish that spreads short texts over all 32 bits. */
export function hashOf(text: string, start = 0x811c9dc5): number {
  let hash = start
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Bytes that follow from a name alone. */
export function makeBytes(name: string): (count: number) => Uint8Array {
  let state = hashOf(name) || 1
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return (count) => Uint8Array.from({ length: count }, () => next() & 0xff)
}

/** Numbers drawn one after the other, for making a plan. */
export function makeChance(name: string) {
  let nth = 0
  const next = () => fractionOf(`${name}/${nth++}`)
  return {
    next,
    between: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
    oneOf: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
    isTrue: (share: number) => next() < share,
    /** From low to high, small ones as likely as great ones by order of magnitude. */
    logarithmic: (low: number, high: number) => low * (high / low) ** next(),
  }
}

export type Chance = ReturnType<typeof makeChance>
