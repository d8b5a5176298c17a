import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { invariants } from './invariants.ts'
import { former, mutants } from './mutants/mutants.ts'
import { makePlan, type Plan } from './plan.ts'
import { makePool, type Pool } from './pool.ts'
import { hashOf } from './random.ts'
import { shrink } from './shrink.ts'
import type { Done } from './worker.ts'

const folder = join(import.meta.dirname, 'regressions')
const share = { seeds: 200, ms: 60_000, maxMs: 180_000 }
const mutantSeeds = 300
const savedTurns = 40
const traceLines = 60

/** What a run of some length has to have met, or it proves nothing. */
const mustMeet = [
  'commit-unknown-landed',
  'commit-unknown-undone',
  'transaction-retried',
  'duplicate-payment',
  'late-payment',
  'close-but-paid',
  'lease-takeover',
  'sleeper-refused',
  'refund-before-answer',
  'early-notification',
  'rotate',
  'idempotent-replay',
  'notification-mismatch',
  'notification-bad_signature',
  'crash',
  'pause',
  'commits-lost',
  'phone-phoneOdd',
  'phone-elsewhere',
  'unmatched-refund',
  'unmatched-assign',
  'unmatched-note',
  'unmatched-contested',
] as const

const { values: asked } = parseArgs({
  options: {
    ci: { type: 'boolean' },
    mutants: { type: 'boolean' },
    mutant: { type: 'string' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    minutes: { type: 'string' },
    trace: { type: 'boolean' },
    until: { type: 'string' },
  },
})

process.exit((await main()) ? 0 : 1)

async function main(): Promise<boolean> {
  if (asked.mutants) return catchMutants()
  if (asked.plan !== undefined) return one(JSON.parse(readFileSync(asked.plan, 'utf8')))
  if (asked.seed !== undefined) return one(makePlan(Number(asked.seed)))
  const pool = makePool({ mutant: asked.mutant })
  try {
    return (await regressions(pool)) && (await seeds(pool))
  } finally {
    pool.end()
  }
}

/** Every plan that once failed, first. */
async function regressions(pool: Pool): Promise<boolean> {
  const plans = savedPlans()
  for (const { name, plan } of plans) {
    const done = await pool.run({ plan })
    if (isGood(done)) continue
    await report(pool, done, name)
    return false
  }
  print(`  regressions ${plans.length} passed`)
  return true
}

function savedPlans(): Array<{ name: string; plan: Plan }> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.map((name) => ({ name, plan: JSON.parse(readFileSync(join(folder, name), 'utf8')) as Plan }))
}

async function seeds(pool: Pool): Promise<boolean> {
  const base = asked.ci ? 1 : Number(asked.from ?? Math.floor(Date.now() / 1000) % 1_000_000_000)
  const limit = asked.seeds === undefined ? undefined : Number(asked.seeds)
  const ms = asked.ci ? share.ms : Number(asked.minutes ?? 5) * 60_000
  print(`simulation: base ${base}, ${pool.size} cores, ${limit === undefined ? `${ms / 1000} s` : `${limit} seeds`}`)
  const begun = performance.now()
  const sum = makeSum()
  let next = base
  let bad: Done | undefined
  const isOver = () => {
    const elapsed = performance.now() - begun
    if (bad || (asked.ci && elapsed > share.maxMs)) return true
    if (limit !== undefined) return next >= base + limit
    return elapsed > ms && (!asked.ci || next > share.seeds)
  }
  const worker = async () => {
    while (!isOver()) {
      const done = await pool.run({ seed: next++ })
      if (isGood(done)) sum.add(done)
      else bad ??= done
    }
  }
  await Promise.all(Array.from({ length: pool.size }, worker))
  sum.print(base)
  if (bad) {
    await report(pool, bad, `seed ${bad.seed}`)
    return false
  }
  return isProof(sum)
}

/** Fewer seeds than asked for, or a kind of trouble that never came, is a fault of the simulation. */
function isProof(sum: ReturnType<typeof makeSum>): boolean {
  if (asked.ci && sum.count() < share.seeds) {
    print(`only ${sum.count()} seeds within ${share.maxMs / 1000} s`)
    return false
  }
  const missing = sum.count() < share.seeds ? [] : mustMeet.filter((what) => !sum.met.has(what))
  if (missing.length > 0) print(`never met: ${missing.join(', ')}: the plans are too tame`)
  return missing.length === 0
}

function makeSum() {
  const met = new Map<string, number>()
  const all = { seeds: 0, orders: 0, paid: 0, steps: 0, days: 0, faults: 0 }
  return { add, met, count: () => all.seeds, print: show }

  function add(done: Done): void {
    all.seeds++
    all.orders += done.orders
    all.paid += done.paid
    all.steps += done.steps
    all.days += done.days
    all.faults += done.fired.length
    for (const [what, times] of Object.entries(done.met)) met.set(what, (met.get(what) ?? 0) + times)
  }

  function show(base: number): void {
    print(
      `  ${all.seeds} seeds from ${base} passed: ${all.orders} orders, ${all.paid} paid, ${all.faults} faults, ${Math.round(all.days)} virtual days, ${all.steps} steps`,
    )
    const listed = [...met].sort(([one], [other]) => (one < other ? -1 : 1)).map(([what, times]) => `${what} ${times}`)
    print(`  met: ${listed.join(', ')}`)
  }
}

