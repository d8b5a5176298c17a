import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { freePort } from '../support/mariadb.ts'
import { type Shop, startShop } from '../support/shop.ts'

const root = join(import.meta.dirname, '../..')
const exampleMaxLines = 15

let shop: Shop
let folder: string
const running: ChildProcess[] = []
beforeAll(async () => {
  shop = await startShop({ environment: { WEBHOOK_ALLOW_PRIVATE: '1' } })
  folder = await mkdtemp(join(tmpdir(), 'readme-'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await symlink(root, join(folder, 'shouyin'))
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await shop.close()
  await rm(folder, { recursive: true, force: true })
})

/** The blocks of code under a heading, each as a file beside the checkout. */
async function examples(readme: string, heading: string): Promise<string[]> {
  const text = await readFile(join(root, readme), 'utf8')
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  return Promise.all(
    blocks.map(async (code, nth) => {
      const file = join(folder, `${readme}-${nth}.ts`)
      await writeFile(file, code)
      return file
    }),
  )
}

/** Starts a file as a process of its own; what it says is kept. */
function start(file: string, environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--preserve-symlinks', file], { cwd: folder, env: { PATH: process.env.PATH, ...environment } })
  running.push(child)
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said.text += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { said, ended }
}

describe.each([
  ['README.md', 'Use it from your server', 'QR code:', 'deliver'],
  ['README.zh-CN.md', '在您的服务端使用', '二维码：', '发货'],
])('what %s shows', (readme, heading, qrCode, deliver) => {
  it('is short, and compiles as strictly as it can', async () => {
    const files = await examples(readme, heading)

    expect(files).toHaveLength(2)
    for (const file of files) expect((await readFile(file, 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(exampleMaxLines)
    const options =
      '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck --module nodenext --target es2024'
    const types = [
      '--allowImportingTsExtensions',
      '--erasableSyntaxOnly',
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--types',
      'node',
    ]
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const compiled = spawnSync(process.execPath, [compiler, ...options.split(' '), ...types, ...files], { encoding: 'utf8', cwd: folder })
    expect(compiled.stdout).toBe('')
  }, 60_000)

  it('makes an order, shows what to pay it with, and lists it', async () => {
    const [client = ''] = await examples(readme, heading)

    const { said, ended } = start(client, { SHOUYIN_URL: shop.origin(), SHOUYIN_KEY: shop.key })

    expect([await ended, said.text]).toEqual([0, expect.stringContaining(`${qrCode} weixin://`)])
    expect(said.text).toContain('T20260102-7 99.99 pending')
    expect((await shop.read('T20260102-7')).attempts).toHaveLength(1)
  })

  it('takes the webhooks that it is sent, and no others', async () => {
    const [, receiver = ''] = await examples(readme, heading)
    const port = await freePort()
    const address = `http://127.0.0.1:${port}`
    const { endpointId, secret } = (await shop.post('/webhook-endpoints', { url: address, types: ['payment.succeeded'] })).data
    const { said } = start(receiver, { WEBHOOK_SECRET: secret, PORT: String(port) })
    const forged = () =>
      fetch(address, { method: 'POST', body: '{}' }).then(
        ({ status }) => status,
        () => 0,
      )
    await shop.eventually(forged, (status) => status === 400)

    const { orderId } = await shop.order()
    await shop.pay(orderId)
    await shop.phone(orderId)

    await shop.eventually(
      async () => said.text,
      (text) => text.includes(`${deliver} ${orderId} 99.99`),
    )
    await shop.eventually(
      async () => (await shop.get(`/events?orderId=${orderId}&type=payment.succeeded`)).data.items[0].deliveries[0].status,
      (status) => status === 'succeeded',
    )
    await shop.request('DELETE', `/webhook-endpoints/${endpointId}`)
  })
})
