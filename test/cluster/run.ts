import { setTimeout as pause } from 'node:timers/promises'
import { startEmulator } from '../../server/emulator/listen.ts'
import { freePort } from '../support/mariadb.ts'
import { startServerProcess } from '../support/server-process.ts'
import { compareNodes, type Verdict, verify } from './books.ts'
import { ensureGalera, startCluster } from './galera.ts'
import { makeLoad } from './load.ts'

const payments = Number(process.env.CLUSTER_PAYMENTS ?? 5000)
const downMs = 6000

process.exit((await main()) ? 0 : 1)

/** 5,000 payments by two servers on three nodes, while one node is killed and comes back, then another. */
async function main(): Promise<boolean> {
  await ensureGalera()
  const begun = performance.now()
  const cluster = await startCluster()
  print(`three nodes after ${seconds(performance.now() - begun)}`)
  const emulator = await startEmulator({ port: 0 })
  try {
    const servers = [await startServer(0), await startServer(1)]
    const load = makeLoad({ origins: servers.map((server) => server.origin), emulator: emulator.emulator, payments })
    const working = load.run()
    const kills = [await killAndReturn(0, 0.2), await killAndReturn(1, 0.6)]
    await working
    const took = load.took()
    print(`load done after ${seconds(took)}; waiting for what is still to settle`)
    const verdict = await verify({ emulator: emulator.emulator, acknowledged: load.acknowledged(), url: cluster.url(2) })
    const isEqual = await compareNodes(cluster.nodes.map((node) => `mysql://app:app@127.0.0.1:${node.port}/app`))
    table({ load, verdict, kills, isEqual, took })
    for (const server of servers) await server.process.kill('SIGTERM')
    return verdict.lost === 0 && verdict.doubled === 0 && verdict.open === 0 && isEqual

    async function killAndReturn(nth: number, share: number): Promise<Kill> {
      while (load.done() < payments * share) await pause(50)
      const node = cluster.nodes[nth]
      if (!node) throw new Error(`there is no node ${nth}`)
      const at = performance.now()
      print(`${node.name} killed with -9 at ${load.done()} payments`)
      node.kill()
      await pause(downMs)
      const joined = await node.start()
      print(`${node.name} takes part again, ${seconds(joined)} after it was started`)
      await pause(3000)
      return { name: node.name, at, joined, gap: load.longestGap(at, at + downMs + joined + 3000) }
    }
  } finally {
    await emulator.close()
    await cluster.stop()
  }

  async function startServer(first: number) {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const environment = {
      ...emulator.emulator.environment(),
      PORT: String(port),
      HOST: '127.0.0.1',
      PUBLIC_URL: origin,
      DATABASE_URL: cluster.url(first),
      SESSION_SECRET: 'a secret for tests that is long enough',
      MASTER_KEY: 'a master key for tests that is long enough',
      BOOTSTRAP_API_KEY: 'sk_test_cluster_0001',
      LOG_LEVEL: 'silent',
    }
    return { origin, process: await startServerProcess(environment, { answersAt: `${origin}/readyz` }) }
  }
}

type Kill = { readonly name: string; readonly at: number; readonly joined: number; readonly gap: number }

function table({
  load,
  verdict,
  kills,
  isEqual,
  took,
}: {
  load: ReturnType<typeof makeLoad>
  verdict: Verdict
  kills: readonly Kill[]
  isEqual: boolean
  took: number
}): void {
  const rows: Array<[string, string]> = [
    ['payments', `${load.done()} in ${seconds(took)}`],
    ['answers 2xx, and retries by clients', `${load.answers()}, ${load.retries()}`],
    ['acknowledged orders not found afterwards', String(verdict.lost)],
    ['payments at the channel neither kept nor given back', String(verdict.open)],
    ['payments kept twice, events told twice', String(verdict.doubled)],
    ...kills.map(({ name, joined, gap }): [string, string] => [
      `longest gap in answers when ${name} was killed`,
      `${seconds(gap)}; it took part again ${seconds(joined)} after its start`,
    ]),
    ['rows of the three nodes', isEqual ? 'equal' : 'DIFFERENT'],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  print(`\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
