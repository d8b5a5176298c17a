import { expect } from '@jest/globals'
import { environmentOf, type Ran, shouyin } from './command.ts'
import type { Shop } from './shop.ts'

export type Given = Record<string, string>
export type Found = {
  readonly id: string
  readonly severity: string
  readonly about: string | null
  readonly words: { readonly zh: string; readonly en: string }
  readonly remedy: { readonly zh: string; readonly en: string } | null
}
export type Examined = Ran & { readonly found: readonly Found[] }

export const offline = { words: ['--offline'] }

/** Runs doctor beside a shop's server, with other settings where some are given; whatever it finds, it shows none of the secrets. */
export async function examine(
  shop: Shop,
  given: Given = {},
  { words = [], ...skew }: Parameters<typeof shouyin>[2] & { words?: string[] } = {},
): Promise<Examined> {
  const environment = { ...environmentOf(shop), ...given }
  const ran = await shouyin(environment, ['doctor', '--json', ...words], skew)
  for (const secret of secretsIn(environment)) expect(ran.out + ran.err).not.toContain(secret)
  return { ...ran, found: ran.json?.findings ?? [] }
}

/** What is worse than a note. */
export function bad({ found }: Pick<Examined, 'found'>): Found[] {
  return found.filter((one) => one.severity === 'warning' || one.severity === 'error')
}

/** Everything in an environment that nobody may see printed; what is shorter is no secret. */
function secretsIn(environment: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.keys(environment).filter((name) => /SECRET|_KEY$/.test(name) && !/PUBLIC_KEY|_MCH_KEY/.test(name))
  const values = names.map((name) => environment[name] ?? '').filter((value) => value.length >= 8)
  return values.map((value) => (value.includes('-----BEGIN') ? value.slice(60, 120) : value))
}
