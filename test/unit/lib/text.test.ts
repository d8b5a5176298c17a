import { describe, expect, it } from '@jest/globals'
import { cutToBytes } from '../../../server/lib/text.ts'

describe('a text cut to a number of bytes', () => {
  it.each([
    ['that fits is left alone', 'tea', 3, 'tea'],
    ['is cut at the last byte that fits', 'green tea', 5, 'green'],
    ['never ends within a character of three bytes', '红茶绿茶', 7, '红茶'],
    ['fits exactly with its last character', '红茶绿茶', 9, '红茶绿'],
    ['never ends within an emoji', 'a😀b', 4, 'a'],
    ['keeps an emoji that fits', 'a😀b', 5, 'a😀'],
    ['is empty when not even one character fits', '😀', 3, ''],
    ['is empty when nothing may be there', 'tea', 0, ''],
    ['that is empty stays empty', '', 5, ''],
  ])('%s', (_name, text, maxBytes, expected) => {
    expect(cutToBytes(text, maxBytes)).toBe(expected)
  })

  it('is always well-formed, short enough, and the longest beginning there is', () => {
    const text = '红a茶😀é绿bc茶👩‍👩‍👧'
    for (let maxBytes = 0; maxBytes <= Buffer.byteLength(text); maxBytes++) {
      const cut = cutToBytes(text, maxBytes)
      const next = [...text.slice(cut.length)][0] ?? ''
      expect(cut.isWellFormed() && text.startsWith(cut)).toBe(true)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes)
      expect(next === '' || Buffer.byteLength(cut + next) > maxBytes).toBe(true)
    }
  })
})
