import { describe, expect, it } from '@jest/globals'
import { listenProblem } from '../../../server/lib/listen-problem.ts'

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
