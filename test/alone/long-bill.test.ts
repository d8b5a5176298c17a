import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const lines = 1_000_000
const mostMib = 256

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shouyin-bill-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a bill of a million lines', () => {
  it('is read and compared with the books within 256 MiB', async () => {
    const script = join(import.meta.dirname, '../support/read-long-bill.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      // As `npm start` runs it.
      '--max-semi-space-size=4',
      script,
      join(folder, 'books.sqlite'),
      String(lines),
    ])

    const said: { lines: number; counts: object; mib: number; seconds: number } = JSON.parse(stdout)
    process.stdout.write(`a million lines: ${said.seconds.toFixed(1)} s, ${said.mib.toFixed(0)} MiB at most\n`)
    expect(said).toMatchObject({ lines, counts: {} })
    expect(said.mib).toBeLessThan(mostMib)
  }, 300_000)
})
