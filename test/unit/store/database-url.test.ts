import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { parseDatabaseUrl } from '../../../server/store/database-url.ts'

describe('the address of a store', () => {
  it.each([
    ['sqlite:./data/shouyin.sqlite', './data/shouyin.sqlite'],
    ['sqlite:/var/lib/shouyin.sqlite', '/var/lib/shouyin.sqlite'],
    ['sqlite::memory:', ':memory:'],
  ])('%s is a file', (text, path) => {
    expect(parseDatabaseUrl(text)).toEqual({ kind: 'sqlite', path })
  })

  it.each([
    ['mysql://app:pw@db/shop', [['db', 3306]]],
    ['mysql://app:pw@db:3307/shop', [['db', 3307]]],
    [
      'mysql://app:pw@db1:3306,db2,[::1]:3308/shop?charset=utf8mb4',
      [
        ['db1', 3306],
        ['db2', 3306],
        ['::1', 3308],
      ],
    ],
  ])('%s names its hosts in their order', (text, hosts) => {
    expect(parseDatabaseUrl(text)).toMatchObject({
      kind: 'mysql',
      user: 'app',
      database: 'shop',
      hosts: hosts.map(([host, port]) => ({ host, port })),
    })
  })

  it('may escape what has a meaning in it, and shows its password to nobody', () => {
    const url = parseDatabaseUrl('mysql://shop%2Bapp:p%40ss%2Fw%25rd@db/shop')

    if (!('kind' in url) || url.kind !== 'mysql') throw new Error('is refused')
    expect(url.user).toBe('shop+app')
    expect(url.password.reveal()).toBe('p@ss/w%rd')
    expect(inspect(url) + JSON.stringify(url)).not.toContain('p@ss')
  })

  it.each([
    ['', 'is neither'],
    ['sqlite:', 'names no file'],
    ['postgres://app:hush@db/shop', 'is neither'],
    ['mysql://app:hush@db', 'is neither'],
    ['mysql://app:hush@db/', 'is neither'],
    ['mysql://app:hu@hush@db/shop', '%40'],
    ['mysql://app:hush/hush@db/shop', '%2F'],
    ['mysql://app:hush%@db/shop', '%25'],
    ['mysql://app:hush@db:0/shop', 'db:0'],
    ['mysql://app:hush@db:70000/shop', 'db:70000'],
    ['mysql://app:hush@db1,,db2/shop', 'db1,,db2'],
  ])('%s is refused in words that do not show the password', (text, words) => {
    const refused = parseDatabaseUrl(text)

    expect(refused).toEqual({ problem: expect.stringContaining(words) })
    expect(JSON.stringify(refused)).not.toContain('hush')
  })
})
