import { describe, expect, it } from '@jest/globals'
import { atHome } from '../../../server/core/rules/instances.ts'

const shop = 'https://pay.example'
const laptop = 'http://127.0.0.1:8600'

describe('the work of a store', () => {
  it.each([
    ['is done where it was begun', shop, shop, 'here'],
    ['is taken up by whoever comes first', undefined, shop, 'to_take'],
    ['is not done at another address: this may be a copy', shop, 'https://copy.example', 'elsewhere'],
    ['is not done on somebody’s own machine', shop, laptop, 'elsewhere'],
    ['moves from a trial on one machine to a public address', laptop, shop, 'to_take'],
    ['is done at any port of a trial', laptop, 'http://localhost:8700', 'here'],
    ['is done without a public address where none was ever given', '', '', 'here'],
  ])('%s', (_name, home, here, verdict) => {
    expect(atHome(home, here)).toBe(verdict)
  })
})
