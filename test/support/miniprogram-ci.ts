import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * `npm run miniprogram:ci`: compiles the mini-program with Tencent's own miniprogram-ci. An optional check outside the ordinary
 * install, for it weighs 276 MB.
 */
const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '../..')

function load(): unknown {
  try {
    return require('miniprogram-ci')
  } catch {
    return undefined
  }
}

const ci = load() as
  | {
      Project: new (options: object) => { attr: () => Promise<unknown> }
      DefaultProjectAttr: unknown
      getCompiledResult(options: object): Promise<Record<string, unknown>>
    }
  | undefined
if (!ci) {
  process.stdout.write('miniprogram-ci is not installed: npm install --no-save miniprogram-ci@2.1.42, then again\n')
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'shouyin-ci-'))
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
writeFileSync(join(folder, 'key'), privateKey)
try {
  const project = new ci.Project({
    appid: 'wx0000000000000000',
    type: 'miniProgram',
    projectPath: root,
    privateKeyPath: join(folder, 'key'),
    ignores: ['node_modules/**/*'],
  })
  // The project's attributes are asked of WeChat's servers; the defaults do for compiling.
  project.attr = async () => ci.DefaultProjectAttr
  const result = await ci.getCompiledResult({ project, version: '0.0.1', desc: '', setting: { es6: true, minify: true } })
  process.stdout.write(`compiled: ${Object.keys(result).length} files\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
