import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { channelRegistry } from '../../server/channels/registry.ts'
import { knownNames } from '../../server/config/names.ts'
import { apiPrefix } from '../../server/http/router.ts'
import { eventDoors } from '../../server/http/routes/events.ts'
import { makeMetrics } from '../../server/lib/prom-metrics.ts'
import { readAlertRules } from '../support/alert-rules.ts'
import { root } from './checks.ts'

const folder = join(root, 'server/deploy')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const about: { scripts: Record<string, string>; optionalDependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
/** What the server reads, and what Node does. */
const known = [...knownNames(channelRegistry), 'NODE_ENV']
const unknownOf = (names: readonly string[]) => names.filter((name) => !known.includes(name) && !known.includes(name.replace(/_FILE$/, '')))

type Service = {
  build?: { context: string; dockerfile: string }
  environment: Record<string, string>
  secrets: string[]
  volumes?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  [setting: string]: unknown
}
const compose: {
  services: { server: Service; database: Service }
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
} = parse(read('compose.yaml'))

describe('the image', () => {
  const lines = read('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
  const all = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim())
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))

  it('has the Node that the project brings along', () => {
    expect(all('ARG')).toEqual([`NODE_VERSION=${about.optionalDependencies.node}`])
    for (const from of all('FROM')) expect(from).toMatch(/^node:\$\{NODE_VERSION\}-bookworm-slim( AS \w+)?$/)
  })

  it('is made of files that are there, by scripts that are there or may be left out', () => {
    const stages = all('FROM').flatMap((from) => / AS (\w+)$/.exec(from)?.[1] ?? [])
    for (const copy of all('COPY')) {
      const [, stage] = /--from=(\w+)/.exec(copy) ?? []
      const sources = copy
        .split(' ')
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1)
      if (stage === undefined) for (const source of sources) expect([source, existsSync(join(root, source))]).toEqual([source, true])
      else expect(stages).toContain(stage)
    }
    for (const run of all('RUN').filter((one) => one.startsWith('npm run'))) expect(run).toMatch(/--if-present$/)
    for (const [, script = ''] of lines.join('\n').matchAll(/node (?:--[\w=-]+ )*(server\/\S+\.\w+)/g))
      expect([script, existsSync(join(root, script))]).toEqual([script, true])
  })

  it('has no tool of development and no rights, and says how it is', () => {
    const runs = last.filter((line) => line.startsWith('RUN '))
    expect(all('RUN').filter((run) => /npm (ci|install)/.test(run))).toEqual([
      'npm ci --ignore-scripts',
      'npm ci --omit=dev --omit=optional --ignore-scripts',
    ])
    expect(runs.join()).not.toMatch(/npm|apt/)
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node'])
    expect(last.findIndex((line) => line.startsWith('USER '))).toBeLessThan(last.findIndex((line) => line.startsWith('CMD ')))
    expect(all('EXPOSE')).toEqual(['8600'])
    expect(all('HEALTHCHECK')[0]).toContain('/healthz')
  })

  it('is started as npm start does, but for the .env file', () => {
    const [command = '[]'] = all('CMD')

    expect(JSON.parse(command).join(' ')).toBe(about.scripts.start?.replace(' --env-file-if-exists=.env', ''))
  })

  it('gets what it is made of, and no key, database or history', () => {
    const lets = read('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))

    expect(lets[0]).toBe('*')
    for (const needed of ['package.json', 'package-lock.json', 'LICENSE', 'shared', 'server']) expect(lets).toContain(`!${needed}`)
    for (const kept of ['**/.env', '**/*.pem', '**/*.sqlite*']) expect(lets).toContain(kept)
  })

  it('gets enough to make the pages of', () => {
    const context = mkdtempSync(join(tmpdir(), 'shouyin-image-'))
    const given = read('Dockerfile.dockerignore').match(/(?<=^!)[\w.-]+$/gm) ?? []
    for (const name of given)
      cpSync(join(root, name), join(context, name), { recursive: true, filter: (path) => !/\/pages\/dist/.test(path) })
    symlinkSync(join(root, 'node_modules'), join(context, 'node_modules'))

    const { status, stderr } = spawnSync(process.execPath, [join(context, 'server/build-pages.cjs')], { cwd: context, encoding: 'utf8' })
    const isMade = existsSync(join(context, 'server/pages/dist/server/render.js'))
    rmSync(context, { recursive: true })

    expect({ status, stderr, isMade }).toEqual({ status: 0, stderr: '', isMade: true })
  })
})

