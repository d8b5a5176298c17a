/** @jest-environment node */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { bundleShared, sharedTypes } from '../../shared/bundle-for-miniprogram.ts'
import { compileGate } from '../support/compile-gate.ts'

const root = join(import.meta.dirname, '../..')
const own = join(root, 'miniprogram')
const mainPackageMaxBytes = 1024 * 1024

let folder: string
beforeEach(() => {
  const place = mkdtempSync(join(tmpdir(), 'shouyin-mini-'))
  folder = join(place, 'miniprogram')
  cpSync(own, folder, { recursive: true })
  for (const beside of ['shared', 'node_modules', 'package.json']) symlinkSync(join(root, beside), join(place, beside))
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const change = (file: string, from: string | RegExp, to: string) => {
  const path = join(folder, file)
  const before = readFileSync(path, 'utf8')
  const after = before.replace(from, to)
  if (after === before) throw new Error(`${file} has no ${String(from)}`)
  writeFileSync(path, after)
}
const append = (file: string, text: string) => writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8') + text)

describe('the compile gate', () => {
  it('finds nothing in the mini-program as it is', () => {
    expect(compileGate(folder)).toEqual([])
  })

  it.each<[string, () => void, RegExp]>([
    ['an unclosed tag', () => append('pages/shop/index.wxml', '<view>'), /wcc|template/],
    ['a broken expression', () => append('pages/shop/index.wxml', '<view>{{ a + }}</view>'), /wcc|template/],
    ['a lone wx:else', () => append('pages/order/index.wxml', '<view/><view wx:else>x</view>'), /template/],
    ['an unknown tag', () => append('pages/shop/index.wxml', '<viev></viev>'), /<viev> is neither/],
    ['an import of a file that is not there', () => append('pages/shop/index.wxml', '<import src="./none.wxml" />'), /none\.wxml/],
    ['broken wxs', () => writeFileSync(join(folder, 'pages/shop/broken.wxs'), 'module.exports = {'), /wcc/],
    [
      'wxs in new syntax, which phones do not know',
      () => writeFileSync(join(folder, 'pages/shop/new.wxs'), 'const f = (a) => a\nmodule.exports = { f }'),
      /wcc/,
    ],
    ['an unclosed style', () => append('pages/shop/index.wxss', '.a { color: red;'), /wcsc/],
    ['a style that imports what is not there', () => append('app.wxss', '\n@import "./none.wxss";'), /wcsc/],
    ['broken JSON', () => append('pages/shop/index.json', '}'), /json: pages\/shop\/index\.json/],
    [
      'a page that is not there',
      () => change('app.json', '"pages/shop/index",', '"pages/shop/index", "pages/none/index",'),
      /pages\/none\/index\.wxml/,
    ],
    ['a page without a template', () => rmSync(join(folder, 'pages/result/index.wxml')), /pages\/result\/index\.wxml/],
    [
      'a component that is not there',
      () => change('pages/shop/index.json', '/components/product-card/index', '/components/none/index'),
      /components\/none\/index/,
    ],
    [
      'a tab that is no page',
      () => change('app.json', '"pagePath": "pages/shop/index"', '"pagePath": "pages/none/index"'),
      /the tab pages\/none\/index/,
    ],
    ['a wrong lazyCodeLoading', () => change('app.json', 'requiredComponents', 'all'), /lazyCodeLoading/],
    ['broken TypeScript', () => append('pages/shop/index.ts', '\nconst = 1'), /types/],
    ['a wrong type', () => append('pages/shop/index.ts', '\nexport const n: number = "x"'), /types.*TS2322/],
    [
      'a signType WeChat does not know',
      () =>
        append(
          'services/wx-promises.ts',
          "\nexport const p = () => wx.requestPayment({ timeStamp: '', nonceStr: '', package: '', signType: 'SHA1', paySign: '' })",
        ),
      /types.*TS2322/,
    ],
    [
      'an import of a module that is not there',
      () => append('pages/shop/index.ts', "\nimport { x } from './none'\nexport const y = x"),
      /types.*TS2307/,
    ],
  ])('finds %s', (_name, plant, said) => {
    writeFileSync(join(folder, 'pages/shop/index.wxss'), '')
    plant()

    expect(compileGate(folder).join('\n')).toMatch(said)
  })
})

describe('the main package', () => {
  it('is below a megabyte', () => {
    const bytes = globSync('**/*', { cwd: own }).reduce(
      (sum, file) => sum + (statSync(join(own, file)).isFile() ? statSync(join(own, file)).size : 0),
      0,
    )

    expect(bytes).toBeLessThan(mainPackageMaxBytes)
  })

  it('carries the shared code as it is now', async () => {
    expect(readFileSync(join(own, 'generated/shared.js'), 'utf8')).toBe(await bundleShared())
    expect(readFileSync(join(own, 'generated/shared.d.ts'), 'utf8')).toBe(sharedTypes)
  })

  it('has no secret, no openid, no reckoning with prices, and no amount in an address', () => {
    const sources = globSync('{pages,components,services}/**/*.ts', { cwd: own }).map((file) => readFileSync(join(own, file), 'utf8'))

    for (const source of sources) {
      expect(source).not.toMatch(/secret|session_key|openid|apiV3/i)
      expect(source).not.toMatch(/(amount|price)\w*\s*[*+/-]\s*\w|[*/]\s*(amount|price|quantity)\b|toFixed|parseFloat/i)
      expect(source).not.toMatch(/url: `[^`]*(amount|price)/)
    }
  })

  it('has no page script above 150 lines', () => {
    for (const file of globSync('pages/**/*.ts', { cwd: own }))
      expect(readFileSync(join(own, file), 'utf8').split('\n').length).toBeLessThan(150)
  })
})
