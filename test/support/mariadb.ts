import { execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2'

const run = promisify(execFile)
const folderPrefix = 'shouyin-mdb-'
const startWithinMs = 30_000

export type MariaDb = { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** Finds the server's binary; on Debian as root installs it. @throws one clear sentence otherwise. */
export async function ensureMariaDb(): Promise<void> {
  if (hasCommand('mariadbd') && hasCommand('mariadb-install-db')) return
  if (userInfo().uid !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(
      'The tests need a MariaDB server: install Debian’s mariadb-server (or your system’s), or give MYSQL_URL=mysql://user:password@host:3306/database',
    )
  process.stdout.write('installing mariadb-server …\n')
  // Debian starts services it installs; this one must stay quiet, the tests start their own.
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  if (isOurs) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update'], { env: environment })
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'mariadb-server'], { env: environment, maxBuffer: 64 * 1024 * 1024 })
  } finally {
    if (isOurs) await rm(policy, { force: true })
  }
}

/** Starts a private server in a temporary folder: own data, own socket, own port; nothing of the system is touched. */
export async function startMariaDb(): Promise<MariaDb> {
  await sweepLeftovers()
  const home = await mkdtemp(join(tmpdir(), folderPrefix))
  const user = `--user=${userInfo().username}`
  await run(
    'mariadb-install-db',
    ['--no-defaults', user, `--datadir=${home}/data`, '--skip-test-db', '--auth-root-authentication-method=normal'],
    { env: { ...process.env, TMPDIR: home } },
  )
  const port = await freePort()
  const flags = [
    `--datadir=${home}/data`,
    `--socket=${home}/s`,
    `--pid-file=${home}/pid`,
    `--tmpdir=${home}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
  ]
  const durable = ['--innodb-flush-log-at-trx-commit=1', '--innodb-buffer-pool-size=256M', '--max-connections=300']
  const server = spawn('mariadbd', ['--no-defaults', user, ...flags, ...durable], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  server.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4000)
  })
  const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const url = await firstConnection()
  return { url, pid: server.pid ?? 0, stop }

  async function firstConnection(): Promise<string> {
    for (const until = Date.now() + startWithinMs; ; ) {
      if (server.exitCode !== null || Date.now() > until) throw new Error(`mariadbd did not start: ${log}`)
      try {
        const root = createConnection({ socketPath: `${home}/s`, user: 'root', multipleStatements: true }).promise()
        await root.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app'; GRANT ALL ON *.* TO app@'127.0.0.1'; CREATE DATABASE app")
        await root.end()
        return `mysql://app:app@127.0.0.1:${port}/app`
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error
        await pause(20)
      }
    }
  }

  async function stop(): Promise<void> {
    server.kill('SIGTERM')
    await Promise.race([gone, pause(10_000, undefined, { ref: false }).then(() => server.kill('SIGKILL'))])
    await gone
    await rm(home, { recursive: true, force: true })
  }
}

/** A run that was killed leaves its server behind: it goes before a new one starts. */
async function sweepLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue
    const home = join(tmpdir(), name)
    const pid = Number(await readFile(join(home, 'pid'), 'utf8').catch(() => '0'))
    if (pid > 0 && isOrphan(pid)) {
      process.kill(pid, 'SIGKILL')
      await rm(home, { recursive: true, force: true })
    }
  }
}

/** Whether its parent is gone: adopted by init. */
function isOrphan(pid: number): boolean {
  const status = spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return status === '1'
}

function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
