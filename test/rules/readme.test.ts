import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Life } from '../../shared/kernel/states.ts'
import { statesDiagram } from '../support/states-diagram.ts'
import { root } from './checks.ts'

describe('the picture of the states', () => {
  it.each([
    ['README.md', 'order'],
    ['README.md', 'attempt'],
    ['README.md', 'refund'],
    ['README.md', 'delivery'],
    ['README.zh-CN.md', 'order'],
    ['README.zh-CN.md', 'attempt'],
    ['README.zh-CN.md', 'refund'],
    ['README.zh-CN.md', 'delivery'],
  ] as Array<[string, Life]>)('in %s is that of the table of an %s', (file, life) => {
    expect(readFileSync(join(root, file), 'utf8')).toContain(statesDiagram(life))
  })
})
