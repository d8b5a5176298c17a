import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import WxPay from 'wechatpay-node-v3'
import { openidOf } from '../../server/emulator/credentials.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import type { Data } from '../support/client.ts'

type Letter = { readonly headers: Record<string, string>; readonly body: string }

let emulator: RunningEmulator
let merchant: Server
let notifyUrl: string
const letters: Letter[] = []

beforeAll(async () => {
  emulator = await startEmulator({ port: 0 })
  merchant = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      letters.push({
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body: Buffer.concat(chunks).toString(),
      })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve))
  notifyUrl = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/notify`
})
afterAll(async () => {
  await emulator.close()
  merchant.closeAllConnections()
  await new Promise((resolve) => merchant.close(resolve))
})

const credentials = () => emulator.emulator.credentials()
const environment = () => emulator.emulator.environment()
const openid = () => openidOf(credentials(), environment().WECHAT_MINIPROGRAM_APP_ID ?? '', 'alice')
const letterOf = (event: string, outTradeNo: string): Data =>
  letters
    .map((letter) => ({ ...letter, parsed: JSON.parse(letter.body) }))
    .find((letter) => letter.parsed.event_type === event && decrypted(letter.parsed.resource).out_trade_no === outTradeNo)

function decrypted({ nonce, associated_data: aad, ciphertext }: Data): Data {
  return JSON.parse(Aes.AesGcm.decrypt(ciphertext, credentials().apiV3Key, nonce, aad))
}

function order(outTradeNo: string, more: Record<string, unknown> = {}): Data {
  const { mchid } = credentials()
  return {
    appid: environment().WECHAT_MINIPROGRAM_APP_ID,
    mchid,
    description: '茶',
    out_trade_no: outTradeNo,
    notify_url: notifyUrl,
    amount: { total: 990, currency: 'CNY' },
    ...more,
  }
}

describe('wechatpay-axios-plugin, which verifies every answer itself', () => {
  function client(): Data {
    const { mchid, merchant: keys, publicKey, certificates } = credentials()
    const certs = Object.fromEntries([[publicKey.id, publicKey.publicKey], ...certificates.map(({ serial, pem }) => [serial, pem])])
    return new Wechatpay({ mchid, serial: keys.serial, privateKey: keys.privateKey, certs, baseURL: emulator.origin } as never)
  }

  it('orders, is paid, asks, is told, refunds and closes', async () => {
    const wxpay = client()
    const { data: prepaid } = await wxpay.v3.pay.transactions.jsapi.post(order('AXIOS-0001', { payer: { openid: openid() } }))
    const { data: shown } = await wxpay.v3.pay.transactions.native.post(order('AXIOS-0002'))
    await emulator.emulator.act('AXIOS-0001', { do: 'pay' })
    const { data: paid } = await wxpay.v3.pay.transactions.outTradeNo['{out_trade_no}'].get({
      params: { mchid: credentials().mchid },
      out_trade_no: 'AXIOS-0001',
    })
    const closed = await wxpay.v3.pay.transactions.outTradeNo['{out_trade_no}'].close.post(
      { mchid: credentials().mchid },
      { out_trade_no: 'AXIOS-0002' },
    )
    const { data: refund } = await wxpay.v3.refund.domestic.refunds.post({
      out_trade_no: 'AXIOS-0001',
      out_refund_no: 'AXIOS-R1',
      amount: { refund: 90, total: 990, currency: 'CNY' },
    })
    const { data: asked } = await wxpay.v3.refund.domestic.refunds['{out_refund_no}'].get({ out_refund_no: 'AXIOS-R1' })

    expect(prepaid.prepay_id).toMatch(/^wx/)
    expect(shown.code_url).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=/)
    expect(paid).toMatchObject({ trade_state: 'SUCCESS', amount: { total: 990 }, payer: { openid: openid() } })
    expect(closed.status).toBe(204)
    expect(refund).toMatchObject({ out_refund_no: 'AXIOS-R1', status: 'PROCESSING', amount: { refund: 90 } })
    expect(asked.refund_id).toBe(refund.refund_id)
  })

  it('verifies and opens the notification with its own cryptography', async () => {
    const { headers, body, parsed } = letterOf('TRANSACTION.SUCCESS', 'AXIOS-0001')
    const key = credentials().certificates.find(({ serial }) => serial === headers['wechatpay-serial'])?.pem ?? ''

    const isGenuine = Rsa.verify(
      Formatter.joinedByLineFeed(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body),
      headers['wechatpay-signature'],
      new X509Certificate(key).publicKey as never,
    )

    expect(isGenuine).toBe(true)
    expect(decrypted(parsed.resource)).toMatchObject({ out_trade_no: 'AXIOS-0001', trade_state: 'SUCCESS' })
  })

  it('is refused with the real code when its key is another', async () => {
    const { mchid, merchant: keys, publicKey } = credentials()
    const wrong: Data = new Wechatpay({
      mchid,
      serial: keys.serial,
      privateKey: publicKey.privateKey,
      certs: { [publicKey.id]: publicKey.publicKey },
      baseURL: emulator.origin,
    } as never)

    const refused: Data = await wrong.v3.pay.transactions.native.post(order('AXIOS-0003')).catch((error: Data) => error)

    expect(refused.response).toMatchObject({ status: 401, data: { code: 'SIGN_ERROR' } })
  })
})

describe('wechatpay-node-v3', () => {
  function client(): Data {
    const { mchid, merchant: keys, apiV3Key } = credentials()
    const wxpay: Data = new (WxPay as Data)({
      appid: environment().WECHAT_MINIPROGRAM_APP_ID,
      mchid,
      publicKey: Buffer.from(keys.certificate),
      privateKey: Buffer.from(keys.privateKey),
      key: apiV3Key,
      serial_no: keys.serial,
    })
    // It knows one address only; what it asks of it is sent to the emulator.
    wxpay.createHttp({
      get: (url: string, headers: Data) => send('GET', url, headers),
      post: (url: string, body: Data, headers: Data) => send('POST', url, headers, body),
    })
    return wxpay
  }

  async function send(method: string, url: string, headers: Record<string, string>, body?: unknown): Promise<Data> {
    const answer = await fetch(url.replace('https://api.mch.weixin.qq.com', emulator.origin), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return answer.ok
      ? { status: answer.status, data: text === '' ? {} : JSON.parse(text) }
      : { status: answer.status, error: text, errRaw: text }
  }

  it('orders, is paid, asks, refunds and closes', async () => {
    const wxpay = client()
    const prepaid: Data = await wxpay.transactions_jsapi(order('NODE-0001', { payer: { openid: openid() } }))
    const shown: Data = await wxpay.transactions_native(order('NODE-0002'))
    await emulator.emulator.act('NODE-0001', { do: 'pay' })
    const paid: Data = await wxpay.query({ out_trade_no: 'NODE-0001' })
    const closed: Data = await wxpay.close('NODE-0002')
    const refund: Data = await wxpay.refunds({
      out_trade_no: 'NODE-0001',
      out_refund_no: 'NODE-R1',
      amount: { refund: 990, total: 990, currency: 'CNY' },
    })
    const asked: Data = await wxpay.find_refunds('NODE-R1')

    expect(prepaid).toMatchObject({
      status: 200,
      data: { signType: 'RSA', paySign: expect.any(String), package: expect.stringMatching(/^prepay_id=/) },
    })
    expect(shown.data.code_url).toMatch(/^weixin:/)
    expect(paid.data).toMatchObject({ trade_state: 'SUCCESS', amount: { total: 990 } })
    expect(closed.status).toBe(204)
    expect(refund.data).toMatchObject({ status: 'PROCESSING' })
    expect(asked.data.out_refund_no).toBe('NODE-R1')
  })

  it('fetches the certificates, verifies and opens the notification by itself', async () => {
    const wxpay = client()
    const { headers, body, parsed } = letterOf('TRANSACTION.SUCCESS', 'NODE-0001')

    const isGenuine = await wxpay.verifySign({
      timestamp: headers['wechatpay-timestamp'],
      nonce: headers['wechatpay-nonce'],
      body,
      serial: headers['wechatpay-serial'],
      signature: headers['wechatpay-signature'],
      apiSecret: credentials().apiV3Key,
    })
    const { ciphertext, associated_data: aad, nonce } = parsed.resource

    expect(isGenuine).toBe(true)
    expect(wxpay.decipher_gcm(ciphertext, aad, nonce, credentials().apiV3Key)).toMatchObject({ out_trade_no: 'NODE-0001' })
  })
})
