import { makeNodeRuntime } from '../lib/node-runtime.ts'
import { runCommand } from './run.ts'

const runtime = makeNodeRuntime()
const told = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
})
process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  runtime,
  say: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  untilTold: () => told,
})
await runtime.end()
// A pool that a command could not close must not keep it from ending.
process.exit()
