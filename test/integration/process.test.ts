import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { startEmulator } from '../../server/emulator/listen.ts'
import type { Data } from '../support/client.ts'
import { freshDatabase } from '../support/databases.ts'
import { freePort } from '../support/mariadb.ts'
import { runServerProcess, startServerProcess } from '../support/server-process.ts'

const endings: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

describe('the process', () => {
  it('with nothing configured is a demo that takes an order from a login code to paid, and keeps it over kill -9', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shouyin-demo-'))
    endings.push(() => rm(folder, { recursive: true, force: true }))
    const [port, emulatorPort] = [await freePort(), await freePort()]
    const [origin, emulator] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${emulatorPort}`]
    const environment = { PORT: String(port), EMULATOR_PORT: String(emulatorPort) }
    const start = () => startServerProcess(environment, { cwd: folder, answersAt: `${origin}/readyz` })
    let server = await start()
    const ask = async (address: string, body?: unknown, token?: string): Promise<Data> =>
      (
        await fetch(address, {
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
          headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        })
      ).json()

    const { code } = await ask(`${emulator}/_emulator/codes`, { payer: 'alice' })
    const { token } = (await ask(`${origin}/api/v1/cashier/session`, { code, app: 'miniprogram' })).data
    const { orderId } = (await ask(`${origin}/api/v1/cashier/orders`, { items: [{ productId: 'tea', quantity: 1 }] }, token)).data
    await ask(`${origin}/api/v1/cashier/orders/${orderId}/pay`, { payType: 'MINIPROGRAM' }, token)
    await server.kill('SIGKILL')
    server = await start()
    endings.push(() => server.kill())
    await ask(`${emulator}/_emulator/payments/${orderId}`, { do: 'pay' })

    expect(server.output()).toContain('Pay an order from another terminal')
    expect((await ask(`${origin}/api/v1/cashier/orders/${orderId}`, undefined, token)).data.status).toBe('succeeded')
    expect((await ask(`${origin}/api/v1/orders/${orderId}`, undefined, 'sk_test_demo')).data.status).toBe('succeeded')
    for (const account of [
      { channel: 'wechat' },
      { channel: 'wechat', account: 'wechat-partner' },
      { channel: 'alipay' },
      { channel: 'qfpay', currency: 'HKD' },
    ]) {
      const { currency = 'CNY', ...at } = account
      const asked = await ask(`${origin}/api/v1/orders`, { subject: 'Tea', amount: '9.90', currency }, 'sk_test_demo')
      const path = `${origin}/api/v1/orders/${asked.data.orderId}`
      expect(await ask(`${path}/pay`, { payType: 'NATIVE', ...at }, 'sk_test_demo')).toMatchObject({ success: true })
      await ask(`${emulator}/_emulator/payments/${asked.data.orderId}`, { do: 'pay' })
      expect(await ask(`${path}/check`, {}, 'sk_test_demo')).toMatchObject({ data: { status: 'succeeded', channel: at.channel } })
    }
  }, 30_000)

  it('as a demo lives in the time of its channel: what is moved there passes here, also over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shouyin-demo-'))
    endings.push(() => rm(folder, { recursive: true, force: true }))
    const [port, emulatorPort] = [await freePort(), await freePort()]
    const [origin, emulator] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${emulatorPort}`]
    const environment = { PORT: String(port), EMULATOR_PORT: String(emulatorPort) }
    const ask = async (address: string, body?: unknown): Promise<Data> => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer sk_test_demo' }
      return (await fetch(address, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) })).json()
    }
    const paid = async (): Promise<string> => {
      const { orderId } = (await ask(`${origin}/api/v1/orders`, { subject: 'Tea', amount: '1' })).data
      await ask(`${origin}/api/v1/orders/${orderId}/pay`, {})
      await ask(`${emulator}/_emulator/payments/${orderId}`, { do: 'pay' })
      return (await ask(`${origin}/api/v1/orders/${orderId}`)).data.status
    }
    let server = await startServerProcess(environment, { cwd: folder, answersAt: `${origin}/readyz` })
    const { orderId } = (await ask(`${origin}/api/v1/orders`, { subject: 'Tea', amount: '1' })).data
    await ask(`${origin}/api/v1/orders/${orderId}/pay`, {})

    await ask(`${emulator}/_emulator/clock`, { advance: 'PT2H' })

    const left = async () => (await ask(`${origin}/api/v1/orders/${orderId}`)).data.status
    for (const end = Date.now() + 10_000; (await left()) === 'pending' && Date.now() < end; ) await pause(50)
    expect(await left()).toBe('closed')
    expect(await paid()).toBe('succeeded')
    await server.kill('SIGKILL')
    server = await startServerProcess(environment, { cwd: folder, answersAt: `${origin}/readyz` })
    endings.push(() => server.kill())
    expect(await paid()).toBe('succeeded')
  }, 60_000)

  it('configured for another gateway starts no emulator, and knows no demo key', async () => {
    const standIn = await startEmulator({ port: 0 })
    const database = await freshDatabase()
    endings.push(() => standIn.close(), database.drop)
    const [port, emulatorPort] = [await freePort(), await freePort()]
    const secret = 'a secret for tests that is long enough'
    const environment = {
      ...standIn.emulator.environment(),
      PORT: String(port),
      EMULATOR_PORT: String(emulatorPort),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      DATABASE_URL: database.url,
      SESSION_SECRET: secret,
      MASTER_KEY: secret,
    }
    const server = await startServerProcess(environment, { answersAt: `http://127.0.0.1:${port}/readyz` })
    endings.push(() => server.kill())

    await expect(fetch(`http://127.0.0.1:${emulatorPort}/phone`)).rejects.toThrow()
    expect((await fetch(`http://127.0.0.1:${port}/phone`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/orders`, { headers: { authorization: 'Bearer sk_test_demo' } })).status).toBe(401)
  }, 30_000)

  it('ends by itself with 0 on SIGTERM, and what it said last is in the log', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shouyin-demo-'))
    endings.push(() => rm(folder, { recursive: true, force: true }))
    const [port, emulatorPort] = [await freePort(), await freePort()]
    const server = await startServerProcess(
      { PORT: String(port), EMULATOR_PORT: String(emulatorPort) },
      { cwd: folder, answersAt: `http://127.0.0.1:${port}/readyz` },
    )

    expect(await server.kill('SIGTERM')).toBe(0)
    expect(server.output()).toContain('"event":"stopping"')
  }, 30_000)

  it.each(['PORT', 'EMULATOR_PORT'])(
    'whose %s is taken says so in one line',
    async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'shouyin-demo-'))
      const other = await startEmulator({ port: 0 })
      endings.push(
        () => rm(folder, { recursive: true, force: true }),
        () => other.close(),
      )
      const ports = { PORT: String(await freePort()), EMULATOR_PORT: String(await freePort()), [name]: new URL(other.origin).port }

      const { code, output } = await runServerProcess(ports, folder)

      expect(code).toBe(1)
      expect(output).toMatch(new RegExp(`^${name}: 127.0.0.1:\\d+ is in use by another program: end it, or choose another port\n$`))
    },
    30_000,
  )

  it('whose database is away says so in one line, without its password', async () => {
    const { code, output } = await runServerProcess({
      QFPAY_APP_CODE: 'D00DFEED00000000000000000000A001',
      QFPAY_CLIENT_KEY: 'A'.repeat(32),
      PUBLIC_URL: 'https://pay.example.com',
      SESSION_SECRET: 'a secret for tests that is long enough',
      MASTER_KEY: 'a secret for tests that is long enough',
      DATABASE_URL: `mysql://shop:hunter2secret@127.0.0.1:${await freePort()}/shop`,
    })

    expect(code).toBe(1)
    expect(output).toMatch(/^DATABASE_URL: no database host takes a connection \(connect ECONNREFUSED .*\): is it running/m)
    expect(output).not.toMatch(/hunter2secret|at openFirst/)
  }, 30_000)

  it('tells everything that is wrong with its configuration at once, shows no secret, and ends with 78', async () => {
    const { code, output } = await runServerProcess({
      WECHAT_MCH_ID: '12',
      WECHAT_API_V3_KEY: 'too-short-secret',
      PORT: '99999',
      LATE_PAYMENT: 'keep',
      WECHAT_PRIVATE_KEY: 'no pem at all',
    })

    expect(code).toBe(78)
    for (const name of [
      'WECHAT_MCH_ID',
      'WECHAT_API_V3_KEY',
      'PORT',
      'LATE_PAYMENT',
      'WECHAT_PRIVATE_KEY',
      'PUBLIC_URL',
      'SESSION_SECRET',
      'MASTER_KEY',
      'WECHAT_CERT_SERIAL_NO',
      'WECHAT_MINIPROGRAM_APP_ID',
    ])
      expect(output).toContain(name)
    expect(output).toContain('for example')
    expect(output).not.toMatch(/too-short-secret|no pem at all/)
  })
})
