import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type InlineConfig } from 'vite'
import { builtFolder, builtFromFile, pagesFolder, sourcesHash } from './page-sources.ts'

/** What WeChat's browsers and phones of some years understand. */
const target = ['es2019', 'chrome80', 'safari13']

/**
 * Makes the pages: for the browser one script and one style sheet, for the server what writes the same page as text. They are made
 * aside and put in place whole, so that a server that starts meanwhile finds the old ones or the new ones.
 */
export async function buildPages(): Promise<void> {
  const aside = `${builtFolder}-${process.pid}`
  const root = join(pagesFolder, 'cashier')
  const common: InlineConfig = { root, configFile: false, logLevel: 'warn', publicDir: false, envDir: false }
  try {
    mkdirSync(aside, { recursive: true })
    await build({
      ...common,
      build: {
        outDir: join(aside, 'assets'),
        target,
        emptyOutDir: false,
        modulePreload: false,
        rolldownOptions: {
          input: join(root, 'entry-client.tsx'),
          output: { entryFileNames: 'cashier-[hash].js', assetFileNames: 'cashier-[hash][extname]' },
        },
      },
    })
    await build({
      ...common,
      ssr: { noExternal: true },
      build: {
        ssr: join(root, 'entry-server.tsx'),
        outDir: join(aside, 'server'),
        target: 'node24',
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: 'render.js' } },
      },
    })
    writeFileSync(join(aside, 'package.json'), '{ "type": "module" }\n')
    writeFileSync(join(aside, builtFromFile), sourcesHash() ?? '')
    rmSync(builtFolder, { recursive: true, force: true })
    renameSync(aside, builtFolder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
