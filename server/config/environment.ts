import { readFileSync } from 'node:fs'
import { Secret } from '../lib/secret.ts'
import type { Settings } from '../lib/settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Problem = { readonly name: string; readonly problem: string; readonly example: string }

/** Reads names from an environment: the value itself, or the file that `NAME_FILE` names. Blank counts as absent. */
export function makeSettings(
  environment: Environment,
): Settings & { readonly problems: readonly Problem[]; readonly secrets: readonly Secret[] } {
  const problems: Problem[] = []
  const cache = new Map<string, string | undefined>()
  const secrets: Secret[] = []
  return { problems, secrets, text, secret, seal, refuse }

  function text(name: string): string | undefined {
    if (!cache.has(name)) cache.set(name, lookUp(name))
    return cache.get(name)
  }

  function secret(name: string): Secret | undefined {
    const value = text(name)
    return value === undefined ? undefined : seal(value)
  }

  function seal(value: string): Secret {
    const sealed = new Secret(value)
    secrets.push(sealed)
    return sealed
  }

  function refuse(name: string, problem: string, example: string): void {
    if (!problems.some((one) => one.name === name && one.problem === problem)) problems.push({ name, problem, example })
  }

  function lookUp(name: string): string | undefined {
    const value = present(environment[name])
    const path = present(environment[`${name}_FILE`])
    if (path === undefined) return value
    if (value !== undefined) refuse(name, `is given twice, also as ${name}_FILE`, `${name}_FILE=/run/secrets/name alone`)
    try {
      return present(readFileSync(path, 'utf8').replace(/\r?\n$/, ''))
    } catch {
      refuse(`${name}_FILE`, `names a file that cannot be read: ${path}`, '/run/secrets/name')
      return value
    }
  }
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text
}
