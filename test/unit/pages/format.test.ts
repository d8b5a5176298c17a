import { describe, expect, it } from '@jest/globals'
import { qrPath } from '../../../server/lib/qr.ts'
import { momentText, priceOf, timeLeftText } from '../../../server/pages/cashier/format.ts'
import { wordsIn } from '../../../server/pages/cashier/words.ts'
import { pageLanguageOf, pageLanguages } from '../../../shared/kernel/pay-page.ts'

describe('what a payer reads', () => {
  it.each([
    ['68.00', 'CNY', '¥68.00'],
    ['1234567.89', 'CNY', '¥1,234,567.89'],
    ['1000', 'JPY', 'JP¥1,000'],
    ['88.88', 'HKD', 'HK$88.88'],
    ['0.01', 'XXX', 'XXX 0.01'],
  ])('an amount of %s %s: %s', (amount, currency, text) => {
    expect(priceOf(amount, currency)).toBe(text)
  })

  it.each([
    [1_800_000, '30:00'],
    [1_799_001, '30:00'],
    [59_000, '00:59'],
    [0, '00:00'],
    [-5000, '00:00'],
    [7_325_000, '2:02:05'],
  ])('%i ms that are left: %s', (ms, text) => {
    expect(timeLeftText(ms)).toBe(text)
  })

  it('a moment as it is written there', () => {
    expect(momentText('2026-01-02T03:04:05+08:00', 'zh-CN')).toBe('2026年1月2日 03:04')
    expect(momentText('2026-01-02T03:04:05+08:00', 'en')).toBe('2026-01-02 03:04')
  })

  it.each([
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
    ['zh-Hant-HK', 'zh-HK'],
    ['zh-TW', 'zh-HK'],
    ['en-GB,zh;q=0.5', 'en'],
    ['fr,de;q=0.8,en;q=0.3', 'en'],
    ['fr', 'zh-CN'],
    [undefined, 'zh-CN'],
  ])('a language, where the browser asks for %s: %s', (asked, language) => {
    expect(pageLanguageOf(asked)).toBe(language)
  })

  it('no word of one language in another', () => {
    const [simplified, traditional, english] = pageLanguages.map((language) =>
      JSON.stringify(wordsIn(language), (_key, value) => (typeof value === 'function' ? value('') : value)),
    )

    expect(english?.replace(/…/g, '')).not.toMatch(/[\u4e00-\u9fff]/)
    expect(traditional).not.toMatch(/[付]款给|订单|请|连接|网络|浏览器|复制|链接/)
    expect(simplified).not.toMatch(/訂單|請|連接|網絡|瀏覽器|複製/)
  })
})

it('a code is drawn with its three corners, and nothing outside of it', () => {
  const { size, path } = qrPath('weixin://wxpay/bizpayurl?pr=abcdefghij')

  expect(size).toBeGreaterThanOrEqual(21)
  expect(path).toMatch(/^M0 0h7v1h-7z/)
  expect(path).toContain(`M${size - 7} 0h7v1h-7z`)
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    expect(Number(x) + Number(width)).toBeLessThanOrEqual(size)
    expect(Number(y)).toBeLessThan(size)
  }
})
