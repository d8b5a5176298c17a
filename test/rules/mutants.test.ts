import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { former, mutants } from '../simulation/mutants/mutants.ts'

const root = join(import.meta.dirname, '..', '..')

it.each([...mutants, ...former].map((mutant) => [mutant.name, mutant] as const))(
  'what %s changes stands in the source once',
  (_name, mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8')

    expect(mutant.edits.map(({ from }) => source.split(from).length - 1)).toEqual(mutant.edits.map(() => 1))
  },
)
