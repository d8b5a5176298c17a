import { describe, expect, it } from '@jest/globals'
import { zipSync } from 'fflate'
import { unzip } from '../../../server/lib/zip.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('a ZIP', () => {
  it('gives its files by name', () => {
    const files = unzip(zipSync({ 'a.csv': bytes('tea'), 'folder/b.csv': bytes('') }))

    expect([...files.keys()]).toEqual(['a.csv', 'folder/b.csv'])
    expect(new TextDecoder().decode(files.get('a.csv'))).toBe('tea')
  })

  it('that claims to hold more than a machine does is not unpacked', () => {
    const zip = zipSync({ 'a.csv': bytes('tea') })
    const entry = Buffer.from(zip.buffer, zip.byteOffset, zip.length)
    entry.writeUInt32LE(1024 * 1024 * 1024, entry.indexOf(Buffer.from('504b0102', 'hex')) + 24)

    expect(() => unzip(zip)).toThrow('unpacks to more than')
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['a page', bytes('<html></html>')],
    ['the first half of one', zipSync({ 'a.csv': bytes('tea'.repeat(100)) }).subarray(0, 60)],
  ])('is not %s', (_name, given) => {
    expect(() => unzip(given)).toThrow()
  })
})
