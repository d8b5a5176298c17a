import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AlipaySdk } from 'alipay-sdk'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { makeEmulatorRuntime, type OutgoingPost } from '../../server/emulator/runtime.ts'
import type { Data } from '../support/client.ts'

const letters: OutgoingPost[] = []
let running: RunningEmulator
let credentials: Data
beforeAll(async () => {
  const post = async (letter: OutgoingPost) => {
    letters.push(letter)
    return { status: 200, body: 'success' }
  }
  running = await startEmulator({ port: 0, runtime: { ...makeEmulatorRuntime(), post } })
  credentials = running.emulator.sides.find((one) => one.channel === 'alipay')?.credentials()
})
afterAll(() => running.close())

/** The official client, as a merchant would set it up; it verifies every answer itself. */
function client(mode: 'key' | 'certificate' = 'key'): AlipaySdk {
  const { app, alipay, certificates, gateway } = credentials
  const common = { appId: app.appId, privateKey: app.privateKey, keyType: 'PKCS8' as const, gateway }
  return mode === 'key'
    ? new AlipaySdk({ ...common, alipayPublicKey: alipay.publicKey })
    : new AlipaySdk({
        ...common,
        appCertContent: certificates.app,
        alipayPublicCertContent: certificates.alipay,
        alipayRootCertContent: certificates.root,
      })
}
const order = (outTradeNo: string) => ({
  out_trade_no: outTradeNo,
  total_amount: '88.88',
  subject: '龙井 50 g',
  product_code: 'FACE_TO_FACE_PAYMENT',
})
const validate = { validateSign: true }

describe.each(['key', 'certificate'] as const)('the official Alipay SDK in %s mode', (mode) => {
  it('makes, finds, refunds and asks about a trade', async () => {
    const number = `SDK_${mode}_1`
    const made = await client(mode).exec(
      'alipay.trade.precreate',
      { notify_url: 'https://shop.example/notify', bizContent: order(number) },
      validate,
    )
    expect(made).toMatchObject({ code: '10000', outTradeNo: number, qrCode: expect.stringContaining('https://qr.alipay.com/') })
    expect(await client(mode).exec('alipay.trade.query', { bizContent: { out_trade_no: number } }, validate)).toMatchObject({
      code: '40004',
      subCode: 'ACQ.TRADE_NOT_EXIST',
    })

    await running.emulator.act(number, { do: 'pay' })

    expect(await client(mode).exec('alipay.trade.query', { bizContent: { out_trade_no: number } }, validate)).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '88.88',
    })
    const refund = { out_trade_no: number, refund_amount: '8.88', out_request_no: 'R1' }
    expect(await client(mode).exec('alipay.trade.refund', { bizContent: refund }, validate)).toMatchObject({
      fundChange: 'Y',
      refundFee: '8.88',
    })
    expect(await client(mode).exec('alipay.trade.refund', { bizContent: refund }, validate)).toMatchObject({
      fundChange: 'N',
      refundFee: '8.88',
    })
    expect(await client(mode).exec('alipay.trade.refund', { bizContent: { ...refund, refund_amount: '1.00' } }, validate)).toMatchObject({
      subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    })
    expect(
      await client(mode).exec(
        'alipay.trade.fastpay.refund.query',
        { bizContent: { out_trade_no: number, out_request_no: 'R1' } },
        validate,
      ),
    ).toMatchObject({ refundStatus: 'REFUND_SUCCESS', refundAmount: '8.88' })
  })

  it('takes a notice for genuine, and a changed one not', async () => {
    const number = `SDK_${mode}_2`
    await client(mode).exec('alipay.trade.precreate', { notify_url: 'https://shop.example/notify', bizContent: order(number) }, validate)
    await running.emulator.act(number, { do: 'pay' })

    const notice = Object.fromEntries(new URLSearchParams(Buffer.from(letters.at(-1)?.body ?? '').toString()))

    expect(client(mode).checkNotifySignV2({ ...notice })).toBe(true)
    expect(client(mode).checkNotifySignV2({ ...notice, total_amount: '0.01' })).toBe(false)
  })
})

describe('a web payment of the official SDK', () => {
  it('exists once the payer opened its page, is paid there and leads back', async () => {
    const address = client().pageExecute('alipay.trade.page.pay', 'GET', {
      notify_url: 'https://shop.example/notify',
      return_url: 'https://shop.example/back',
      bizContent: { ...order('SDK_page_1'), product_code: 'FAST_INSTANT_TRADE_PAY' },
    })
    const page = await (await fetch(address)).text()
    expect(page).toContain('88.88 CNY')

    const paid = await fetch(`${running.origin}/alipay/cashier`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ out_trade_no: 'SDK_page_1', do: 'pay' }),
    })

    expect(paid.headers.get('location')).toBe('https://shop.example/back')
    expect(await client().exec('alipay.trade.query', { bizContent: { out_trade_no: 'SDK_page_1' } }, validate)).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
    })
  })

  it('under another key is refused', async () => {
    const { app, alipay, gateway, miniprogram } = credentials
    const forger = new AlipaySdk({
      appId: app.appId,
      privateKey: miniprogram.privateKey,
      keyType: 'PKCS8',
      alipayPublicKey: alipay.publicKey,
      gateway,
    })

    const page = await (await fetch(forger.pageExecute('alipay.trade.page.pay', 'GET', { bizContent: order('SDK_page_2') }))).text()

    expect(page).toContain('isv.invalid-signature')
  })
})
