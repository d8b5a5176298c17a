import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import { wechat } from '../../server/channels/wechat/definition.ts'
import { makeSettings } from '../../server/config/environment.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { OutgoingRequest } from '../../server/lib/runtime.ts'
import { asOutTradeNo, defaultAccount } from '../../shared/kernel/ids.ts'
import { anAttempt } from '../support/builders.ts'
import { freePort } from '../support/mariadb.ts'
import { silentLog } from '../support/silent-log.ts'

let running: RunningEmulator
const real = makeNodeRuntime()
beforeAll(async () => {
  running = await startEmulator({ port: 0 })
})
afterAll(async () => {
  await running.close()
  await real.end()
})

const outTradeNo = asOutTradeNo('NOBODY-0001')

/** An account as the environment makes it, whose requests are seen, and whose keepsakes outlive it. */
function open(given: Record<string, string> = {}, kept = new Map<string, string>()): { account: ChannelAccount; sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = []
  const settings = makeSettings({ ...running.emulator.environment(), ...given })
  const source = wechat.fromEnvironment(settings)
  if (!source) throw new Error(JSON.stringify(settings.problems))
  const runtime = {
    ...real,
    fetch: async (request: OutgoingRequest) => {
      sent.push(request)
      return real.fetch(request)
    },
  }
  const keepsake = { load: async (name: string) => kept.get(name), save: async (name: string, text: string) => void kept.set(name, text) }
  return { account: source.open({ account: defaultAccount, runtime, log: silentLog, clockSeen: () => {}, keepsake }), sent }
}

const certificatesOnly = { WECHAT_PUBLIC_KEY_ID: '', WECHAT_PUBLIC_KEY: '' }
const fetches = (sent: readonly OutgoingRequest[]) => sent.filter(({ url }) => url.endsWith('/v3/certificates')).length

describe('a gateway that cannot be reached', () => {
  it('is made up for by the backup host, once, with the same bytes under the same signature', async () => {
    const { account, sent } = open({ WECHAT_GATEWAY: `http://127.0.0.1:${await freePort()}`, WECHAT_GATEWAY_BACKUP: running.origin })

    expect((await account.query(anAttempt({ outTradeNo }))).outcome).toEqual({ status: 'notFound' })
    expect(sent).toHaveLength(2)
    expect(sent[1]?.headers.authorization).toBe(sent[0]?.headers.authorization)
    expect(sent[1]?.url.startsWith(running.origin)).toBe(true)
  })

  it('without a backup host nothing has left, and that is what is said', async () => {
    const { account, sent } = open({ WECHAT_GATEWAY: `http://127.0.0.1:${await freePort()}` })

    await expect(account.query(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'notSent', code: 'CHANNEL_ERROR' } })
    expect(sent).toHaveLength(1)
  })

  it('that took the request and fell silent is asked nowhere else', async () => {
    running.emulator.arm({ fault: 'reset', match: { path: '/v3/pay' } })
    const { account, sent } = open({ WECHAT_GATEWAY_BACKUP: running.origin })

    await expect(account.query(anAttempt({ outTradeNo }))).rejects.toMatchObject({ failure: { kind: 'unknown' } })
    expect(sent).toHaveLength(1)
  })
})

describe('platform certificates', () => {
  it('are fetched once for all who need them, kept, and not fetched by the next instance', async () => {
    const kept = new Map<string, string>()
    const first = open(certificatesOnly, kept)
    await Promise.all(Array.from({ length: 20 }, () => first.account.query(anAttempt({ outTradeNo }))))
    const second = open(certificatesOnly, kept)
    await second.account.query(anAttempt({ outTradeNo }))

    expect([fetches(first.sent), fetches(second.sent)]).toEqual([1, 0])
  })

  it('unknown serials cost one fetch, however many messages name them', async () => {
    const { account, sent } = open(certificatesOnly)
    await account.query(anAttempt({ outTradeNo }))
    const headers = {
      'wechatpay-timestamp': String(Math.floor(Date.now() / 1000)),
      'wechatpay-nonce': 'n',
      'wechatpay-signature': 'AAAA',
      'wechatpay-serial': '7'.repeat(40),
    }
    const before = fetches(sent)

    const refusals = await Promise.all(
      Array.from({ length: 50 }, () => account.readNotification({ headers, body: Buffer.from('{}') }).catch((error: unknown) => error)),
    )

    expect(refusals.every((error) => error instanceof Error && 'refusal' in error && error.refusal === 'unknown_key')).toBe(true)
    expect(fetches(sent) - before).toBeLessThanOrEqual(1)
  })

  it('known before a rotation go on verifying after it: the request names the key of its answer', async () => {
    const { account, sent } = open(certificatesOnly)
    await account.query(anAttempt({ outTradeNo }))
    await running.emulator.rotate('certificate')

    expect((await account.query(anAttempt({ outTradeNo }))).outcome.status).toBe('notFound')
    expect(fetches(sent)).toBe(1)
  })

  it('that the APIv3 key does not open are a matter of who calls, told with the name of the setting', async () => {
    const { account } = open({ ...certificatesOnly, WECHAT_API_V3_KEY: 'another-key-of-thirty-two-bytes!' })

    await expect(account.query(anAttempt({ outTradeNo }))).rejects.toMatchObject({
      failure: { refusal: 'caller', message: expect.stringContaining('WECHAT_API_V3_KEY') },
    })
  })
})

describe('a login', () => {
  it('never shows the secret, whatever goes wrong', async () => {
    const secret = running.emulator.environment().WECHAT_MINIPROGRAM_APP_SECRET ?? ''
    const wrong = await open({ WECHAT_API_BASE: `http://127.0.0.1:${await freePort()}` })
      .account.login?.({ app: 'miniprogram', code: 'x' })
      .catch((error: unknown) => error)
    const refused = await open()
      .account.login?.({ app: 'miniprogram', code: 'invented' })
      .catch((error: unknown) => error)

    for (const error of [wrong, refused])
      expect(`${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`).not.toContain(secret)
    expect(refused).toMatchObject({ failure: { code: 'UNAUTHORIZED', channelCode: '40029' } })
  })
})
