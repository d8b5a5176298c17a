import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { build } from 'esbuild'

import { bundleClient } from '../../../shared/bundle-for-servers.ts'

const folder = join(import.meta.dirname, '../../../shared')

/** A file of the client as WeChat's compiler takes it, alone. */
async function bundle(file: string): Promise<{ code: string; inputs: string[] }> {
  const result = await build({
    entryPoints: [join(folder, file)],
    bundle: true,
    format: 'iife',
    globalName: 'made',
    target: 'es2018',
    charset: 'utf8',
    write: false,
    metafile: true,
  })
  return { code: result.outputFiles[0]?.text ?? '', inputs: Object.keys(result.metafile.inputs) }
}

describe('the client', () => {
  it.each(['client/merchant-client.ts', 'client/verify-webhook.ts', 'client/former-element.ts', 'client/web-platform.ts', 'api/client.ts'])(
    'in %s brings no package along, and few kilobytes',
    async (file) => {
      const { code, inputs } = await bundle(file)

      expect(inputs.filter((input) => input.includes('node_modules'))).toEqual([])
      expect(code.length).toBeLessThan(16_000)
    },
  )

  it('runs where there is neither fetch nor URL nor crypto, as in a mini-program', async () => {
    const { code } = await bundle('client/merchant-client.ts')
    const outcome: unknown = await runInNewContext(
      `${code}
      const asked = []
      const client = made.makeMerchantClient({
        transport: async (request) => {
          asked.push(request.method + ' ' + request.path)
          return { status: 200, body: { success: true, data: { items: [{ orderId: 'T1' }], nextCursor: null } } }
        },
        runtime: { now: () => 0, sleep: async () => {}, random: () => 0, newKey: () => 'k' },
      })
      ;(async () => {
        const seen = []
        for await (const order of client.orders.each({ status: 'pending' })) seen.push(order.orderId)
        return JSON.stringify({ seen, asked, globals: [typeof fetch, typeof URL, typeof crypto, typeof process] })
      })()`,
      {},
    )

    expect(JSON.parse(String(outcome))).toEqual({
      seen: ['T1'],
      asked: ['GET /orders?status=pending'],
      globals: ['undefined', 'undefined', 'undefined', 'undefined'],
    })
  })

  it('is written for servers as one file of JavaScript that imports nothing', async () => {
    const code = await bundleClient()

    expect(code).not.toMatch(/^import /m)
    const made = await import(`data:text/javascript,${encodeURIComponent(code)}`)
    expect(Object.keys(made)).toEqual(
      expect.arrayContaining(['connectMerchant', 'makeMerchantClient', 'verifyWebhook', 'openFormerElement', 'ApiError']),
    )
  })
})
