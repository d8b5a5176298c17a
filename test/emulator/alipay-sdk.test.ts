import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type RunningEmulator, startEmulator } from '../../server/emulator/listen.ts'
import { makeEmulatorRuntime, type OutgoingPost } from '../../server/emulator/runtime.ts'
import type { Data } from '../support/client.ts'
import type { AlipayJob } from '../support/official-alipay.ts'

const letters: OutgoingPost[] = []
let running: RunningEmulator
let credentials: Data
beforeAll(async () => {
  const post = async (letter: OutgoingPost) => {
    letters.push(letter)
    return { status: 200, body: 'success' }
  }
  running = await startEmulator({ port: 0, runtime: { ...makeEmulatorRuntime(), post } })
  credentials = running.emulator.sides.find((one) => one.channel === 'alipay')?.credentials() ?? {}
})
afterAll(() => running.close())

/** The official client, as a merchant would set it up; it verifies every answer itself. */
function configOf(mode: 'key' | 'certificate' | 'forger'): AlipayJob['config'] {
  const { app, alipay, certificates, gateway, miniprogram } = credentials
  const common = { appId: app.appId, privateKey: app.privateKey, keyType: 'PKCS8' as const, gateway }
  if (mode === 'certificate')
    return {
      ...common,
      appCertContent: certificates.app,
      alipayPublicCertContent: certificates.alipay,
      alipayRootCertContent: certificates.root,
    }
  return { ...common, ...(mode === 'forger' ? { privateKey: miniprogram.privateKey } : {}), alipayPublicKey: alipay.publicKey }
}

async function official(mode: 'key' | 'certificate' | 'forger', ...deeds: AlipayJob['deeds']): Promise<Data[]> {
  const script = join(import.meta.dirname, '../support/official-alipay.ts')
  const job = JSON.stringify({ config: configOf(mode), deeds })
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', script, job])
  return JSON.parse(stdout)
}
const exec = (name: string, params: Record<string, unknown>) => ({ do: 'exec', method: `alipay.trade.${name}`, params }) as const
const order = (outTradeNo: string) => ({
  out_trade_no: outTradeNo,
  total_amount: '88.88',
  subject: '龙井 50 g',
  product_code: 'FACE_TO_FACE_PAYMENT',
})
const made = (number: string) => exec('precreate', { notify_url: 'https://shop.example/notify', bizContent: order(number) })
const asked = (number: string) => exec('query', { bizContent: { out_trade_no: number } })

describe.each(['key', 'certificate'] as const)('the official Alipay SDK in %s mode', (mode) => {
  it('makes, finds, refunds and asks about a trade', async () => {
    const number = `SDK_${mode}_1`
    const [answer, unopened] = await official(mode, made(number), asked(number))
    expect(answer).toMatchObject({ code: '10000', outTradeNo: number, qrCode: expect.stringContaining('https://qr.alipay.com/') })
    expect(unopened).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST' })

    await running.emulator.act(number, { do: 'pay' })
    const refund = { out_trade_no: number, refund_amount: '8.88', out_request_no: 'R1' }
    const [paid, first, again, other, found] = await official(
      mode,
      asked(number),
      exec('refund', { bizContent: refund }),
      exec('refund', { bizContent: refund }),
      exec('refund', { bizContent: { ...refund, refund_amount: '1.00' } }),
      exec('fastpay.refund.query', { bizContent: { out_trade_no: number, out_request_no: 'R1' } }),
    )

    expect(paid).toMatchObject({ tradeStatus: 'TRADE_SUCCESS', totalAmount: '88.88' })
    expect(first).toMatchObject({ fundChange: 'Y', refundFee: '8.88' })
    expect(again).toMatchObject({ fundChange: 'N', refundFee: '8.88' })
    expect(other).toMatchObject({ subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST' })
    expect(found).toMatchObject({ refundStatus: 'REFUND_SUCCESS', refundAmount: '8.88' })
  })

  it('takes a notice for genuine, and a changed one not', async () => {
    const number = `SDK_${mode}_2`
    await official(mode, made(number))
    await running.emulator.act(number, { do: 'pay' })

    const notice = Object.fromEntries(new URLSearchParams(Buffer.from(letters.at(-1)?.body ?? '').toString()))

    const verdicts = await official(mode, { do: 'check', notice }, { do: 'check', notice: { ...notice, total_amount: '0.01' } })
    expect(verdicts).toEqual([true, false])
  })
})

describe('a web payment of the official SDK', () => {
  it('exists once the payer opened its page, is paid there and leads back', async () => {
    const [address] = await official('key', {
      do: 'page',
      method: 'alipay.trade.page.pay',
      params: {
        notify_url: 'https://shop.example/notify',
        return_url: 'https://shop.example/back',
        bizContent: { ...order('SDK_page_1'), product_code: 'FAST_INSTANT_TRADE_PAY' },
      },
    })
    const page = await (await fetch(address)).text()
    expect(page).toContain('88.88 CNY')

    const paid = await fetch(`${running.origin}/alipay/cashier`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ out_trade_no: 'SDK_page_1', do: 'pay' }),
    })

    expect(paid.headers.get('location')).toBe('https://shop.example/back')
    expect((await official('key', asked('SDK_page_1')))[0]).toMatchObject({ tradeStatus: 'TRADE_SUCCESS' })
  })

  it('under another key is refused', async () => {
    const [address] = await official('forger', { do: 'page', method: 'alipay.trade.page.pay', params: { bizContent: order('SDK_page_2') } })

    expect(await (await fetch(address)).text()).toContain('isv.invalid-signature')
  })
})
