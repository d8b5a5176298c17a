/** A value with the labels it has in Prometheus' text form. */
export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g

/** Reads the answer of /metrics. */
export function readSamples(text: string): Sample[] {
  return text
    .split('\n')
    .filter((one) => one !== '' && !one.startsWith('#'))
    .map((one) => {
      const [, name = '', labels = '', value = ''] = line.exec(one) ?? []
      if (name === '') throw new Error(`not a sample: ${one}`)
      const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, text] as const)
      return { name, labels: Object.fromEntries(pairs), value: Number(value) }
    })
}

/** What differs between two readings, as `name{label="value"}: by how much`; samples that came or went included. */
export function movedBetween(before: string, after: string, family: RegExp): Record<string, number> {
  const [was, is] = [before, after].map((text) => new Map(readSamples(text).map((sample) => [keyOf(sample), sample.value])))
  const keys = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])
  const moved = [...keys]
    .filter((key) => family.test(key))
    .map((key) => [key, (is?.get(key) ?? 0) - (was?.get(key) ?? 0)] as const)
    .filter(([, by]) => by !== 0)
  return Object.fromEntries(moved)
}

function keyOf({ name, labels }: Sample): string {
  const told = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return told.length === 0 ? name : `${name}{${told.join(',')}}`
}
