import { generateKeyPairSync } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Secret } from '../../server/lib/secret.ts'
import { anAttempt, aRefund } from '../support/builders.ts'
import { selfSigned } from '../support/self-signed.ts'
import { makeWechatV2Accounts } from '../support/wechat-v2-account.ts'
import { startWechatV2StandIn, type WechatV2StandIn } from '../support/wechat-v2-stand-in.ts'

const day = 24 * 60 * 60 * 1000
const trustedBefore = getCACertificates('default')
const [theirs, ours, strangers] = [pair('localhost'), pair('merchant 1900000001'), pair('somebody')]
const certificateOf = ({ cert, key }: { cert: string; key: string }) => ({ certificate: cert, privateKey: new Secret(key) })

function pair(name: string): { cert: string; key: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = selfSigned(privateKey, { serial: '11223344', from: Date.now() - day, to: Date.now() + day, name })
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

let standIn: WechatV2StandIn
let accounts: ReturnType<typeof makeWechatV2Accounts>
beforeAll(async () => {
  setDefaultCACertificates([...trustedBefore, theirs.cert])
  standIn = await startWechatV2StandIn({ ...theirs, clients: ours.cert })
  accounts = makeWechatV2Accounts(standIn.origin)
})
beforeEach(() => {
  standIn.asked.length = 0
})
afterAll(async () => {
  await accounts.end()
  await standIn.close()
  setDefaultCACertificates(trustedBefore)
})

const refunded = { out_trade_no: 'D202601020304050001', out_refund_no: 'ref_1', refund_id: '5030001234', refund_fee: '1000' }

describe('over TLS', () => {
  const open = () => accounts.open({ clientCertificate: certificateOf(ours) })

  it('refunds and reversals show the merchant’s certificate', async () => {
    standIn.answer({ members: refunded })
    expect((await open().refund(aRefund())).outcome).toEqual({ status: 'processing' })

    standIn.answer({ members: { recall: 'N' } })
    await open().reverse?.(anAttempt())

    expect(standIn.asked.map(({ path, shown }) => [path, shown])).toEqual([
      ['/secapi/pay/refund', 'merchant 1900000001'],
      ['/secapi/pay/reverse', 'merchant 1900000001'],
    ])
  })

  it('nothing else does', async () => {
    standIn.answer({ members: { out_trade_no: 'D202601020304050001', trade_state: 'NOTPAY' } })

    await open().query(anAttempt())
    await open().close(anAttempt())

    expect(standIn.asked.map(({ path, shown }) => [path, shown])).toEqual([
      ['/pay/orderquery', undefined],
      ['/pay/closeorder', undefined],
    ])
  })

  it('a certificate that the channel does not know leaves the outcome open', async () => {
    standIn.answer({ members: refunded })

    const refunding = accounts.open({ clientCertificate: certificateOf(strangers) }).refund(aRefund())

    await expect(refunding).rejects.toMatchObject({ failure: { kind: 'unknown', code: 'CHANNEL_ERROR' } })
  })

  it('without a certificate a refund does not leave this machine, and the names to set are told', async () => {
    const refunding = accounts.open().refund(aRefund())

    await expect(refunding).rejects.toMatchObject({
      failure: { kind: 'refused', refusal: 'configuration', hint: { en: expect.stringContaining('WECHAT_MCH_CERT') } },
    })
    expect(standIn.asked).toEqual([])
  })
})
