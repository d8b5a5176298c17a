import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isPublicAddress, isPublicHost } from '../../../server/lib/public-address.ts'

describe('an address is the internet’s', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::8'])(
    '%s is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'ff02::1',
    'no address',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  it('however a URL writes it', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(fc.constantFrom(10, 127), octet, octet, octet, (first, second, third, fourth) => {
        const number = ((first * 256 + second) * 256 + third) * 256 + fourth
        for (const text of [String(number), `0x${number.toString(16)}`, `${first}.${(second * 256 + third) * 256 + fourth}`])
          expect(isPublicHost(new URL(`https://${text}/`).hostname)).toBe(false)
      }),
    )
  })
})

it.each(['localhost', 'LOCALHOST.', 'till', 'db.internal', 'printer.local', 'router.lan', 'a.home.arpa', '[::1]'])(
  '%s names nothing of the internet’s',
  (host) => {
    expect(isPublicHost(host)).toBe(false)
  },
)
it.each(['example.com', 'shop.example.cn', 'localhost.example.com', 'xn--fiqs8s.cn'])('%s may', (host) => {
  expect(isPublicHost(host)).toBe(true)
})
