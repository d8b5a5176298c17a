import { writeFileSync } from 'node:fs'

export type Counts = { passed: number; failed: number; skipped: number }

type Test = { readonly context: { readonly config: { readonly displayName?: { readonly name: string } } } }
type Result = {
  readonly numPassingTests: number
  readonly numFailingTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testExecError?: unknown
}

/** The variable that names the file into which the counts go. */
export const countsFileVariable = 'SHOUYIN_TEST_COUNTS'

/**
 * A reporter for jest that counts by project, which jest's own report does not tell apart. It writes after each file, so that a run
 * which is cut off leaves what it had. A file that cannot be run counts as one failure.
 */
export default function countsReporter() {
  const projects: Record<string, Counts> = {}
  return {
    onTestResult({ context }: Test, result: Result): void {
      const name = context.config.displayName?.name ?? 'tests'
      const counts = projects[name] ?? { passed: 0, failed: 0, skipped: 0 }
      counts.passed += result.numPassingTests
      counts.failed += result.numFailingTests + (result.testExecError !== undefined && result.numFailingTests === 0 ? 1 : 0)
      counts.skipped += result.numPendingTests + result.numTodoTests
      projects[name] = counts
      const file = process.env[countsFileVariable]
      if (file) writeFileSync(file, JSON.stringify(projects))
    },
  }
}
