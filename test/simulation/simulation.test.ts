import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'

const minute = 60_000

/** The simulation as its command runs it, in processes of its own. */
function simulate(...options: string[]): Promise<{ code: number; text: string }> {
  const script = join(import.meta.dirname, 'run.ts')
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, ...options],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr })
      },
    )
  })
}

describe('a day of bad luck', () => {
  it(
    'breaks no rule in any saved plan and in at least 200 seeds',
    async () => {
      const { code, text } = await simulate('--ci')

      process.stdout.write(text)
      expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' })
    },
    10 * minute,
  )

  it(
    'is noticed when any one of the guards is switched off',
    async () => {
      const { code, text } = await simulate('--mutants')

      process.stdout.write(text)
      expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' })
    },
    10 * minute,
  )

  it(
    'runs the same plan in the same way',
    async () => {
      const [one, other] = [await simulate('--seed', '7'), await simulate('--seed', '7')]

      expect(one.text).toMatch(/^seed 7 passed: \d+ steps/)
      expect(one.text).toBe(other.text)
    },
    minute,
  )
})
