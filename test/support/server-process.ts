import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const root = join(import.meta.dirname, '../..')
const startWithinMs = 20_000

export type ServerProcess = { readonly pid: number; readonly output: () => string; kill(signal?: NodeJS.Signals): Promise<number | null> }

/** Starts the server as a process of its own, with this environment and nothing else, and waits until it answers. */
export async function startServerProcess(
  environment: Record<string, string>,
  { cwd = root, answersAt }: { cwd?: string; answersAt: string },
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [join(root, 'server/main.ts')], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  await answering(child, answersAt, () => output)
  return { pid: child.pid ?? 0, output: () => output, kill: (signal = 'SIGKILL') => ended(child, signal) }
}

/** Runs it to its end: what it printed and its exit code. */
export async function runServerProcess(environment: Record<string, string>, cwd = root): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'server/main.ts')], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, output })))
}

async function answering(child: ChildProcess, address: string, output: () => string): Promise<void> {
  for (const end = Date.now() + startWithinMs; ; ) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${output()}`)
    const isThere = await fetch(address).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isThere) return
    if (Date.now() > end) throw new Error(`the server does not answer: ${output()}`)
    await pause(30)
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  child.kill(signal)
  return gone
}
