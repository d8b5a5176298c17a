import { describe, expect, it } from '@jest/globals'
import { makeClientIp, networkOf } from '../../../server/http/client-ip.ts'

const behindOne = makeClientIp({ kind: 'hops', hops: 1 })
const behindTwo = makeClientIp({ kind: 'hops', hops: 2 })
const behindRange = makeClientIp({
  kind: 'ranges',
  ranges: [
    { address: '10.0.0.0', prefix: 8 },
    { address: 'fd00::', prefix: 8 },
  ],
})

describe('without a proxy that is believed', () => {
  const direct = makeClientIp({ kind: 'hops', hops: 0 })

  it.each([
    ['127.0.0.1', '1.2.3.4', '127.0.0.1'],
    ['203.0.113.9', '10.0.0.1, 127.0.0.1', '203.0.113.9'],
    ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['2001:db8::1', undefined, '2001:db8::1'],
  ])('%s that says it forwards for %s is %s', (socket, forwarded, address) => {
    expect(direct(socket, forwarded)).toBe(address)
  })
})

describe('behind one proxy that is believed', () => {
  it.each([
    ['what it wrote', '203.0.113.9', '203.0.113.9'],
    ['the last entry, not what the client made up', '9.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['an address with a port', '9.9.9.9, 203.0.113.9:4711', '203.0.113.9'],
    ['IPv6 with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['a mapped address', '::ffff:203.0.113.9', '203.0.113.9'],
    ['the proxy itself when nothing was written', '', '10.0.0.1'],
    ['the proxy itself when it wrote no address, never what stands before that', '9.9.9.9, unknown', '10.0.0.1'],
  ])('%s counts', (_name, forwarded, address) => {
    expect(behindOne('10.0.0.1', forwarded)).toBe(address)
  })
})

describe('behind two proxies', () => {
  it('the entry of the outer one counts', () => {
    expect(behindTwo('10.0.0.2', '9.9.9.9, 203.0.113.9, 10.0.0.1')).toBe('203.0.113.9')
  })

  it('a request that came through fewer has its farthest address', () => {
    expect(behindTwo('10.0.0.2', '203.0.113.9')).toBe('203.0.113.9')
    expect(behindTwo('10.0.0.2', undefined)).toBe('10.0.0.2')
  })
})

describe('behind proxies named by their ranges', () => {
  it.each([
    ['10.1.1.1', '9.9.9.9, 203.0.113.9, 10.2.2.2', '203.0.113.9'],
    ['fd00::1', '203.0.113.9', '203.0.113.9'],
    ['203.0.113.7', '9.9.9.9', '203.0.113.7'],
    ['10.1.1.1', '10.9.9.9, 10.2.2.2', '10.9.9.9'],
    ['10.1.1.1', '9.9.9.9, nonsense, 10.2.2.2', '10.2.2.2'],
  ])('%s that forwards for %s is %s', (socket, forwarded, address) => {
    expect(behindRange(socket, forwarded)).toBe(address)
  })

  it('a socket that is gone already is no error', () => {
    expect(behindRange(undefined, undefined)).toBe('')
  })
})

it('a header made to be slow is read at once', () => {
  const startedAt = process.cpuUsage().user
  behindOne('10.0.0.1', `${'1'.repeat(8000)}${',[:'.repeat(2000)}`)

  expect(process.cpuUsage().user - startedAt).toBeLessThan(50_000)
})

describe('the network whose limits an address counts for is', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:0:1:aaaa:bbbb:cccc:dddd', '2001:db8:0:1::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0001::', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['no address', 'no address'],
  ])('of %s: %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
