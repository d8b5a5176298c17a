import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { asInstant, chinaDay } from '../../../shared/kernel/time.ts'
import { type Shop, startShop } from '../../support/shop.ts'

const day = 24 * 60 * 60 * 1000

let shop: Shop
let yesterday: string
beforeAll(async () => {
  shop = await startShop()
  yesterday = chinaDay(asInstant(Date.now() - day))
})
afterAll(() => shop.close())

/** The command as `npm run reconcile` starts it, beside the running server. */
function reconcile(environment: Record<string, string>, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const script = join(import.meta.dirname, '../../../server/cli/reconcile.ts')
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...words], { env: { PATH: process.env.PATH ?? '', ...environment } }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

function configured(): Record<string, string> {
  return {
    ...shop.emulator.environment(),
    PUBLIC_URL: shop.origin(),
    DATABASE_URL: shop.databaseUrl,
    SESSION_SECRET: 'a secret for tests that is long enough',
    MASTER_KEY: 'a master key for tests that is long enough',
    BOOTSTRAP_API_KEY: shop.key,
  }
}

describe('npm run reconcile', () => {
  it('compares a day beside a running server, and the server knows of it', async () => {
    const { code, out, err } = await reconcile(configured(), yesterday)

    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject({ date: yesterday, channel: 'wechat', isEmpty: true, counts: {} })
    expect((await shop.get(`/reconciliations/${yesterday}`)).data).toMatchObject({ date: yesterday, isEmpty: true })
  })

  it.each([
    [[], 'npm run reconcile --'],
    [['yesterday'], 'is not a day'],
    [['2999-01-01'], 'is not over yet'],
  ])('says what is wrong with %j', async (words, problem) => {
    const { code, err } = await reconcile(configured(), ...words)

    expect([code, err.includes(problem)]).toEqual([1, true])
  })

  it('sends whoever has configured nothing to the running demo', async () => {
    expect(await reconcile({}, yesterday)).toMatchObject({ code: 1, err: expect.stringContaining('POST /api/v1/reconciliations') })
  })
})
