import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '../../../server/emulator/listen.ts'
import { makeEmulatorRuntime } from '../../../server/emulator/runtime.ts'
import { asInstant } from '../../../shared/kernel/time.ts'
import type { Data } from '../../support/client.ts'
import { openTestDatabase } from '../../support/databases.ts'
import { freePort } from '../../support/mariadb.ts'
import { type Ask, clockVariable, type Told } from './crashing-asks.ts'

/** Noon in China: no bill becomes ready for the rest of the day. */
const beginning = Date.UTC(2026, 0, 2, 4)
const yearMs = 365 * 24 * 60 * 60 * 1000
const key = 'sk_test_crashing'
const maxTries = 60
const deathWithinMs = 1000
const lookEveryMs = 10
const looksMax = 200
const stepsMax = 20
const rungMs = 31_000
const leaseOverMs = 21_000
const compileCache = '/tmp/shouyin-crashing-cache'

export type Lane = Awaited<ReturnType<typeof startLane>>

/** A server that dies where it is told and is started again, with a store and an emulator of its own, under one virtual clock. */
export async function startLane() {
  const clock = { base: beginning - Date.now(), moved: 0 }
  const emulator = await startEmulator({ port: 0, runtime: { ...makeEmulatorRuntime(), now: () => Date.now() + clock.base } })
  const store = await openTestDatabase()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const secret = 'a secret for tests that is long enough'
  const environment = {
    ...emulator.emulator.environment(),
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: origin,
    DATABASE_URL: store.url,
    SESSION_SECRET: secret,
    MASTER_KEY: secret,
    BOOTSTRAP_API_KEY: key,
    LOG_LEVEL: 'error',
    NODE_COMPILE_CACHE: compileCache,
  }
  let child: { process: ChildProcess; gone: Promise<undefined> } | undefined
  const dead = new Set<string>()
  let deaths = 0
  let output = ''
  return { db: store.db, emulator: emulator.emulator, deaths: () => deaths, output: () => output, arm, advance, insist, forget, close }

  /** The process, started anew when it is dead. */
  async function up(): Promise<NonNullable<typeof child>> {
    if (child && isAlive(child.process)) return child
    for (const row of await store.db.query
      .selectFrom('tasks')
      .select('lease_owner')
      .execute()
      .catch(() => []))
      dead.add(row.lease_owner)
    const process = fork(fileURLToPath(new URL('./crashing-server.ts', import.meta.url)), {
      env: { PATH: globalThis.process.env.PATH, ...environment, [clockVariable]: String(clock.base + clock.moved) },
      silent: true,
    })
    for (const stream of [process.stdout, process.stderr]) stream?.on('data', (chunk) => (output += chunk))
    const gone = new Promise<undefined>((resolve) => process.once('exit', () => resolve(undefined)))
    child = { process, gone }
    const isReady = await Promise.race([once(process, 'message'), gone])
    if (!isReady) throw new Error(`the server did not start: ${output}`)
    void gone.then(() => deaths++)
    return child
  }

  /** @returns undefined when it died over it. */
  async function ask(what: Ask): Promise<Told | undefined> {
    const { process, gone } = await up()
    const told = new Promise<Told>((resolve) => process.once('message', (one) => resolve(one as Told)))
    process.send(what, () => {})
    return Promise.race([told, gone])
  }

  /** Counts from here on; once the tasks of the start are over, so that each time the same is counted. */
  async function arm(at?: string): Promise<Told | undefined> {
    await up()
    await quiet()
    for (let steps = 0; steps < stepsMax && isTelling(); steps++) await advance(rungMs)
    await putOffHousekeeping()
    return ask({ do: 'arm', at })
  }

  /** What was sent to a dead server is sent to the next one again. */
  function isTelling(): boolean {
    return [...emulator.emulator.state().notification.values()].some((one) => one.state === 'waiting')
  }

  /** Kills it where it stands, so that the next one knows nothing. */
  async function forget(): Promise<void> {
    child?.process.kill('SIGKILL')
    await child?.gone
  }

  /** Keys, bills and sweeping come by the clock, not by the order: they would be counted now and then. */
  async function putOffHousekeeping(): Promise<void> {
    await store.db.query
      .updateTable('tasks')
      .set({ run_at: asInstant(beginning + yearMs) })
      .where('kind', 'in', ['keys.refresh', 'bill.reconcile', 'store.sweep'])
      .execute()
  }

  /** Nothing is due, and the living process holds nothing. */
  async function hasNothingDue(): Promise<boolean> {
    const now = Date.now() + clock.base + clock.moved
    const rows = await store.db.query.selectFrom('tasks').select(['run_at', 'lease_until', 'lease_owner']).execute()
    return rows.every((row) => (row.lease_until > now && dead.has(row.lease_owner)) || (row.run_at > now && row.lease_until <= 0))
  }

  async function quiet(): Promise<void> {
    for (let looks = 0; looks < looksMax; looks++) {
      await up()
      if (await hasNothingDue()) return
      await pause(lookEveryMs)
    }
  }

  /** Moves both clocks, and waits for what became due by it. */
  async function advance(ms: number): Promise<Told | undefined> {
    await up()
    clock.moved += ms
    const told = await ask({ do: 'advance', ms })
    await emulator.emulator.advance(ms)
    await quiet()
    return told
  }

  /** A merchant's server that does not give up: the same request under the same key until it is answered. */
  async function insist(path: string, body: unknown, idempotencyKey: string): Promise<Data> {
    for (let tries = 0; tries < maxTries; tries++) {
      const { status, data, text } = await post(path, JSON.stringify(body), idempotencyKey)
      if (status >= 200 && status < 300) return data
      if (status === 0) continue
      if (status < 500 && status !== 409 && status !== 429) throw new Error(`${path}: ${text}`)
      await advance(leaseOverMs)
    }
    throw new Error(`${path} was never answered`)
  }

  /** Status 0 when the server died over it. */
  async function post(path: string, body: string, idempotencyKey: string) {
    await up()
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey }
    const answered = await fetch(`${origin}/api/v1${path}`, { method: 'POST', body, headers }).then(
      async (answer) => ({ status: answer.status, text: await answer.text() }),
      () => undefined,
    )
    if (answered) return { ...answered, data: (JSON.parse(answered.text) as Data).data }
    await Promise.race([child?.gone, pause(deathWithinMs)])
    return { status: 0, data: undefined, text: '' }
  }

  async function close(): Promise<void> {
    await forget()
    await emulator.close()
    await store.end()
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
