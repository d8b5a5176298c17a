import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Aes, Hash, Transformer, Wechatpay } from 'wechatpay-axios-plugin'
import { openidOf } from '../../server/emulator/credentials.ts'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import type { Data } from '../support/client.ts'

let emulator: RunningEmulator
let merchant: Server
let notifyUrl: string
const letters: string[] = []

beforeAll(async () => {
  emulator = await startEmulator({ port: 0 })
  merchant = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    letters.push(text)
    response.end('<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>')
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
const appid = () => emulator.emulator.environment().WECHAT_MINIPROGRAM_APP_ID ?? ''
const openid = () => openidOf(credentials(), appid(), 'alice')
const readXml: (xml: string) => Data = (xml) => Transformer.toObject.call({}, xml)

/** The package takes any key of 32 letters, and signs and verifies with it on its own. */
function client(secret = credentials().apiKey): Data {
  const { mchid, merchant: keys, publicKey } = credentials()
  return new Wechatpay({
    mchid,
    secret,
    serial: keys.serial,
    privateKey: keys.privateKey,
    certs: { [publicKey.id]: publicKey.publicKey },
    baseURL: emulator.origin,
  } as never)
}

describe.each(['MD5', 'HMAC-SHA256'])(
  'wechatpay-axios-plugin on API v2, which signs with %s and verifies every answer itself',
  (signType) => {
    const common = () => ({ appid: appid(), mch_id: credentials().mchid, sign_type: signType })
    const number = (nth: number) => `AXIOS-V2-${signType.slice(0, 3)}-${nth}`
    const order = (nth: number, more: Data = {}): Data => ({
      ...common(),
      body: '茶',
      out_trade_no: number(nth),
      total_fee: '990',
      spbill_create_ip: '203.0.113.9',
      notify_url: notifyUrl,
      trade_type: 'NATIVE',
      ...more,
    })

    it('orders, is paid, asks, refunds, asks about the refund, and closes', async () => {
      const { v2 } = client()
      const { data: prepaid } = await v2.pay.unifiedorder.post(order(1, { trade_type: 'JSAPI', openid: openid() }))
      const { data: shown } = await v2.pay.unifiedorder.post(order(2, { product_id: 'tea' }))
      await emulator.emulator.act(number(1), { do: 'pay' })
      const { data: paid } = await v2.pay.orderquery.post({ ...common(), out_trade_no: number(1) })
      const { data: closed } = await v2.pay.closeorder.post({ ...common(), out_trade_no: number(2) })
      const amounts = { total_fee: '990', refund_fee: '90' }
      const refund = { ...common(), out_trade_no: number(1), out_refund_no: `${number(1)}-R`, ...amounts, notify_url: notifyUrl }
      const { data: refunded } = await v2.secapi.pay.refund.post(refund)
      const { data: asked } = await v2.pay.refundquery.post({ ...common(), out_refund_no: `${number(1)}-R` })

      expect(prepaid).toMatchObject({ trade_type: 'JSAPI', prepay_id: expect.stringMatching(/^wx/) })
      expect(shown.code_url).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=/)
      expect(paid).toMatchObject({ trade_state: 'SUCCESS', total_fee: '990', openid: openid() })
      expect(closed).toMatchObject({ result_code: 'SUCCESS' })
      expect(refunded).toMatchObject({ refund_fee: '90', refund_id: expect.stringMatching(/^50/) })
      expect(asked).toMatchObject({ refund_id_0: refunded.refund_id, refund_fee_0: '90', refund_count: '1' })
    })

    it('is told of the payment with a sign that its own cryptography makes too', () => {
      const told = letters.map(readXml).find(({ out_trade_no: about }) => about === number(1))

      expect(told).toMatchObject({ result_code: 'SUCCESS', total_fee: '990' })
      expect(told?.sign).toBe(Hash.sign(told?.sign.length === 64 ? 'HMAC-SHA256' : 'MD5', told, credentials().apiKey))
    })

    it('is told of the refund, sealed, and opens it', async () => {
      await emulator.emulator.advance(60_000)
      const key = createHash('md5').update(credentials().apiKey).digest('hex')
      const opened = letters
        .map(readXml)
        .filter((one) => one.req_info)
        .map((one) => readXml(Aes.AesEcb.decrypt(one.req_info, key)))

      expect(opened).toContainEqual(
        expect.objectContaining({ out_refund_no: `${number(1)}-R`, refund_status: 'SUCCESS', refund_fee: '90', total_fee: '990' }),
      )
    })

    it('takes a payment by code', async () => {
      const { trade_type: _, notify_url: __, ...goods } = order(3, { auth_code: emulator.emulator.showCode('wechat', 'alice') })

      const { data } = await client().v2.pay.micropay.post(goods)

      expect(data).toMatchObject({ trade_type: 'MICROPAY', out_trade_no: number(3), total_fee: '990' })
    })

    it('is refused when its key is another', async () => {
      const refused: Data = await client('0'.repeat(32))
        .v2.pay.unifiedorder.post(order(4, { product_id: 'tea' }))
        .catch((error: Data) => error)

      expect(JSON.stringify(refused.response?.data ?? refused.message)).toMatch(/SIGNERROR|签名错误/)
    })
  },
)
