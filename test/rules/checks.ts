import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export type Check = { readonly name: string; readonly run: (folder: string) => Outcome }
export type Outcome = { readonly isGood: boolean; readonly output: string }

/** Where our own code is; linters are always given folders by name. */
const folders = ['server', 'shared', 'test']

export const checks: readonly Check[] = [
  { name: 'types', run: (folder) => tool(folder, 'typescript/bin/tsc', ['-p', '.']) },
  { name: 'types of the mini-program', run: (folder) => tool(folder, 'typescript/bin/tsc', ['-p', 'miniprogram']) },
  { name: 'format and lint', run: (folder) => tool(folder, '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']) },
  { name: 'promises and types', run: (folder) => tool(folder, 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', ...folders]) },
  { name: 'imports', run: imports },
  { name: 'dead code', run: (folder) => tool(folder, 'knip/bin/knip.js', []) },
]

/** Rules about who imports whom. A cruiser that read fewer files than there are has checked nothing, so that fails, too. */
export function imports(folder: string): Outcome {
  const result = tool(folder, 'dependency-cruiser/bin/dependency-cruiser.mjs', [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'server',
    'shared',
    'test',
  ])
  const read = readReport(result.output)
  if (!read) return result
  const files = globSync('{server,shared,test}/**/*.ts', { cwd: folder }).filter((file) => !file.endsWith('.d.ts')).length
  const problems = read.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
  if (read.modules < files) problems.push(`only ${read.modules} modules were read, there are ${files} files`)
  return { isGood: problems.length === 0, output: problems.join('\n') }
}

type Violation = { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }

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

function tool(folder: string, path: string, args: string[]): Outcome {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  return { isGood: result.status === 0, output: `${result.stdout}${result.stderr}` }
}
