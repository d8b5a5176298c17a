import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ChannelError } from '../../server/channels/failure.ts'
import type { App } from '../../shared/kernel/pay.ts'
import { aDay } from '../support/builders.ts'
import { appSecret, makeWechatAccounts, type Opened } from '../support/wechat-account.ts'
import { type Reply, startWechatStandIn, type WechatStandIn } from '../support/wechat-stand-in.ts'

let standIn: WechatStandIn
let accounts: ReturnType<typeof makeWechatAccounts>
beforeAll(async () => {
  standIn = await startWechatStandIn(() => aDay)
  accounts = makeWechatAccounts(standIn, { at: aDay })
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const code = '0a1b2c+/=&x'
const login = async (app: App = 'miniprogram', given: Opened = {}) => accounts.open(given).login?.({ app, code })
const failureOf = async (...given: Parameters<typeof login>) =>
  login(...given).then(
    () => undefined,
    (error: unknown) => (error instanceof ChannelError ? error : undefined),
  )
/** api.weixin.qq.com signs nothing. */
const says = (body: unknown, more: Reply = {}) => standIn.answer({ body, change: () => ({}), ...more })

describe('a login code', () => {
  it.each([
    ['miniprogram', '/sns/jscode2session', 'js_code', 'wx00000000000000a1'],
    ['official', '/sns/oauth2/access_token', 'code', 'wx00000000000000b2'],
  ] as const)('of the %s is exchanged at %s, and nothing but the person is kept', async (app, path, name, appId) => {
    says({ openid: 'o-alice', unionid: 'u-alice', session_key: 'tiihtNczf5v6AKRyjwEUhQ==', access_token: 'token' })

    expect(await login(app)).toEqual({ openId: 'o-alice', unionId: 'u-alice', appId })
    const url = new URL(standIn.asked[0]?.url ?? '', standIn.origin)
    expect([url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
      path,
      { appid: appId, secret: appSecret, [name]: code, grant_type: 'authorization_code' },
    ])
  })

  it.each([
    ['in front of an openid', { errcode: 0, errmsg: 'ok', openid: 'o-alice' }],
    ['that is a text', { errcode: '0', openid: 'o-alice' }],
    ['that is not there', { openid: 'o-alice' }],
  ])('is good with an errcode of 0 %s', async (_name, body) => {
    says(body)

    expect(await login()).toMatchObject({ openId: 'o-alice' })
  })

  it.each([
    [40029, 'refused', 'invalid', 'UNAUTHORIZED'],
    [40163, 'refused', 'invalid', 'UNAUTHORIZED'],
    [41008, 'refused', 'invalid', 'UNAUTHORIZED'],
    [40226, 'refused', 'invalid', 'UNAUTHORIZED'],
    [45011, 'refused', 'rateLimited', 'RATE_LIMITED'],
    [40013, 'refused', 'configuration', 'CHANNEL_ERROR'],
    [40125, 'refused', 'configuration', 'CHANNEL_ERROR'],
    [41004, 'refused', 'configuration', 'CHANNEL_ERROR'],
    [-1, 'unknown', undefined, 'CHANNEL_ERROR'],
    [99999, 'unknown', undefined, 'CHANNEL_ERROR'],
  ])('answered with errcode %i is %s (%s): %s', async (errcode, kind, refusal, ours) => {
    says({ errcode, errmsg: 'said so, rid: 0123' })

    const failure = (await failureOf())?.failure

    expect(failure).toMatchObject({ kind, code: ours, channelCode: String(errcode) })
    expect(failure?.refusal).toBe(refusal)
  })

  it.each([
    ['HTML', '<html>busy</html>', {}],
    ['nothing', '', {}],
    ['a list', [], {}],
    ['an object without an openid', { session_key: 'x' }, {}],
    ['an openid with 500', { openid: 'o-alice' }, { status: 500 }],
    ['a redirect', '', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }],
    ['more than 64 KiB', Buffer.alloc(64 * 1024 + 1, ' '), {}],
    ['a line that is cut', '', { fault: 'reset' }],
  ] as const)('answered with %s logs nobody in: nobody knows', async (_name, body, more) => {
    says(body, more)

    expect((await failureOf())?.failure).toMatchObject({ kind: 'unknown', code: 'CHANNEL_ERROR' })
    expect(standIn.asked).toHaveLength(1)
  })

  it('that is never answered is told as late', async () => {
    says('', { fault: 'silent' })

    expect((await failureOf('miniprogram', { patienceMs: 50 }))?.failure).toMatchObject({
      kind: 'unknown',
      code: 'CHANNEL_TIMEOUT',
      isTimeout: true,
    })
  })

  it('of a snapshot page is nobody’s', async () => {
    says({ openid: 'o-nobody', is_snapshotuser: 1 })

    expect((await failureOf('official'))?.failure).toMatchObject({ kind: 'refused', code: 'UNAUTHORIZED' })
  })

  it('of an app without a secret names the settings', async () => {
    const failure = (await failureOf('official', { credentials: { officialAppSecret: undefined } }))?.failure

    expect(failure).toMatchObject({ refusal: 'configuration', message: expect.stringContaining('WECHAT_APP_SECRET') })
    expect(standIn.asked).toEqual([])
  })

  it('of another channel’s app is not taken', async () => {
    expect((await failureOf('alipay'))?.failure).toMatchObject({ kind: 'refused', code: 'PARAM_ERROR' })
  })
})

describe('what is told of a login that failed', () => {
  it.each([
    ['refused', () => says({ errcode: 40125, errmsg: `invalid appsecret ${appSecret}` }), {}],
    ['unreadable', () => says(`<html>${appSecret}</html>`), {}],
    ['cut off', () => says('', { fault: 'reset' }), {}],
    ['never answered', () => says('', { fault: 'silent' }), { patienceMs: 50 }],
    ['not sent', () => says(''), { credentials: { apiBase: 'http://127.0.0.1:9' } }],
  ] as const)('%s: shows neither the secret nor the code, however it is printed', async (_name, arm, given) => {
    arm()

    const error = await failureOf('miniprogram', given)

    expect(error).toBeInstanceOf(ChannelError)
    const printed = `${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 9, showHidden: true })}`
    expect(printed).not.toContain(appSecret)
    expect(printed).not.toContain(code)
    expect(printed).not.toContain(encodeURIComponent(code))
  })
})
