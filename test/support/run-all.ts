import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from '../rules/check.ts'
import { root } from '../rules/checks.ts'
import { ensureChromium } from './chromium.ts'
import { ensureMariaDb } from './mariadb.ts'

const limitMs = 30 * 60 * 1000

type Report = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numRuntimeErrorTestSuites: number
}

/** `npm test`: what the tests need, the checks, every test, and a closing line of counts. Arguments go on to jest. */
async function main(jestArguments: readonly string[]): Promise<void> {
  if (!process.env.MYSQL_URL) await ensureMariaDb()
  await ensureChromium()
  const checked = jestArguments.length === 0 ? runChecks() : { passed: 0, failed: 0 }
  const report = await runJest(jestArguments)
  const broken = report ? report.numRuntimeErrorTestSuites : 1
  const passed = checked.passed + (report?.numPassedTests ?? 0)
  const failed = checked.failed + (report?.numFailedTests ?? 0) + broken
  const isNothing = passed + failed === 0
  process.stdout.write(`\n${passed} passed, ${isNothing ? 1 : failed} failed\n`)
  process.exitCode = failed > 0 || isNothing ? 1 : 0
}

async function runJest(given: readonly string[]): Promise<Report | undefined> {
  const file = join(tmpdir(), `shouyin-tests-${process.pid}.json`)
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    '--forceExit',
    '--json',
    `--outputFile=${file}`,
    ...given,
  ]
  const jest = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const limit = setTimeout(() => jest.kill('SIGKILL'), limitMs)
  await new Promise((resolve) => jest.once('exit', resolve))
  clearTimeout(limit)
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  } finally {
    await rm(file, { force: true })
  }
}

await main(process.argv.slice(2))
