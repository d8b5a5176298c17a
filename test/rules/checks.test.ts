import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { checks, root } from './checks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-checks-'))
  for (const file of [
    'tsconfig.json',
    'biome.json',
    '.oxlintrc.json',
    '.dependency-cruiser.cjs',
    'knip.jsonc',
    'package.json',
    '.gitignore',
  ])
    cpSync(join(root, file), join(folder, file))
  for (const place of ['server', 'shared', 'test']) cpSync(join(root, place), join(folder, place), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const run = (name: string) => checks.find((check) => check.name === name)?.run(folder)
const settle = () => readFileSync(join(folder, 'server/core/settle.ts'), 'utf8')

describe('the checks bite', () => {
  it.each([
    [
      'imports',
      'server/core/rules/planted.ts',
      "import { readFileSync } from 'node:fs'\nexport const text = readFileSync('x')\n",
      'rules-have-no-packages',
    ],
    [
      'imports',
      'server/emulator/planted.ts',
      "import { asMinor } from '../../shared/kernel/money.ts'\nexport const one = asMinor(1)\n",
      'emulator-is-independent',
    ],
    [
      'imports',
      'server/core/planted.ts',
      "import { wechat } from '../channels/wechat/definition.ts'\nexport const name = wechat.name\n",
      'channels-by-registry',
    ],
    [
      'imports',
      'server/http/planted.ts',
      "import { applyChange } from '../store/transitions.ts'\nexport const write = applyChange\n",
      'one-door-for-states',
    ],
    ['types', 'server/planted.ts', 'export const one: string = 1\n', 'planted.ts'],
    [
      'promises and types',
      'server/planted.ts',
      'export function start(): void {\n  work()\n}\nasync function work(): Promise<void> {}\n',
      'no-floating-promises',
    ],
  ])('%s finds what is planted in %s', (name, path, text, said) => {
    plant(path, text)

    const outcome = run(name)

    expect(outcome?.isGood).toBe(false)
    expect(outcome?.output).toContain(said)
  })

  it('imports that were not read are no pass', () => {
    plant(
      '.dependency-cruiser.cjs',
      "module.exports = { forbidden: [], options: { doNotFollow: { path: 'node_modules' }, exclude: { path: '^(server|test)/' } } }\n",
    )

    expect(run('imports')).toMatchObject({ isGood: false, output: expect.stringContaining('modules were read') })
  })

  it('and nothing is found where nothing was planted', () => {
    expect(settle()).toContain('makeSettle')
    expect(run('imports')).toEqual({ isGood: true, output: '' })
  })
})
