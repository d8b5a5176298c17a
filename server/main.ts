import { type App, makeApp } from './app.ts'
import type { AccountSource } from './channels/channel.ts'
import { channelRegistry, isChannelDefinition } from './channels/registry.ts'
import { type Config, ConfigError, readConfig } from './config/config.ts'
import { readPayFolders } from './config/pays-folder.ts'
import { listen } from './http/listen.ts'
import { loadPages } from './lib/built-pages.ts'
import { makeNodeRuntime, movedBy, type NodeRuntime } from './lib/node-runtime.ts'
import { makeLog } from './lib/pino-log.ts'
import { makeMetrics } from './lib/prom-metrics.ts'
import { listenProblem, type StartProblem, storeProblem } from './lib/start-problem.ts'

/** EX_CONFIG of sysexits.h: the configuration is wrong. */
const configExitCode = 78
const drainMs = 10_000

/** What main needs of the demo; its types must not tie a configured server to it either. */
type Demo = {
  seed(app: Pick<App, 'products' | 'orders' | 'cashierUrl'>): Promise<void>
  welcome(): string
  /** By how much the channel's clock was moved, ms. */
  clockOffset(): number
  close(): Promise<void>
}

await main(process.env)

async function main(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const folders = await readPayFolders(environment, isChannelDefinition)
  const config = read(environment, folders)
  const runtime = makeNodeRuntime()
  // Nothing of the demo or its emulator is even loaded in a configured server.
  const demo = config.demo ? await startDemo(config, runtime) : undefined
  const withDemo = demo ? completed(environment, demo.environment) : undefined
  const configured = withDemo ? read(withDemo, await readPayFolders(withDemo, isChannelDefinition)) : config
  // In the demo both sides live in one time: whoever moves the channel's clock sees orders expire, and not a server whose clock is wrong.
  await serve(configured, demo ? movedBy(runtime, demo.clockOffset) : runtime, demo)
}

async function startDemo(config: Config<AccountSource>, { randomBytes }: NodeRuntime) {
  const { startDemo: start } = await import('./demo/demo.ts')
  return start({ ...config, randomBytes }).catch((error: unknown) => cannotListen(error, 'EMULATOR_PORT'))
}

async function serve(config: Config<AccountSource>, runtime: NodeRuntime, demo: Demo | undefined): Promise<void> {
  const log = makeLog({ level: config.logLevel, secrets: config.secrets })
  const built = await loadPages()
  if ('problem' in built) log.warn({ event: 'pages', problem: built.problem })
  const pages = 'problem' in built ? undefined : built
  const app = await makeApp({ config, sources: config.accounts, runtime, log, metrics: makeMetrics(), pages }).catch(cannotOpen)
  await demo?.seed(app)
  const server = await listen(app.callback(), config).catch((error: unknown) => cannotListen(error, 'PORT'))
  // From the first moment it answers, it can also be told to end.
  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop())
  const started = app.start().catch((error: unknown) => {
    // Told to end before it had begun: what could not be begun is no failure any more.
    if (!isStopping) throw error
  })
  await started
  if (isStopping) return
  for (const warning of config.warnings) log.warn({ event: 'config', warning })
  log.info({ event: 'listening', origin: server.origin, demo: demo !== undefined })
  if (demo) process.stdout.write(demo.welcome())

  /** Accepts nothing new, finishes what is in flight, and ends; what does not finish in time is left to the tasks of the next start. */
  async function stop(): Promise<void> {
    if (isStopping) return
    isStopping = true
    log.info({ event: 'stopping' })
    const limit = runtime.deadline(drainMs)
    limit.signal.addEventListener('abort', () => process.exit(0))
    await server.close()
    await started
    await app.drain()
    await demo?.close()
    await runtime.end()
    process.exit(0)
  }
}

function read(
  environment: Readonly<Record<string, string | undefined>>,
  folders: Parameters<typeof readConfig<AccountSource>>[2],
): Config<AccountSource> {
  try {
    return readConfig(environment, channelRegistry, folders)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return process.exit(configExitCode)
  }
}

/** A store that cannot be written is a matter of configuration; a server that is away for a moment is not. */
function cannotOpen(error: unknown): never {
  return cannotStart(error, storeProblem(error))
}

function cannotListen(error: unknown, setting: string): never {
  return cannotStart(error, listenProblem(error, setting))
}

/** What goes wrong first on a new machine, in one line; all else is a mistake of ours, with its stack. */
function cannotStart(error: unknown, problem: StartProblem | undefined): never {
  if (!problem) throw error
  process.stderr.write(`${problem.text}\n`)
  return process.exit(problem.passes ? 1 : configExitCode)
}

/** What was given, and from the demo what was not. */
function completed(
  given: Readonly<Record<string, string | undefined>>,
  made: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const isGiven = (name: string) => (given[name] ?? '') !== '' || (given[`${name}_FILE`] ?? '') !== ''
  return { ...given, ...Object.fromEntries(Object.entries(made).filter(([name]) => !isGiven(name))) }
}
