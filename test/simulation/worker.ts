import { makePlan, type Plan } from './plan.ts'
import { type Outcome, runPlan } from './world.ts'

export type Job = { readonly seed?: number; readonly plan?: Plan; readonly isTraced?: boolean; readonly until?: number | undefined }
export type Done = Omit<Outcome, 'trace'> & { readonly plan: Plan; readonly trace: readonly string[]; readonly broken?: string }

/** Every so many seeds a run is made twice: the same plan has to give the same run. */
const twiceEvery = 20

process.on('message', (job: Job) => void work(job))

async function work({ seed, plan = makePlan(seed ?? 0), isTraced = false, until }: Job): Promise<void> {
  try {
    const outcome = await runPlan(plan, { isTraced, until })
    if (seed !== undefined && seed % twiceEvery === 0 && !outcome.violation) await assertSame(plan, outcome.hash)
    tell({ ...outcome, plan })
  } catch (error) {
    tell({ ...nothing, seed: plan.seed, plan, broken: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

const nothing = { violation: undefined, hash: 0, steps: 0, days: 0, orders: 0, paid: 0, fired: [], met: {}, trace: [] } as const

function tell(done: Done): void {
  process.send?.(done)
}

/** @throws Error that names the first line in which two runs of one plan differ. */
async function assertSame(plan: Plan, hash: number): Promise<void> {
  const again = await runPlan(plan)
  if (again.hash === hash) return
  const [one, other] = [await runPlan(plan, { isTraced: true }), await runPlan(plan, { isTraced: true })]
  const at = one.trace.findIndex((line, nth) => line !== other.trace[nth])
  throw new Error(`seed ${plan.seed} ran in two ways: line ${at} is "${one.trace[at]}" and "${other.trace[at]}"`)
}
