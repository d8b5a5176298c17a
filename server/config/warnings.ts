import type { Environment } from './environment.ts'

/** So many letters wrong, missing, too many: still the same name, misspelt. */
const farthestTypo = 2
/** A shorter name is near to too many that have nothing to do with us. */
const shortestTypo = 8
const ours = /^(WECHAT|QFPAY|ALIPAY|WEBHOOK|RATE_LIMIT)_/

/** What is not wrong, but probably not meant: names that nobody reads. No value stands in it. */
export function warningsAbout(environment: Environment, known: readonly string[]): string[] {
  const set = Object.keys(environment).filter((name) => (environment[name] ?? '').trim() !== '')
  return set.flatMap((name) => misspelt(name, known))
}

function misspelt(name: string, knownNames: readonly string[]): string[] {
  const base = name.replace(/_FILE$/, '')
  if (knownNames.some((known) => known === name || known === base)) return []
  const meant = base.length < shortestTypo ? undefined : nearest(base, knownNames)
  if (meant) return [`${name} is no setting of this server; is ${meant} meant?`]
  return ours.test(name) ? [`${name} is no setting of this server; nothing reads it`] : []
}

function nearest(name: string, knownNames: readonly string[]): string | undefined {
  const [best] = knownNames.map((known) => ({ known, apart: lettersApart(known, name) })).sort((one, other) => one.apart - other.apart)
  return best !== undefined && best.apart <= farthestTypo ? best.known : undefined
}

/** How many letters have to be changed, added or left out to make one word of the other. */
function lettersApart(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [row, letter] of [...one].entries()) {
    const next = [row + 1]
    for (const [at, against] of [...other].entries()) {
      const changed = (above[at] ?? 0) + (letter === against ? 0 : 1)
      next.push(Math.min(changed, (above[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    above = next
  }
  return above.at(-1) ?? 0
}
