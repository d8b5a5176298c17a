import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from './hmac.ts'

export const projectFolder = join(import.meta.dirname, '../..')
export const pagesFolder = join(projectFolder, 'server/pages')
/** What the build makes; a folder of its own, which no version control keeps. */
export const builtFolder = join(pagesFolder, 'dist')
/** Says of which sources it was made. */
export const builtFromFile = 'built-from.txt'

/** One number for all that the pages are made of; undefined where the sources were left out. */
export function sourcesHash(): string | undefined {
  if (!existsSync(join(pagesFolder, 'cashier'))) return undefined
  const files = globSync(['server/pages/cashier/**/*', 'shared/kernel/*.ts', 'server/lib/build-pages.ts'], { cwd: projectFolder })
  const texts = files.filter((file) => /\.\w+$/.test(file)).sort()
  return sha256Hex(texts.map((file) => `${file}\n${readFileSync(join(projectFolder, file), 'utf8')}`).join('\n'))
}
