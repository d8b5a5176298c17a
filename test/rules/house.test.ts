import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { root } from './checks.ts'
import { codeOf } from './source-text.ts'

const files = globSync('{server,shared,test}/**/*.ts', { cwd: root }).map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}))
const product = files.filter(({ path }) => !path.startsWith('test/')).map((file) => ({ ...file, code: codeOf(file.text) }))
const outsideOf = (...places: string[]) => product.filter(({ path }) => !places.some((place) => path.startsWith(place)))
const found = (where: ReadonlyArray<{ path: string; code: string }>, pattern: RegExp) =>
  where.filter(({ code }) => pattern.test(code)).map(({ path }) => path)

/** The only places that know the real clock, chance and network. */
const runtimes = [
  'server/lib/runtime.ts',
  'server/lib/node-runtime.ts',
  'server/lib/http-client.ts',
  'server/lib/pino-log.ts',
  'server/emulator/runtime.ts',
]

describe('every file', () => {
  it('is named by what it holds', () => {
    expect(
      files.map(({ path }) => basename(path, '.ts')).filter((name) => /^(utils?|helpers?|common|manager|service|misc)$/.test(name)),
    ).toEqual([])
    expect(files.map(({ path }) => basename(path)).filter((name) => !/^[a-z0-9-]+(\.(test|d))?\.ts$/.test(name))).toEqual([])
  })

  it('of the product has at most 400 lines', () => {
    expect(product.filter(({ text }) => text.split('\n').length > 400).map(({ path }) => path)).toEqual([])
  })

  it('is finished: no notes to oneself, no default export, no enum, no ignored types', () => {
    expect(found(product, /\bexport default\b/)).toEqual([])
    expect(found(product, /^\s*(export )?(const )?enum /m)).toEqual([])
    expect(
      product.filter(({ text }) => /\b(TODO|FIXME|XXX)\b|@ts-ignore|@ts-nocheck|eslint-disable/.test(text)).map(({ path }) => path),
    ).toEqual([])
  })
})

describe('time, chance and the network', () => {
  it.each([
    ['the clock', /\bDate\.now\(|new Date\(\)|performance\.now\(/],
    ['timers', /\b(setTimeout|setInterval|setImmediate)\(|AbortSignal\.timeout\(/],
    ['chance', /Math\.random\(|randomUUID\(|\brandomInt\(/],
    ['the network', /(?<![.\w])fetch\(/],
  ])('%s come from the runtime that is handed in', (_name, pattern) => {
    expect(found(outsideOf(...runtimes), pattern)).toEqual([])
  })

  it('the environment is read by the process and its configuration alone', () => {
    expect(found(outsideOf('server/main.ts', 'server/config/'), /process\.env/)).toEqual([])
  })
})

describe('money', () => {
  it('is never a float', () => {
    expect(found(product, /\.toFixed\(|parseFloat\(|\* 100\b|\/ 100\b/)).toEqual([])
  })
})

describe('words of a wire', () => {
  it('stay in the folder of the channel that speaks so', () => {
    const wire = /\b(out_trade_no|out_refund_no|total_fee|mch_id|sub_mch_id|prepay_id|txamt|biz_content|trade_state)\b/
    expect(found(outsideOf('server/channels/wechat/', 'server/emulator/', 'server/store/'), wire)).toEqual([])
  })
})

describe('states', () => {
  it('are written by transitions.ts alone', () => {
    expect(
      found(outsideOf('server/store/transitions.ts', 'server/emulator/', 'server/store/idempotency.ts'), /\.set\(\{\s*status\b/),
    ).toEqual([])
  })
})

describe('the server says nothing', () => {
  it('but through its log', () => {
    expect(found(product, /\bconsole\./)).toEqual([])
  })
})
