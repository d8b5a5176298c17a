import { describe, expect, it } from '@jest/globals'
import { ConfigError, readConfig } from '../../../server/config/config.ts'

function limitsOf(environment: Record<string, string>) {
  return readConfig(environment, []).limits
}
function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment, [])
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ name, problem }) => `${name} ${problem}`)
  }
}

describe('a limit', () => {
  it('is a count and seconds', () => {
    expect(limitsOf({ RATE_LIMIT_KEY: '200/2' }).key).toEqual({ max: 200, windowMs: 2000 })
  })

  it('is far above what a shop needs when nothing is said', () => {
    expect(limitsOf({})).toEqual({
      key: { max: 30_000, windowMs: 60_000 },
      payer: { max: 300, windowMs: 60_000 },
      address: { max: 600, windowMs: 60_000 },
      guesses: { max: 10, windowMs: 60_000 },
    })
  })

  it('is none with 0', () => {
    expect(limitsOf({ RATE_LIMIT_ADDRESS: '0' }).address).toBeUndefined()
  })

  it.each(['100', '100/0', '0/60', '-1/60', '1e3/60', 'none'])('is refused as %s, with its name', (text) => {
    expect(problemsOf({ RATE_LIMIT_PAYER: text })).toEqual(['RATE_LIMIT_PAYER is neither a count and seconds nor 0 for no limit'])
  })
})

describe('METRICS_TOKEN', () => {
  it.each(['short', 'with a space in it 0001', '密码密码密码密码密码密码密码密码'])('is refused as %s, without being repeated', (text) => {
    expect(problemsOf({ METRICS_TOKEN: text })).toEqual(['METRICS_TOKEN is not 16 to 200 visible characters'])
  })
})
