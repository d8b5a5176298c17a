import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { aNumber, makeAlipayAccounts } from '../support/alipay-account.ts'
import { type AlipayStandIn, appId, miniprogramAppId, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay } from '../support/builders.ts'

const method = 'alipay.system.oauth.token'
let standIn: AlipayStandIn
let accounts: ReturnType<typeof makeAlipayAccounts>
beforeAll(async () => {
  standIn = await startAlipayStandIn(() => aDay)
  accounts = makeAlipayAccounts(standIn, { at: aDay })
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const token = { access_token: 'authbseB', expires_in: '1296000', refresh_token: 'authbseBr', auth_start: '2026-01-02 12:00:00' }
const login = (code = 'c0de') => accounts.open().login?.({ app: 'alipay', code })

describe('a login code', () => {
  it('gives the person in the mini-program, asked for under its own app, beside biz_content', async () => {
    standIn.answer(method, { says: { ...token, open_id: '074a1Cc', union_id: 'u1' } })

    expect(await login()).toEqual({ openId: '074a1Cc', appId: miniprogramAppId, unionId: 'u1' })
    expect(standIn.asked[0]).toMatchObject({
      isSigned: true,
      members: { app_id: miniprogramAppId, grant_type: 'authorization_code', code: 'c0de' },
    })
    expect(standIn.asked[0]?.members).not.toHaveProperty('biz_content')
  })

  it.each([
    ['a newer app, which knows open_ids alone', { open_id: '074a1Cc' }, '074a1Cc'],
    ['an older app, which knows user_ids', { user_id: '2088102122524333' }, '2088102122524333'],
    ['an app that has both', { user_id: '2088102122524333', open_id: '074a1Cc' }, '074a1Cc'],
  ])('in %s is somebody', async (_name, person, openId) => {
    standIn.answer(method, { says: { ...token, ...person } })

    expect(await login()).toMatchObject({ openId })
  })

  it.each([
    ['signed', {}],
    ['early, without a signature', { as: 'error_response', sign: () => undefined }],
    ['as an error, signed', { as: 'error_response' }],
  ])('that was used is refused, %s, and a new one is wanted', async (_name, how) => {
    standIn.answer(method, {
      says: { code: '40002', msg: 'Invalid Arguments', sub_code: 'isv.code-invalid', sub_msg: '授权码无效' },
      ...how,
    })

    await expect(login()).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'invalid', code: 'UNAUTHORIZED', hint: { en: expect.stringContaining('log in again') } },
    })
  })

  it.each([
    ['names nobody', token],
    ['has no token', { open_id: '074a1Cc' }],
    ['is another call’s success', { code: '10000', out_trade_no: aNumber }],
  ])('answered by what %s logs nobody in', async (_name, says) => {
    standIn.answer(method, { says })

    await expect(login()).rejects.toMatchObject({ failure: { kind: 'unknown' } })
  })

  it.each([
    ['nobody signed', { sign: () => undefined }, 'unknown'],
    ['somebody else signed', { sign: (signature: string) => signature.split('').reverse().join('') }, 'untrusted'],
  ])('answered by what %s logs nobody in', async (_name, how, kind) => {
    standIn.answer(method, { says: { ...token, open_id: '074a1Cc' }, ...how })

    await expect(login()).rejects.toMatchObject({ failure: { kind } })
  })

  it('of another platform’s app is refused without asking', async () => {
    await expect(accounts.open().login?.({ app: 'miniprogram', code: 'c0de' })).rejects.toMatchObject({ failure: { code: 'PARAM_ERROR' } })
    expect(standIn.asked).toEqual([])
  })
})

describe('a page in Alipay’s browser', () => {
  it('is sent to Alipay’s own address with what it has to come back with', () => {
    const url = new URL(accounts.open().oauth?.url({ redirectUri: 'https://shop.example/back?a=1&b=2', state: 's 1' }) ?? '')

    expect(url.origin + url.pathname).toBe(`${standIn.origin}/oauth2/publicAppAuthorize.htm`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      app_id: appId,
      scope: 'auth_base',
      redirect_uri: 'https://shop.example/back?a=1&b=2',
      state: 's 1',
    })
  })

  it('learns who pays under the first app, not the mini-program’s', async () => {
    standIn.answer(method, { says: { ...token, open_id: '074a1Cc' } })

    expect(await accounts.open().oauth?.openId({ code: 'c0de' })).toMatchObject({ openId: '074a1Cc', appId })
    expect(standIn.asked[0]).toMatchObject({ isSigned: true, members: { app_id: appId } })
  })
})
