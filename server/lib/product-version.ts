import { readFileSync } from 'node:fs'

/** What runs: the product's version as package.json has it, and Node's. */
export function productVersion(): { readonly version: string; readonly node: string } {
  const about: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const version = typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : 'unknown'
  return { version, node: process.versions.node }
}
