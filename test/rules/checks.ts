import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { houseProblems, mergeProblems, sourceFiles } from './house-rules.ts'

export const root = join(import.meta.dirname, '../..')

export type Check = { readonly name: string; readonly run: (folder: string) => Outcome }
export type Outcome = { readonly isGood: boolean; readonly output: string }
type Violation = { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }

/** Where our own code is; tools are always given folders by name, else they read what is installed, too. */
const folders = ['server', 'shared', 'test']
const outputMaxBytes = 256 * 1024 * 1024
/** The slowest takes five seconds on two cores. */
const toolTimeoutMs = 120_000

/** Everything that `npm run check` looks at, each in a folder that holds the project. */
export const checks: readonly Check[] = [
  { name: 'types', run: (folder) => tool(folder, 'typescript/bin/tsc', ['-p', '.']) },
  { name: 'types of the mini-program', run: miniprogramTypes },
  { name: 'types of the pages', run: pageTypes },
  { name: 'format and lint', run: (folder) => tool(folder, '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']) },
  { name: 'promises and types', run: (folder) => tool(folder, 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', ...folders]) },
  { name: 'imports', run: imports },
  { name: 'dead code', run: (folder) => tool(folder, 'knip/bin/knip.js', []) },
  { name: 'house', run: house },
]

function miniprogramTypes(folder: string): Outcome {
  if (!existsSync(join(folder, 'miniprogram/tsconfig.json'))) return { isGood: true, output: '' }
  return tool(folder, 'typescript/bin/tsc', ['-p', 'miniprogram'])
}

/** What runs in browsers knows a page and no process, so it has a configuration of its own. */
function pageTypes(folder: string): Outcome {
  if (!existsSync(join(folder, 'server/pages/tsconfig.json'))) return { isGood: true, output: '' }
  return tool(folder, 'typescript/bin/tsc', ['-p', 'server/pages'])
}

/** Rules about who imports whom. A cruiser that read fewer files than there are has checked nothing, so that fails, too. */
function imports(folder: string): Outcome {
  const config = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  const result = tool(folder, 'dependency-cruiser/bin/dependency-cruiser.mjs', [...config, ...folders])
  const read = readReport(result.output)
  if (!read) return { isGood: false, output: result.output }
  const files = globSync('{server,shared,test}/**/*.ts', { cwd: folder }).filter((file) => !file.endsWith('.d.ts')).length
  const problems = read.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
  if (read.modules < files) problems.push(`only ${read.modules} modules were read, there are ${files} files`)
  return { isGood: problems.length === 0, output: problems.join('\n') }
}

function readReport(output: string): { violations: Violation[]; modules: number } | undefined {
  try {
    const { summary, modules } = JSON.parse(output)
    return {
      violations: summary.violations,
      modules: modules.filter(({ source }: { source: string }) => /^(server|shared|test)\/.*\.ts$/.test(source)).length,
    }
  } catch {
    return undefined
  }
}

function house(folder: string): Outcome {
  const files = sourceFiles(folder)
  const problems = files.length === 0 ? ['no file was read'] : [...houseProblems(files), ...mergeProblems(folder)]
  return { isGood: problems.length === 0, output: problems.join('\n') }
}

function tool(folder: string, path: string, args: string[]): Outcome {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: outputMaxBytes,
    timeout: toolTimeoutMs,
  })
  return { isGood: result.status === 0, output: `${result.stdout}${result.stderr}${result.error ? `\n${result.error.message}` : ''}` }
}
