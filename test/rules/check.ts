import { checks, root } from './checks.ts'

/** `npm run check`: a line for each check, everything that was found, and 1 when there was anything. */
export function runChecks(): { passed: number; failed: number } {
  let failed = 0
  for (const { name, run } of checks) {
    const startedAt = Date.now()
    const { isGood, output } = run(root)
    process.stdout.write(`${isGood ? 'ok  ' : 'BAD '} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
    if (isGood) continue
    failed++
    process.stdout.write(`${output}\n`)
  }
  return { passed: checks.length - failed, failed }
}

if (import.meta.main) process.exitCode = runChecks().failed > 0 ? 1 : 0
