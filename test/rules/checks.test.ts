import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { checks, root } from './checks.ts'

const configs = ['tsconfig.json', 'biome.json', '.oxlintrc.json', '.dependency-cruiser.cjs', 'knip.jsonc', 'package.json', '.gitignore']
const rooms = ['server', 'shared', 'test', 'miniprogram']

// Each case starts a tool of its own on a copy of the project.
jest.setTimeout(60_000)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-checks-'))
  for (const name of [...configs, ...rooms]) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const run = (name: string) => checks.find((check) => check.name === name)?.run(folder)

const floating = 'export function start(): void {\n  work()\n}\nasync function work(): Promise<void> {}\n'
const misused = 'export const all = [1].filter(async () => false)\n'
const awaited = 'export async function one(): Promise<number> {\n  return await 1\n}\n'
const fromFs = "import { readFileSync } from 'node:fs'\nexport const text = readFileSync('x')\n"
const circle = (other: string) => `import { value as more } from './${other}.ts'\nexport const value = () => more\n`

describe('the checks bite:', () => {
  it.each([
    ['types', 'server/planted.ts', 'export const one: string = 1\n', 'planted.ts'],
    ['types of the mini-program', 'miniprogram/planted.ts', "wx.requestPayment({ signType: 'nothing' })\n", 'planted.ts'],
    ['format and lint', 'server/planted.ts', 'export  const one = "1";\n', 'planted.ts'],
    ['format and lint', 'server/planted.ts', 'export const isOne = (one: number) => one == 1\n', 'noDoubleEquals'],
    ['promises and types', 'server/planted.ts', floating, 'no-floating-promises'],
    ['promises and types', 'server/planted.ts', misused, 'no-misused-promises'],
    ['promises and types', 'server/planted.ts', awaited, 'await-thenable'],
    ['promises and types', 'test/unit/planted.ts', floating, 'no-floating-promises'],
    ['dead code', 'server/lib/text.ts', 'export const nobodyNeedsThis = 1\n', 'nobodyNeedsThis'],
    ['dead code', 'server/lib/planted.ts', 'export const one = 1\n', 'planted.ts'],
    ['house', 'server/PLANTED.md', `# One\n${'<'.repeat(7)} HEAD\n`, 'server/PLANTED.md:2: a merge was left undecided'],
    ['house', 'server/core/planted.ts', 'export const at = Date.now()\n', 'server/core/planted.ts:1: the clock'],
  ])('%s finds what is planted in %s', (name, path, text, said) => {
    plant(path, text)

    const outcome = run(name)

    expect(outcome).toEqual({ isGood: false, output: expect.stringContaining(said) })
  })
})

/** What may not be imported, planted all at once: one reading finds them all. */
const forbidden = [
  ['rules-have-no-packages', 'server/core/rules/planted.ts', fromFs],
  ['kernel-has-no-packages', 'shared/kernel/planted.ts', fromFs],
  ['emulator-is-independent', 'server/emulator/planted.ts', "export { asMinor } from '../../shared/kernel/money.ts'\n"],
  ['channels-by-registry', 'server/core/planted-channel.ts', "export { wechat } from '../channels/wechat/definition.ts'\n"],
  ['koa-in-http', 'server/core/planted-koa.ts', "export { default } from 'koa'\n"],
  ['one-door-for-states', 'server/http/planted-state.ts', "export { applyChange } from '../store/transitions.ts'\n"],
  ['sql-in-store', 'server/http/planted-sql.ts', "export { sql } from 'kysely'\n"],
  ['crypto-in-lib', 'server/core/planted-crypto.ts', "export { createHmac } from 'node:crypto'\n"],
  ['undici-in-lib', 'server/core/planted-undici.ts', "export { request } from 'undici'\n"],
  ['config-sees-lib', 'server/config/planted.ts', "export { parseDatabaseUrl } from '../store/database-url.ts'\n"],
  ['identity-sees-store', 'server/identity/planted.ts', "export { makeHttp } from '../http/http.ts'\n"],
  ['jobs-see-core', 'server/jobs/planted.ts', "export { listen } from '../http/listen.ts'\n"],
  ['store-sees-rules', 'server/store/planted.ts', "export { makeOrders } from '../core/orders.ts'\n"],
  ['fakes-only-in-demo', 'server/cli/planted-fake.ts', "export { startEmulator } from '../emulator/listen.ts'\n"],
  ['commands-see-use-cases', 'server/cli/planted-store.ts', "export { migrate } from '../store/migrate.ts'\n"],
  ['process-only-composes', 'server/main.ts', "import './core/orders.ts'\n"],
  ['app-knows-no-fakes', 'server/app.ts', "import './demo/demo.ts'\n"],
  ['no-tests-in-the-product', 'server/lib/planted-test.ts', "export { root } from '../../test/rules/checks.ts'\n"],
  ['units-need-no-shop', 'test/unit/planted.ts', "export { startShop } from '../support/shop.ts'\n"],
  ['emulator-from-outside', 'test/emulator/planted.ts', "export { makeHttpClient } from '../../server/lib/http-client.ts'\n"],
  ['no-orphans', 'server/lib/planted-orphan.ts', 'export const one = 1\n'],
  ['no-circles', 'server/lib/planted-circle.ts', circle('planted-round')],
] as const

describe('the check of imports', () => {
  it('finds each in its place', () => {
    plant('server/lib/planted-round.ts', circle('planted-circle'))
    for (const [, path, text] of forbidden) plant(path, text)

    const found = run('imports')?.output.split('\n') ?? []

    expect(forbidden.filter(([rule, path]) => !found.some((line) => line.startsWith(`${rule}: ${path} → `)))).toEqual([])
  })

  it('says that it has not read everything, which is no pass', () => {
    const unread = "exclude: { path: '^(server|test)/' }"
    plant('.dependency-cruiser.cjs', `module.exports = { forbidden: [], options: { doNotFollow: { path: 'node_modules' }, ${unread} } }\n`)

    expect(run('imports')).toEqual({ isGood: false, output: expect.stringMatching(/^only \d+ modules were read, there are \d+ files$/) })
  })

  it('that cannot work at all is no pass either', () => {
    plant('.dependency-cruiser.cjs', 'this is no configuration\n')

    expect(run('imports')?.isGood).toBe(false)
  })
})

describe('where nothing is planted', () => {
  it.each(['imports', 'house'])('%s finds nothing', (name) => {
    expect(run(name)).toEqual({ isGood: true, output: '' })
  })
})
