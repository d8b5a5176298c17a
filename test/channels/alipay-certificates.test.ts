import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { aNumber, anAlipayAttempt, byCertificates, makeAlipayAccounts } from '../support/alipay-account.ts'
import { type AlipayStandIn, appId, type Reply, startAlipayStandIn } from '../support/alipay-stand-in.ts'
import { aDay, aRefund } from '../support/builders.ts'

const download = 'alipay.open.app.alipaycert.download'
let standIn: AlipayStandIn
let accounts: ReturnType<typeof makeAlipayAccounts>
const clock = { at: aDay }
beforeAll(async () => {
  standIn = await startAlipayStandIn(() => clock.at)
  accounts = makeAlipayAccounts(standIn, clock)
})
beforeEach(() => standIn.reset())
afterAll(async () => {
  await accounts.end()
  await standIn.close()
})

const open = { code: '10000', msg: 'Success', out_trade_no: aNumber, trade_status: 'WAIT_BUYER_PAY' }
const account = (kept?: Map<string, string>) =>
  accounts.open({ credentials: { trust: byCertificates(standIn) }, ...(kept ? { kept } : {}) })
const handedOut = (pem: string) => ({ code: '10000', msg: 'Success', alipay_cert_content: Buffer.from(pem).toString('base64') })
const bySuccessor = (says: object = open): Reply => ({ says, by: standIn.keys.successor, certificate: standIn.certificates.successor })
const downloads = () => standIn.asked.filter(({ method }) => method === download).length

describe('in certificate mode', () => {
  it('an answer under the certificate at hand is believed without asking for one', async () => {
    standIn.answer('alipay.trade.query', { says: open, certificate: standIn.certificates.alipay })

    expect(await account().query(anAlipayAttempt())).toMatchObject({ outcome: { status: 'pending' } })
    expect(downloads()).toBe(0)
  })

  it('a certificate that is new is fetched once, checked and kept for the next start', async () => {
    const kept = new Map<string, string>()
    standIn.answer('alipay.trade.query', bySuccessor())
    standIn.answer(download, { says: handedOut(standIn.certificates.successor), certificate: standIn.certificates.successor })
    const first = account(kept)

    await first.query(anAlipayAttempt())
    await first.query(anAlipayAttempt())
    await account(kept).query(anAlipayAttempt())

    expect(downloads()).toBe(1)
    expect([...kept.values()]).toEqual([standIn.certificates.successor])
  })

  it('the answer that hands one out need not be signed: the root vouches for what it holds', async () => {
    standIn.answer('alipay.trade.query', bySuccessor())
    standIn.answer(download, { says: handedOut(standIn.certificates.successor), sign: () => undefined })

    expect(await account().query(anAlipayAttempt())).toMatchObject({ outcome: { status: 'pending' } })
  })

  it.each([
    ['was made by somebody else under the root’s name', () => standIn.certificates.forged],
    ['was made with the key of an app, which may issue none', () => standIn.certificates.belowApp + standIn.certificates.app],
    ['is out of date', () => standIn.certificates.outdated],
    ['is another than was asked for', () => standIn.certificates.alipay],
    ['is none', () => 'good day'],
    ['holds no bytes of one', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ])('a certificate that %s is not believed, and neither is the answer', async (_name, pem) => {
    const [first = ''] = pem().match(/-----BEGIN[\s\S]+?END CERTIFICATE-----\n?/) ?? []
    const certificate =
      first.includes('AAAA') || first === standIn.certificates.alipay || first === '' ? standIn.certificates.successor : first
    const by = first === standIn.certificates.outdated ? standIn.keys.successor : standIn.keys.stranger
    standIn.answer('alipay.trade.query', { says: open, by, certificate })
    standIn.answer(download, { says: handedOut(pem()) })

    await expect(account().query(anAlipayAttempt())).rejects.toMatchObject({ failure: { kind: 'untrusted', code: 'SIGN_ERROR' } })
  })

  it.each<[string, Reply]>([
    ['is refused', { says: { code: '40006', msg: 'x', sub_code: 'isv.insufficient-isv-permissions' } }],
    ['is refused as a business matter', { says: { code: '40004', msg: 'x', sub_code: 'ACQ.TRADE_NOT_EXIST' } }],
    ['is refused for now', { says: { code: '40005', msg: 'x', sub_code: 'isv.app-call-limited' } }],
    ['is an early error', { says: { code: '40002', sub_code: 'isv.invalid-app-id' }, as: 'error_response', sign: () => undefined }],
    ['holds nothing', { says: { code: '10000' } }],
    ['is a page of HTML', { raw: '<html></html>' }],
    ['is cut off', { fault: 'reset' }],
  ])('when fetching one %s, nobody knows what became of the call itself', async (_name, reply) => {
    standIn.answer('alipay.trade.refund', bySuccessor({ ...open, fund_change: 'Y' }))
    standIn.answer('alipay.trade.query', bySuccessor())
    standIn.answer(download, reply)

    for (const call of [() => account().refund(aRefund({ outTradeNo: aNumber })), () => account().query(anAlipayAttempt())])
      await expect(call()).rejects.toMatchObject({ failure: { kind: 'untrusted' } })
  })

  it('what was kept and is spoilt does no harm', async () => {
    const kept = new Map([['alipay-certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']])
    standIn.answer('alipay.trade.query', bySuccessor())
    standIn.answer(download, { says: handedOut(standIn.certificates.successor) })

    expect(await account(kept).query(anAlipayAttempt())).toMatchObject({ outcome: { status: 'pending' } })
  })

  it('a notice is verified under any certificate that is known, and needs name none', async () => {
    const kept = new Map([['alipay-certificate', standIn.certificates.successor]])
    const members = {
      app_id: appId,
      notify_id: '1',
      notify_type: 'trade_status_sync',
      out_trade_no: aNumber,
      trade_status: 'WAIT_BUYER_PAY',
    }

    for (const by of [standIn.keys.alipay, standIn.keys.successor])
      expect(await account(kept).readNotification(standIn.notice(members, { by }))).toMatchObject({ kind: 'trade' })
    await expect(account(kept).readNotification(standIn.notice(members, { by: standIn.keys.stranger }))).rejects.toMatchObject({
      refusal: 'bad_signature',
    })
  })
})