async function one(plan: Plan): Promise<boolean> {
  const pool = makePool({ mutant: asked.mutant, size: 1 })
  const done = await pool.run({ plan, isTraced: true, until: asked.until === undefined ? undefined : Number(asked.until) })
  if (asked.trace) for (const line of done.trace) print(line)
  if (!isGood(done)) await report(pool, done, `seed ${plan.seed}`)
  else print(`seed ${plan.seed} passed: ${done.steps} steps, ${done.days.toFixed(1)} virtual days, hash ${done.hash.toString(16)}`)
  pool.end()
  return isGood(done)
}

function isGood({ violation, broken }: Done): boolean {
  return violation === undefined && broken === undefined
}

/** The rule in words, the shortest story, and the one command to see it again. */
async function report(pool: Pool, bad: Done, name: string): Promise<void> {
  if (bad.broken !== undefined) {
    print(`simulation: ${name} broke the simulation itself (plan of seed ${bad.seed})\n${bad.broken}`)
    return
  }
  const { violation } = bad
  if (!violation) return
  const { invariant, message, step } = violation
  print(`simulation: ${name} violates ${invariant} (${invariants[invariant]}) at step ${step}\n  ${message}\n`)
  const small = await shrink(pool, bad)
  const again = await pool.run({ plan: small.plan, isTraced: true })
  print(`  shrunk from ${sizeOf(bad.plan)} to ${sizeOf(small.plan)} (${small.runs} runs, ${Math.round(small.ms / 1000)} s)\n`)
  print(`  ${again.violation?.message ?? message}\n`)
  for (const line of storyOf(again.trace)) print(`  ${line}`)
  mkdirSync(folder, { recursive: true })
  const text = `${JSON.stringify(small.plan, undefined, 2)}\n`
  const file = join(folder, `${invariant}-${hashOf(text).toString(16).padStart(8, '0')}.json`)
  if (!asked.mutants) writeFileSync(file, text)
  print(`\n  replay  npm run simulate -- --plan ${file} --trace`)
}

function sizeOf({ orders, actions, chaos, crashPoints, settings, faults }: Plan): string {
  const some = 'only' in faults ? `${faults.only.length} faults` : 'faults by chance'
  return `${orders.length} orders, ${actions.length} actions, ${some}, ${chaos.length + crashPoints.length} disasters, ${settings.instances} instances`
}

/** Who did what; the waiting in between is left out. */
function storyOf(trace: readonly string[]): readonly string[] {
  const told = trace.filter((line) =>
    / {2}(do\/|merchant|payer|phone |kill|pause |stop |jump |partition |rotate )|sends |commit$|notify$/.test(line),
  )
  return told.slice(-traceLines)
}

/** Each guard switched off by itself has to be noticed, by the rule it guards. */
async function catchMutants(): Promise<boolean> {
  let missed = 0
  for (const { name, plan, invariant } of formerPlans()) {
    const turn = await caughtAt({ name, plan, invariant })
    if (turn !== undefined) print(`  caught  ${name} by its saved plan, turn ${turn}: ${invariant}`)
    else if (!(await isCaught({ name, caughtBy: [invariant] }))) missed++
  }
  for (const mutant of mutants.filter((one) => asked.mutant === undefined || one.name === asked.mutant))
    if (!(await isCaught(mutant))) missed++
  print(missed === 0 ? `  all ${mutants.length} mutants caught` : `  ${missed} missed`)
  return missed === 0
}

/**
 * A plan follows the steps of the code it was saved on. Where that has moved on, the same people do the same with other luck, for some
 * turns; after that, the seeds look for the fault again.
 */
async function caughtAt({ name, plan, invariant }: ReturnType<typeof formerPlans>[number]): Promise<number | undefined> {
  const pool = makePool({ mutant: name, size: 1 })
  try {
    for (let turn = 1; turn <= savedTurns; turn++) {
      const done = await pool.run({ plan: { ...plan, seed: plan.seed + turn - 1 } })
      if (done.violation?.invariant === invariant) return turn
    }
    return undefined
  } finally {
    pool.end()
  }
}

async function isCaught({ name, caughtBy }: Pick<(typeof mutants)[number], 'name' | 'caughtBy'>): Promise<boolean> {
  const pool = makePool({ mutant: name })
  let next = 1
  let found: Done | undefined
  const others = new Map<string, number>()
  const worker = async () => {
    while (next <= mutantSeeds && !found) {
      const done = await pool.run({ plan: makePlan(next++) })
      const by = done.violation?.invariant ?? (done.broken === undefined ? undefined : `broken: ${done.broken.slice(0, 200)}`)
      if (by === undefined) continue
      if (caughtBy.includes(by)) found ??= done
      else others.set(by, (others.get(by) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: pool.size }, worker))
  pool.end()
  const also = [...others].map(([by, times]) => `${by} ${times}×`).join(', ')
  print(
    found
      ? `  caught  ${name} by ${found.violation?.invariant} at seed ${found.seed}${also === '' ? '' : ` (before that ${also})`}`
      : `  MISSED  ${name} within ${mutantSeeds} seeds${also === '' ? '' : `; broke only ${also}`}`,
  )
  return found !== undefined
}

/** A saved plan names the fault it was found by, where that can be put back. */
function formerPlans(): Array<{ name: string; plan: Plan; invariant: string }> {
  return savedPlans().flatMap(({ name, plan }) => {
    const fault = former.find((one) => name.includes(one.name))
    return fault ? [{ name: fault.name, plan, invariant: name.split('-')[0] ?? '' }] : []
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
