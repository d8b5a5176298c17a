import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ChannelAccount } from '../../server/channels/channel.ts'
import { ChannelError } from '../../server/channels/failure.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { asOpenId, asOutTradeNo } from '../../shared/kernel/ids.ts'
import { moneyOf } from '../../shared/kernel/money.ts'
import { anAttempt, aRefund } from '../support/builders.ts'
import { accountWays, openAccount } from '../support/registry-accounts.ts'

let answer: (response: ServerResponse) => void = (response) => response.end()
let server: Server
let emulator: RunningEmulator
const real = makeNodeRuntime()
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => answer(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  emulator = await startEmulator({ port: 0 })
})
afterAll(async () => {
  await emulator.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await real.end()
})

/** Waits no longer than a test may. */
const runtime = { ...real, fetch: (request: Parameters<typeof real.fetch>[0]) => real.fetch({ ...request, timeoutMs: 1500 }) }
const html = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'
const gbk = Buffer.concat([
  Buffer.from('<xml><return_code>SUCCESS</return_code><return_msg>'),
  Buffer.from([0xd6, 0xa7, 0xb8, 0xb6]),
  Buffer.from('</return_msg></xml>'),
])

const bodies: ReadonlyArray<readonly [string, number, string | Buffer]> = [
  ['an HTML page with 200', 200, html],
  ['an HTML page with 502', 502, html],
  ['nothing with 200', 200, ''],
  ['nothing with 204', 204, ''],
  ['bytes of GBK', 200, gbk],
  ['JSON of something else', 200, '{"ok":true}'],
  ['XML of something else', 200, '<xml><ok>1</ok></xml>'],
  ['XML with a document type', 200, '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><return_code>&a;</return_code></xml>'],
  [
    'a success that nobody signed',
    200,
    '<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code><trade_state>SUCCESS</trade_state><total_fee>1</total_fee></xml>',
  ],
  [
    'a success that nobody signed, in JSON',
    200,
    '{"respcd":"0000","trade_state":"SUCCESS","alipay_trade_query_response":{"code":"10000","trade_status":"TRADE_SUCCESS"}}',
  ],
  ['what is cut off', 200, '{"alipay_trade_query_response":{"code":"100'],
  ['a redirect', 302, ''],
]

describe.each(accountWays)('%s', (way) => {
  const opened = (): ChannelAccount => {
    const { port } = server.address() as AddressInfo
    const origin = `http://127.0.0.1:${port}`
    // Public-key mode needs no keys to be fetched first.
    return openAccount(way, emulator.emulator, runtime, {
      WECHAT_GATEWAY: origin,
      QFPAY_GATEWAY: origin,
      ALIPAY_GATEWAY: `${origin}/gateway.do`,
    })
  }
  const attemptOf = (account: ChannelAccount) => {
    const outTradeNo = asOutTradeNo('D202601020304050001')
    const ask = {
      ...anAttempt().ask,
      outTradeNo,
      payType: 'NATIVE' as const,
      appId: account.appIdFor('NATIVE') ?? anAttempt().ask.appId,
      openId: asOpenId('o'),
      amount: moneyOf(9999, account.currencies[0] ?? 'CNY'),
    }
    return anAttempt({ outTradeNo, ask })
  }
  const calls: Readonly<Record<string, (account: ChannelAccount) => Promise<unknown>>> = {
    prepare: (account) => account.prepare(attemptOf(account).ask),
    query: (account) => account.query(attemptOf(account)),
    close: (account) => account.close(attemptOf(account)),
    refund: (account) => account.refund(aRefund()),
    queryRefund: (account) => account.queryRefund(aRefund()),
  }

  it.each(bodies)('learns nothing from %s', async (_name, status, body) => {
    answer = (response) => response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(body)

    for (const [name, call] of Object.entries(calls)) {
      // QFPay's regions are not known to sign all they answer: what is not signed is guarded by TLS alone, and proves no payment.
      if (way === 'qfpay' && name === 'close' && typeof body === 'string' && body.includes('respcd')) continue
      const failure = await call(opened()).then(
        (value) => ({ name, value }),
        (error: unknown) => (error instanceof ChannelError ? error.failure : { name, error }),
      )
      expect(failure).toMatchObject({
        kind: expect.stringMatching(/^(unknown|untrusted)$/),
        code: expect.stringMatching(/^(CHANNEL_ERROR|SIGN_ERROR)$/),
      })
    }
  })

  it('takes silence for a timeout, which is unknown', async () => {
    answer = () => {}

    await expect(opened().query(attemptOf(opened()))).rejects.toMatchObject({
      failure: { kind: 'unknown', code: 'CHANNEL_TIMEOUT', isTimeout: true },
    })
  })

  it('that cannot be reached has sent nothing', async () => {
    const account = openAccount(way, emulator.emulator, runtime, {
      WECHAT_GATEWAY: 'http://127.0.0.1:9',
      QFPAY_GATEWAY: 'http://127.0.0.1:9',
      ALIPAY_GATEWAY: 'http://127.0.0.1:9/gateway.do',
    })

    await expect(account.query(attemptOf(account))).rejects.toMatchObject({ failure: { kind: 'notSent' } })
  })

  it.each([
    ['nothing', ''],
    ['JSON', '{"notify_type":"payment","respcd":"0000","out_trade_no":"D202601020304050001","txamt":"9999"}'],
    [
      'XML',
      '<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code><out_trade_no>D202601020304050001</out_trade_no><total_fee>9999</total_fee></xml>',
    ],
    ['XML with a total twice', '<xml><total_fee>1</total_fee><total_fee>9999</total_fee></xml>'],
    ['a form', 'trade_status=TRADE_SUCCESS&out_trade_no=D202601020304050001&total_amount=99.99&sign=AAAA&sign_type=RSA2'],
    ['bytes of no text', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
  ])('believes no notification of %s without a signature', async (_name, body) => {
    const read = opened().readNotification({ headers: { 'x-qf-sign': 'A'.repeat(32) }, body: Buffer.from(body) })

    await expect(read).rejects.toMatchObject({
      name: 'NoticeError',
      refusal: expect.stringMatching(/^(malformed|bad_signature|undecryptable)$/),
    })
  })

  it('says no secret in what it fails with', async () => {
    answer = (response) => response.end(html)
    const said = await opened()
      .prepare(attemptOf(opened()).ask)
      .catch((error: unknown) => JSON.stringify(error) + String(error))

    const { apiKey, apiV3Key } = emulator.emulator.credentials()
    for (const secret of [apiKey, apiV3Key, 'PRIVATE KEY', 'sign=']) expect(said).not.toContain(secret)
  })
})
