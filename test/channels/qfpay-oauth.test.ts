import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { asOpenId } from '../../shared/kernel/ids.ts'
import { aDay } from '../support/builders.ts'
import { makeQfpayAccounts } from '../support/qfpay-account.ts'
import { appCode, type QfpayStandIn, signedMembers, startQfpayStandIn } from '../support/qfpay-stand-in.ts'

let standIn: QfpayStandIn
let accounts: ReturnType<typeof makeQfpayAccounts>
beforeAll(async () => {
  standIn = await startQfpayStandIn()
  accounts = makeQfpayAccounts(standIn, { at: aDay })
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const openId = asOpenId('oo3Lss8d0hLOuyTuSJMVwLTk68JE')
const asked = () => standIn.asked[0]

describe('who pays in WeChat’s browser', () => {
  const oauthOf = (credentials = {}) => {
    const { oauth } = accounts.open({ credentials })
    if (!oauth) throw new Error('QFPay says who pays')
    return oauth
  }

  it('is asked for at an address that is signed over the way back as it is', () => {
    const address = new URL(oauthOf().url({ redirectUri: 'https://shop.example/back?order=7&x=y', state: 'a b&c' }))

    const { sign, ...members } = Object.fromEntries(address.searchParams)
    expect(address.origin + address.pathname).toBe(`${standIn.origin}/tool/v1/get_weixin_oauth_code`)
    expect(members).toEqual({
      app_code: appCode,
      mchid: 'ZaMVg12345',
      redirect_uri: 'https://shop.example/back?order=7&x=y&state=a+b%26c',
    })
    expect(sign).toBe(signedMembers(members))
  })

  it('is asked for with MD5 also by an account on SHA-256, for there is no header to say so', () => {
    const { searchParams } = new URL(oauthOf({ signType: 'SHA256' }).url({ redirectUri: 'https://shop.example/back', state: '' }))

    const { sign, ...members } = Object.fromEntries(searchParams)
    expect(members.redirect_uri).toBe('https://shop.example/back')
    expect(sign).toBe(signedMembers(members, 'md5'))
  })

  it('is learned with the code, for one payment', async () => {
    standIn.answer('/tool/v1/get_weixin_openid', { says: { respcd: '0000', resperr: '', openid: openId } })

    expect(await oauthOf().openId({ code: '011QipnO1yMI' })).toEqual({ openId, appId: 'qfpay' })

    expect(oauthOf().isForOnePayment).toBe(true)
    expect(asked()).toMatchObject({ method: 'GET', isSigned: true, appCode, members: { code: '011QipnO1yMI', mchid: 'ZaMVg12345' } })
    expect(asked()?.members).not.toHaveProperty('app_code')
  })

  it.each([
    ['a code that was used', { respcd: '1104', resperr: 'code used' }, { kind: 'refused', refusal: 'invalid', channelCode: '1104' }],
    ['no openid', { respcd: '0000' }, { kind: 'unknown', code: 'CHANNEL_ERROR' }],
  ])('stays unknown with %s', async (_name, says, failure) => {
    standIn.answer('/tool/v1/get_weixin_openid', { says })

    await expect(oauthOf().openId({ code: 'x' })).rejects.toMatchObject({ failure })
  })
})
