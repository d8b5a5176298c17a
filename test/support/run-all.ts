import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from '../rules/check.ts'
import { root } from '../rules/checks.ts'
import { ensureChromium } from './chromium.ts'
import { type Counts, countsFileVariable } from './counts-reporter.ts'
import { ensureMariaDb } from './mariadb.ts'

/** What measures, or takes all cores by itself, runs first and alone; all else two at a time. */
const alone = ['simulation', 'alone']
const quiet = ['--selectProjects', ...alone, '--maxWorkers=1']
const others = ['--ignoreProjects', ...alone]
/** Everything takes a few minutes on two cores; what goes on for longer than this hangs. */
const limitMs = 45 * 60_000
const nothing: Counts = { passed: 0, failed: 0, skipped: 0 }

await main(process.argv.slice(2))

/**
 * `npm test`: what the tests need, the checks, every test, counts by project and a closing line of their sum. Arguments go on to jest;
 * who chooses tests so leaves out the checks.
 */
async function main(jestArguments: readonly string[]): Promise<void> {
  const missing = await install(jestArguments)
  const counts = missing === undefined ? await runEverything(jestArguments) : { needs: { ...nothing, failed: 1 } }
  const { passed, failed } = sum(Object.values(counts))
  if (missing !== undefined) process.stdout.write(`${missing}\n`)
  process.stdout.write(`\n${Object.entries(counts).map(line).join('')}\n${passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : 0
}

/** @returns one sentence about what is missing and cannot be installed here; undefined when all is there. */
async function install(jestArguments: readonly string[]): Promise<string | undefined> {
  try {
    if (isWanted('mysql', jestArguments) && !process.env.MYSQL_URL) await ensureMariaDb()
    if (isWanted('browser', jestArguments)) await ensureChromium()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Whether a project will run, as far as `--selectProjects` tells. */
function isWanted(project: string, jestArguments: readonly string[]): boolean {
  return !jestArguments.some((argument) => argument.startsWith('--selectProjects')) || jestArguments.some((one) => one.includes(project))
}

async function runEverything(jestArguments: readonly string[]): Promise<Record<string, Counts>> {
  const checks = jestArguments.length === 0 ? { checks: { ...nothing, ...runChecks() } } : {}
  const runs = jestArguments.length === 0 ? [quiet, others] : [jestArguments]
  const counts: Record<string, Counts> = { ...checks }
  for (const [nth, one] of runs.entries()) {
    const { projects, exitCode } = await runJest(one)
    const { passed, failed } = sum(Object.values(projects))
    Object.assign(counts, projects)
    // Nothing run is nothing shown, and jest fails for more than a test: a set-up, a limit, a bad argument.
    if (passed + failed === 0 || (exitCode !== 0 && failed === 0)) counts[`run ${nth + 1}`] = { ...nothing, failed: 1 }
  }
  return counts
}

async function runJest(given: readonly string[]): Promise<{ projects: Record<string, Counts>; exitCode: number | null }> {
  const file = join(tmpdir(), `shouyin-tests-${process.pid}.json`)
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const reporters = ['--reporters=default', `--reporters=${join(import.meta.dirname, 'counts-reporter.ts')}`]
  const jest = spawn(process.execPath, [...flags, join(root, 'node_modules/jest/bin/jest.js'), '--forceExit', ...reporters, ...given], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, [countsFileVariable]: file },
  })
  const limit = setTimeout(() => {
    process.stdout.write(`the tests did not end within ${limitMs / 60_000} minutes and are stopped\n`)
    jest.kill('SIGKILL')
  }, limitMs)
  const exitCode = await new Promise<number | null>((resolve) => jest.once('exit', (code) => resolve(code)))
  clearTimeout(limit)
  try {
    return { projects: JSON.parse(await readFile(file, 'utf8')), exitCode }
  } catch {
    return { projects: {}, exitCode }
  } finally {
    await rm(file, { force: true })
  }
}

function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (one, other) => ({
      passed: one.passed + other.passed,
      failed: one.failed + other.failed,
      skipped: one.skipped + other.skipped,
    }),
    nothing,
  )
}

function line([name, { passed, failed, skipped }]: [string, Counts]): string {
  return `${name.padEnd(14)}${passed} of ${passed + failed} passed${skipped > 0 ? `; ${skipped} skipped` : ''}\n`
}
