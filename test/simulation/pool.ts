import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Done, Job } from './worker.ts'

export type Pool = ReturnType<typeof makePool>

/** Processes that run plans, one for each core; with a mutant, on a server in which one guard is off. */
export function makePool({ mutant, size = availableParallelism() }: { mutant?: string | undefined; size?: number } = {}) {
  const idle: ChildProcess[] = Array.from({ length: size }, start)
  const waiting: Array<{ job: Job; resolve: (done: Done) => void }> = []
  const all = [...idle]
  return { run, size, end: () => all.forEach((one) => void one.kill()) }

  function start(): ChildProcess {
    const hook = mutant === undefined ? [] : ['--import', join(import.meta.dirname, 'mutants', 'hook.ts')]
    return fork(join(import.meta.dirname, 'worker.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning', ...hook],
      env: { ...process.env, ...(mutant === undefined ? {} : { MUTANT: mutant }) },
    })
  }

  function run(job: Job): Promise<Done> {
    return new Promise((resolve) => {
      waiting.push({ job, resolve })
      pump()
    })
  }

  function pump(): void {
    const [worker] = idle
    const [next] = waiting
    if (!worker || !next) return
    idle.shift()
    waiting.shift()
    const finish = (done: Done) => {
      worker.off('exit', died)
      worker.off('message', finish)
      idle.push(worker)
      next.resolve(done)
      pump()
    }
    const died = (code: number | null) => {
      throw new Error(`a simulation process ended with ${code} on ${JSON.stringify(next.job).slice(0, 200)}`)
    }
    worker.once('exit', died)
    worker.on('message', finish as never)
    worker.send(next.job)
  }
}
