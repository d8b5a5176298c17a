import { makePlan } from './plan.ts'
import { runPlan } from './world.ts'

const [from = 1, count = 1] = process.argv.slice(2).map(Number)
const t0 = performance.now()
for (let seed = from; seed < from + count; seed++) {
  const t = performance.now()
  const plan = makePlan(seed)
  try {
    const outcome = await runPlan(plan, { isTraced: count === 1 })
    if (count === 1) {
      for (const line of outcome.trace.slice(-Number(process.env.LINES ?? 60))) console.log(line)
      console.log(outcome.met)
      if (process.env.SQL) console.log(outcome.rows(process.env.SQL))
    }
    if (outcome.violation || count < 30)
      console.log(
        seed,
        outcome.violation ?? 'ok',
        outcome.steps,
        'steps',
        outcome.days.toFixed(1),
        'days',
        outcome.orders,
        'orders',
        outcome.paid,
        'paid',
        Math.round(performance.now() - t),
        'ms',
        outcome.hash,
      )
  } catch (e) {
    console.log(seed, 'BROKEN', String((e as Error).stack).slice(0, 600))
  }
}
console.log(Math.round(performance.now() - t0), 'ms')
