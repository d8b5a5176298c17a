const clocks = ['setTimeout', 'setInterval'] as const

/** Whoever reaches for the real clock, chance or network while a run lasts is told so, with his line. Returns the way back. */
export function forbidEscapes(): () => void {
  const { random } = Math
  const { now } = Date
  const kept = clocks.map((name) => [name, globalThis[name]] as const)
  const { fetch } = globalThis
  Math.random = () => escaped('Math.random')
  Date.now = () => escaped('Date.now')
  for (const name of clocks) Object.assign(globalThis, { [name]: () => escaped(name) })
  Object.assign(globalThis, { fetch: () => escaped('fetch') })
  return () => {
    Math.random = random
    Date.now = now
    Object.assign(globalThis, { fetch, ...Object.fromEntries(kept) })
  }
}

function escaped(name: string): never {
  throw new Error(`SimulationEscape: ${name} was reached for; the server takes time and chance from its Runtime alone`)
}
