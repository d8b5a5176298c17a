import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import countsReporter, { countsFileVariable } from '../support/counts-reporter.ts'

let folder: string
const outside = process.env[countsFileVariable]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-counts-'))
  process.env[countsFileVariable] = join(folder, 'counts.json')
})
afterEach(() => {
  if (outside === undefined) delete process.env[countsFileVariable]
  else process.env[countsFileVariable] = outside
  rmSync(folder, { recursive: true, force: true })
})

const of = (name: string) => ({ context: { config: { displayName: { name } } } })
const ran = { numPassingTests: 0, numFailingTests: 0, numPendingTests: 0, numTodoTests: 0 }
const counted = () => JSON.parse(readFileSync(join(folder, 'counts.json'), 'utf8'))

describe('the counts of a run', () => {
  it('are by project, of all its files', () => {
    const { onTestResult } = countsReporter()

    onTestResult(of('sqlite'), { ...ran, numPassingTests: 2, numPendingTests: 1 })
    onTestResult(of('mysql'), { ...ran, numPassingTests: 2 })
    onTestResult(of('sqlite'), { ...ran, numPassingTests: 3, numFailingTests: 1, numTodoTests: 1 })

    expect(counted()).toEqual({ sqlite: { passed: 5, failed: 1, skipped: 2 }, mysql: { passed: 2, failed: 0, skipped: 0 } })
  })

  it('have a failure for a file that could not be run', () => {
    countsReporter().onTestResult(of('unit'), { ...ran, testExecError: new Error('a word that is no TypeScript') })

    expect(counted()).toEqual({ unit: { passed: 0, failed: 1, skipped: 0 } })
  })

  it('are kept after each file, for a run that is cut off', () => {
    countsReporter().onTestResult(of('unit'), { ...ran, numPassingTests: 1 })

    expect(counted()).toEqual({ unit: { passed: 1, failed: 0, skipped: 0 } })
  })
})
