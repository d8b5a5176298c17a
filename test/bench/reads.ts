import type { ChildProcess } from 'node:child_process'
import type { Pool } from 'undici'
import { cpuSeconds, median } from './measure.ts'

export type Reader = {
  readonly process: ChildProcess
  readonly pool: Pool
  readonly headers: Record<string, string>
  path(orderId: string): string
}

const perRound = 2000
const width = 8
const depth = 10_000
const pageReads = 60

/** CPU of one status read, ours against the bare program's, round by round. */
export async function compareReads(bare: Reader, ours: Reader, { orderIds, rounds }: { orderIds: readonly string[]; rounds: number }) {
  const ratios: number[] = []
  const costs = { bareMs: [] as number[], oursMs: [] as number[] }
  for (const reader of [bare, ours]) await readMs(reader, orderIds, perRound)
  for (let round = 0; round < rounds; round++) {
    const isFirst = round % 2 === 0
    const one = await readMs(isFirst ? bare : ours, orderIds, perRound)
    const other = await readMs(isFirst ? ours : bare, orderIds, perRound)
    const [bareMs, oursMs] = isFirst ? [one, other] : [other, one]
    costs.bareMs.push(bareMs)
    costs.oursMs.push(oursMs)
    ratios.push(oursMs / bareMs)
  }
  return { ratios, bareMs: median(costs.bareMs), oursMs: median(costs.oursMs) }
}

/** How long a page takes that begins after so many rows, against the first page. */
export async function compareDepths({ pool, headers }: Reader): Promise<number> {
  let cursor = ''
  for (let seen = 0; seen < depth; seen += 100) {
    const { nextCursor } = await page(`/api/v1/orders?limit=100${cursor}`)
    cursor = `&cursor=${nextCursor}`
  }
  const took = { first: [] as number[], deep: [] as number[] }
  for (let nth = 0; nth < pageReads; nth++) {
    took.first.push(await timed('/api/v1/orders?limit=20'))
    took.deep.push(await timed(`/api/v1/orders?limit=20${cursor}`))
  }
  return median(took.deep) / median(took.first)

  async function timed(path: string): Promise<number> {
    const startedAt = performance.now()
    await page(path)
    return performance.now() - startedAt
  }

  async function page(path: string): Promise<{ nextCursor: string }> {
    const answer = await pool.request({ method: 'GET', path, headers })
    const { data } = JSON.parse(await answer.body.text())
    return data
  }
}

async function readMs({ process: child, pool, headers, path }: Reader, orderIds: readonly string[], count: number): Promise<number> {
  const pid = child.pid ?? 0
  const start = cpuSeconds(pid)
  let next = 0
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) {
        const orderId = orderIds[next++ % orderIds.length] ?? ''
        const answer = await pool.request({ method: 'GET', path: path(orderId), headers })
        const text = await answer.body.text()
        if (answer.statusCode !== 200) throw new Error(`${path(orderId)}: ${answer.statusCode} ${text}`)
      }
    }),
  )
  return ((cpuSeconds(pid) - start) * 1000) / count
}