describe('compose.yaml', () => {
  const { server, database } = compose.services

  it('builds the image that is here', () => {
    const context = join(folder, server.build?.context ?? '')

    expect(join(context, 'package.json')).toBe(join(root, 'package.json'))
    expect(existsSync(join(context, server.build?.dockerfile ?? ''))).toBe(true)
  })

  it('names nothing that the server does not read, and hands on every name of .env', () => {
    expect(unknownOf(Object.keys(server.environment))).toEqual([])
    expect(server.env_file).toBe('.env')
  })

  it.each(Object.entries(compose.services))('gives %s each secret as a file, and no secret as a value', (_name, service) => {
    const paths = Object.entries(service.environment).filter(([name]) => name.endsWith('_FILE'))

    expect(paths.map(([, path]) => path.replace('/run/secrets/', '')).sort()).toEqual([...service.secrets].sort())
    for (const name of service.secrets) expect(compose.secrets[name]?.file).toBe(`./secrets/${name}`)
    for (const name of Object.keys(service.environment).filter((one) => /SECRET|KEY|PASSWORD|TOKEN|DATABASE_URL/.test(one)))
      expect(name).toMatch(/_FILE$|_KEY_ID$/)
  })

  it('keeps the database, waits for it, starts both again, and gives the server no more rights than it needs', () => {
    const [kept = ''] = database.volumes ?? []
    expect(compose.volumes).toHaveProperty(kept.split(':')[0] ?? '')
    expect(server.depends_on).toEqual({ database: { condition: 'service_healthy' } })
    expect(database.healthcheck?.test.length).toBeGreaterThan(1)
    expect([server.restart, database.restart]).toEqual(['unless-stopped', 'unless-stopped'])
    expect(server).toMatchObject({ init: true, read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(server.ports).toEqual(['127.0.0.1:8600:8600'])
  })
})

describe('the systemd unit', () => {
  const settings = read('shouyin.service')
    .split('\n')
    .filter((line) => /^[A-Z]\w+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
  const all = (name: string) => settings.flatMap(([one, value]) => (one === name ? [value] : []))

  it('starts what npm start does', () => {
    expect(all('ExecStart').map((line) => line.replace('/opt/shouyin/node_modules/node/bin/', ''))).toEqual([
      about.scripts.start?.replace(' --env-file-if-exists=.env', ''),
    ])
  })

  it('hands over each secret it loads, by names that the server reads', () => {
    const given = all('Environment').flatMap((line) => line.split(' ').map((pair) => pair.split('=', 2)))
    const loaded = all('LoadCredential').map((line) => line.split(':')[0] ?? '')

    expect(unknownOf(given.map(([name = '']) => name))).toEqual([])
    expect(
      given
        .filter(([, value]) => value?.startsWith('%d/'))
        .map(([, value = '']) => value.slice(3))
        .sort(),
    ).toEqual([...loaded].sort())
  })

  it('is closed: no rights, nothing of the file system, no second try with a wrong configuration', () => {
    for (const name of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome', 'ProtectKernelModules', 'RestrictNamespaces'])
      expect([name, ...all(name)]).toEqual([name, 'yes'])
    expect([all('ProtectSystem'), all('CapabilityBoundingSet')]).toEqual([['strict'], ['']])
    expect(all('RestartPreventExitStatus')).toEqual(['78'])
  })
})

describe('the command beside the systemd unit', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'shouyin-command-'))
  afterAll(() => rmSync(scratch, { recursive: true }))

  /** Stand-ins for systemd, and for the rights of root. */
  function runBeside(pid: number | undefined, words: readonly string[]) {
    const programs = {
      systemctl: `echo ${pid ?? 0}`,
      setpriv: 'shift 3; exec "$@"',
      'node_modules/node/bin/node': 'env; printf "[%s]" "$@"',
    }
    for (const [name, script] of Object.entries(programs)) {
      mkdirSync(dirname(join(scratch, name)), { recursive: true })
      writeFileSync(join(scratch, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    }
    const command = read('shouyin').replaceAll('/opt/shouyin', scratch)
    const env = { PATH: `${scratch}:${process.env.PATH}`, OF_THE_SHELL: '1' }
    return spawnSync('sh', ['-c', command, 'shouyin', ...words], { encoding: 'utf8', env })
  }

  it('has the settings of the running server and no others, and its words as they were typed', async () => {
    const server = spawn('sleep', ['60'], {
      env: { PATH: process.env.PATH, MERCHANT_NAME: '云上 茶铺', MASTER_KEY_FILE: '/run/credentials/x' },
    })
    await once(server, 'spawn')

    const { stdout } = runBeside(server.pid, ['refund', 'D1', '--reason', "it's broken"])
    server.kill()

    expect(stdout).toContain('MERCHANT_NAME=云上 茶铺\n')
    expect(stdout).toContain('MASTER_KEY_FILE=/run/credentials/x\n')
    expect(stdout).not.toContain('OF_THE_SHELL')
    expect(stdout).toMatch(/\[server\/cli\/shouyin\.cjs\]\[refund\]\[D1\]\[--reason\]\[it's broken\]$/)
  })

  it('says where to look when there is no running server', () => {
    expect(runBeside(undefined, ['doctor'])).toMatchObject({ status: 1, stderr: expect.stringContaining('journalctl -u shouyin') })
  })
})

describe('the proxies', () => {
  it.each(['nginx.conf', 'Caddyfile'])(
    '%s asks the server’s port, takes bodies a little larger than it does, and keeps the figures inside',
    (name) => {
      const text = read(name)

      expect(text).toContain('127.0.0.1:8600')
      expect(text).toMatch(/128(k|KB)/)
      expect(text).toContain('/metrics')
      expect(text).toContain('TRUSTED_PROXIES=1')
    },
  )

  it('nginx adds the address it saw, and does not hold streams back', () => {
    const text = read('nginx.conf')

    expect(text).toContain('proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;')
    const [, streams = ''] = /location ~ (\S+) \{\s+proxy_buffering off;/.exec(text) ?? []
    const paths = eventDoors.map(({ path }) => apiPrefix + path.replace(':orderId', 'D1'))
    expect(paths.filter((path) => !new RegExp(streams).test(path))).toEqual([])
    expect(text).not.toMatch(/non_idempotent/)
  })

  it('write down who asked for which path, and no secret of a link', () => {
    const [, logged = ''] = /log_format shouyin '([^']+)'/.exec(read('nginx.conf')) ?? []

    expect(logged).toMatch(/^\$remote_addr .*\$uri/)
    expect(logged).not.toMatch(/request_uri|\$request |\$args|query|referer|cookie/)
    expect(read('nginx.conf').match(/access_log .*;/g)).toEqual(['access_log off;', 'access_log /var/log/nginx/shouyin.log shouyin;'])
    expect(read('Caddyfile')).toContain('request>uri regexp "[?].*" ""')
    expect(read('Caddyfile')).toMatch(/request>headers delete\s+resp_headers delete/)
  })

  it.each(['nginx.conf', 'Caddyfile'])('%s answers the file by which WeChat is shown whose host it is', (name) => {
    expect(read(name)).toMatch(/\^\/MP_verify_\[0-9A-Za-z\]\+\\\.txt\$[^}]+\/var\/www\/shouyin/)
  })
})

describe.each(['PRODUCTION.md', 'PRODUCTION.zh-CN.md'])('%s', (name) => {
  const text = read(name)
  const inCode = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)

  it('links to what is there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target)

    expect(targets.length).toBeGreaterThan(8)
    expect(targets.filter((target) => !existsSync(join(folder, target)))).toEqual([])
  })

  it('names settings and figures that exist', async () => {
    const settings = inCode.filter((code) => /^[A-Z]{3,}[A-Z0-9]*_[A-Z0-9_]+(?:=.*)?$/.test(code)).map((code) => code.split('=')[0] ?? '')
    const figures = inCode.filter((code) => code.startsWith('shouyin_'))
    const shown = await makeMetrics().text()

    expect(settings.length).toBeGreaterThan(15)
    expect(unknownOf(settings)).toEqual([])
    expect(figures.filter((figure) => !shown.includes(`# TYPE ${figure} `))).toEqual([])
  })

  it('says what to do about every alert', () => {
    expect(
      readAlertRules(join(folder, 'alerts.yml'))
        .map(({ alert }) => alert)
        .filter((alert) => !text.includes(alert)),
    ).toEqual([])
  })

  it('has the same chapters, tables and steps as in the other language', () => {
    const shape = (one: string) =>
      read(one)
        .split('\n')
        .flatMap((line) => /^(#+ |\| *-|\d\.|\|)/.exec(line)?.[1]?.slice(0, 2) ?? [])

    expect(shape(name)).toEqual(shape('PRODUCTION.md'))
  })
})

describe('what is here to be deployed', () => {
  it('is all looked at', () => {
    expect(
      globSync('**', { cwd: folder })
        .filter((one) => one !== '.' && one !== '')
        .sort(),
    ).toEqual([
      'Caddyfile',
      'Dockerfile',
      'Dockerfile.dockerignore',
      'PRODUCTION.md',
      'PRODUCTION.zh-CN.md',
      'alerts.yml',
      'compose.yaml',
      'grafana-dashboard.json',
      'nginx.conf',
      'shouyin',
      'shouyin.service',
    ])
  })
})
