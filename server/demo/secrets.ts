import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The secrets of a server that nobody configured: made at the first start and kept in the data folder, readable by its owner only,
 * so that sessions survive a restart.
 */
export function demoSecrets(
  dataFolder: string,
  randomBytes: (count: number) => Uint8Array,
): { SESSION_SECRET: string; MASTER_KEY: string } {
  mkdirSync(dataFolder, { recursive: true })
  return {
    SESSION_SECRET: kept(join(dataFolder, 'session-secret'), randomBytes),
    MASTER_KEY: kept(join(dataFolder, 'master-key'), randomBytes),
  }
}

function kept(path: string, randomBytes: (count: number) => Uint8Array): string {
  if (!existsSync(path)) writeFileSync(path, `${Buffer.from(randomBytes(32)).toString('base64url')}\n`, { mode: 0o600 })
  return readFileSync(path, 'utf8').trim()
}
