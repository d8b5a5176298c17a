import { describe, expect, it } from '@jest/globals'
import { listenProblem, storeProblem } from '../../../server/lib/start-problem.ts'

describe('an address that cannot be listened on', () => {
  it.each([
    ['in use', { code: 'EADDRINUSE', address: '127.0.0.1', port: 8600 }, /^PORT: 127.0.0.1:8600 is in use/, true],
    [
      'of another machine',
      { code: 'EADDRNOTAVAIL', address: '192.0.2.1', port: 8600 },
      /^HOST: 192.0.2.1 is no address of this machine/,
      true,
    ],
    ['without a number', { code: 'ENOTFOUND', hostname: 'till' }, /^HOST: till is not known/, false],
    ['for another user', { code: 'EACCES', address: '0.0.0.0', port: 80 }, /^PORT: this user may not listen on 0.0.0.0:80/, false],
  ])('%s is told by its setting, and whether it may pass', (_name, members, text, passes) => {
    expect(listenProblem(Object.assign(new Error('listen'), members), 'PORT')).toEqual({ text: expect.stringMatching(text), passes })
  })

  it('for another reason is a mistake of ours', () => {
    expect(listenProblem(new Error('else'), 'PORT')).toBeUndefined()
  })
})

describe('a store that cannot be opened', () => {
  it('says so of a database that is away, with the driver’s reason: it may come back', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:3306')
    const error = Object.assign(new Error('no database host takes a connection', { cause }), { name: 'NoConnection' })

    expect(storeProblem(error)).toEqual({
      text: 'DATABASE_URL: no database host takes a connection (connect ECONNREFUSED 127.0.0.1:3306): is it running, and are host, user, password and database right?',
      passes: true,
    })
  })

  it('says so of a file, which stays where it is', () => {
    const text = expect.stringMatching(/^DATABASE_URL: the file cannot be written \(EACCES\)/)

    expect(storeProblem(Object.assign(new Error('no'), { code: 'EACCES' }))).toEqual({ text, passes: false })
    expect(storeProblem(new Error('else'))).toBeUndefined()
  })
})
