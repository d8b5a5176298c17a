import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { builtFolder, builtFromFile, projectFolder, sourcesHash } from './page-sources.ts'

export type Asset = { readonly type: string; readonly bytes: Buffer; readonly gzipped: Buffer }

/** The pages as the build left them: what writes one, and the files it asks for. */
export type BuiltPages = { readonly render: (model: unknown) => string; readonly assets: ReadonlyMap<string, Asset> }

const types: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' }
const assetsPath = '/assets/'

/**
 * Reads the built pages. Missing ones, and ones of other sources than are there, are built first where vite is installed.
 *
 * @returns a sentence that says what to do, when there are none.
 */
export async function loadPages(): Promise<BuiltPages | { readonly problem: string }> {
  const hash = sourcesHash()
  if (hash !== undefined && hash !== builtFrom() && canBuild()) spawnSync(process.execPath, [join(projectFolder, 'server/build-pages.cjs')])
  const script = join(builtFolder, 'server/render.js')
  if (!existsSync(script))
    return {
      problem:
        'The cashier pages are not built: run "npm install --include=dev && npm run pages", or copy server/pages/dist from where it was run.',
    }
  const assets = readAssets()
  const names = [...assets.keys()]
  const files = {
    scripts: names.filter((name) => name.endsWith('.js')).map((name) => assetsPath + name),
    styles: names.filter((name) => name.endsWith('.css')).map((name) => assetsPath + name),
  }
  const { render }: { render: (model: unknown, from: typeof files) => string } = await import(pathToFileURL(script).href)
  return { assets, render: (model) => render(model, files) }
}

function builtFrom(): string | undefined {
  const file = join(builtFolder, builtFromFile)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function canBuild(): boolean {
  const { resolve } = createRequire(import.meta.url)
  try {
    return resolve('vite/package.json') !== ''
  } catch {
    return false
  }
}

/** Small and few, so they are zipped once and kept. */
function readAssets(): Map<string, Asset> {
  const folder = join(builtFolder, 'assets')
  return new Map(
    readdirSync(folder).map((name) => {
      const bytes = readFileSync(join(folder, name))
      return [name, { type: types[extname(name)] ?? 'application/octet-stream', bytes, gzipped: gzipSync(bytes, { level: 9 }) }]
    }),
  )
}
