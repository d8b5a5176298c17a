import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { ensureMariaDb, freePort } from '../support/mariadb.ts'

const run = promisify(execFile)
const provider = '/usr/lib/galera/libgalera_smm.so'
const startWithinMs = 60_000
/** A dead node is let go of after three seconds, where the default is five. */
const timeouts = 'gcache.size=64M;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S'

export type Node = {
  readonly name: string
  readonly port: number
  start(): Promise<number>
  kill(): void
}
export type Cluster = { readonly nodes: readonly Node[]; url(first: number): string; stop(): Promise<void> }

/** What Debian needs for it; installed when this runs as root. @throws one sentence otherwise. */
export async function ensureGalera(): Promise<void> {
  await ensureMariaDb()
  const isThere = existsSync(provider) && existsSync('/usr/bin/rsync') && existsSync('/usr/bin/socat')
  if (isThere) return
  if (userInfo().uid !== 0) throw new Error('The cluster test needs Debian’s galera-4, rsync and socat, and root to install them')
  process.stdout.write('installing galera-4, rsync and socat …\n')
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'galera-4', 'rsync', 'socat', 'iproute2'], {
    env: environment,
    maxBuffer: 1 << 26,
  })
}

/** Three nodes of MariaDB Galera on this machine, each with its own folder and ports, under the user mysql. */
export async function startCluster(): Promise<Cluster> {
  const home = await mkdtemp(join(tmpdir(), 'shouyin-galera-'))
  await chmod(home, 0o755)
  const { uid, gid } = await mysqlUser()
  const ports = await Promise.all(
    Array.from({ length: 3 }, async () => ({
      sql: await freePort(),
      group: await freePort(),
      state: await freePort(),
      increment: await freePort(),
    })),
  )
  const addresses = ports.map(({ group }) => `127.0.0.1:${group}`).join(',')
  const nodes = ports.map((own, nth) =>
    makeNode({ name: `node ${nth + 1}`, folder: join(home, `n${nth + 1}`), own, addresses, uid, gid, isFirst: nth === 0 }),
  )
  for (const node of nodes) await node.start()
  await grant(join(home, 'n1', 's'))
  return { nodes, url, stop }

  /** The address of all three, beginning with the one a server prefers. */
  function url(first: number): string {
    const hosts = nodes.map((_, nth) => `127.0.0.1:${nodes[(first + nth) % nodes.length]?.port}`)
    return `mysql://app:app@${hosts.join(',')}/app`
  }

  async function stop(): Promise<void> {
    for (const node of nodes) node.kill()
    await pause(500)
    await rm(home, { recursive: true, force: true })
  }
}

type Own = { readonly sql: number; readonly group: number; readonly state: number; readonly increment: number }
type Given = { name: string; folder: string; own: Own; addresses: string; uid: number; gid: number; isFirst: boolean }

function makeNode({ name, folder, own, addresses, uid, gid, isFirst }: Given): Node {
  let server: ChildProcess | undefined
  let isFresh = true
  return { name, port: own.sql, start, kill: () => void server?.kill('SIGKILL') }

  /** Starts it, or starts it again; resolves when it takes part, with how long that took in ms. */
  async function start(): Promise<number> {
    const begun = performance.now()
    if (isFresh) await install()
    const bootstrap = isFresh && isFirst
    isFresh = false
    server = spawn('mariadbd', ['--no-defaults', ...flags(), ...clusterFlags(bootstrap)], { stdio: 'ignore' })
    const ended = server
    for (;;) {
      if (await isReady()) return performance.now() - begun
      if (ended.exitCode !== null || performance.now() - begun > startWithinMs)
        throw new Error(`${name} did not join: ${await lastWords()}`)
      await pause(100)
    }
  }

  async function install(): Promise<void> {
    await mkdir(folder, { recursive: true })
    await chown(folder, uid, gid)
    await run('mariadb-install-db', [
      '--no-defaults',
      '--user=mysql',
      `--datadir=${folder}/data`,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ])
  }

  function flags(): string[] {
    return [
      '--user=mysql',
      `--datadir=${folder}/data`,
      `--socket=${folder}/s`,
      `--pid-file=${folder}/pid`,
      `--log-error=${folder}/log`,
      `--port=${own.sql}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=128M',
      '--innodb-flush-log-at-trx-commit=1',
      '--max-connections=300',
    ]
  }

  function clusterFlags(bootstrap: boolean): string[] {
    return [
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${provider}`,
      `--wsrep-cluster-address=gcomm://${bootstrap ? '' : addresses}`,
      ...(bootstrap ? ['--wsrep-new-cluster'] : []),
      `--wsrep-node-address=127.0.0.1:${own.group}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${own.state}`,
      `--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:${own.group};ist.recv_addr=127.0.0.1:${own.increment};${timeouts}`,
    ]
  }

  /** `select 1` is answered by a node that takes no part: this is asked instead. */
  async function isReady(): Promise<boolean> {
    try {
      const root = await createConnection({ socketPath: `${folder}/s`, user: 'root' })
      const [rows] = await root.query("show status like 'wsrep_ready'")
      await root.end()
      return JSON.stringify(rows).includes('"ON"')
    } catch {
      return false
    }
  }

  async function lastWords(): Promise<string> {
    return (await readFile(`${folder}/log`, 'utf8').catch(() => '')).slice(-1500)
  }
}

async function grant(socketPath: string): Promise<void> {
  const root = await createConnection({ socketPath, user: 'root', multipleStatements: true })
  await root.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app'; GRANT ALL ON *.* TO app@'127.0.0.1'; CREATE DATABASE app")
  await root.end()
}

async function mysqlUser(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'mysql']), run('id', ['-g', 'mysql'])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}
