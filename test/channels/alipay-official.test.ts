import { execFile } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { isSigned, noticeToSign, sign, stringToSign } from '../../server/channels/alipay/signature.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { Data } from '../support/client.ts'
import type { AlipayJob } from '../support/official-alipay.ts'

const [app, alipay] = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('rsa', { modulusLength: 2048 })]
const runtime = makeNodeRuntime()
/** The key tool's form, which the official client takes: Base64 without a first and last line. */
const bare = (key: KeyObject, type: 'pkcs8' | 'spki') => key.export({ type, format: 'der' }).toString('base64')

async function official(...deeds: AlipayJob['deeds']): Promise<Data[]> {
  const config = {
    appId: '2021000000000001',
    privateKey: bare(app.privateKey, 'pkcs8'),
    keyType: 'PKCS8',
    alipayPublicKey: bare(alipay.publicKey, 'spki'),
  }
  const script = join(import.meta.dirname, '../support/official-alipay.ts')
  const job = JSON.stringify({ config, deeds })
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', script, job])
  return JSON.parse(stdout)
}

describe('the official client and ours', () => {
  it('sign a request alike, to the byte', async () => {
    const content = { out_trade_no: 'T1', total_amount: '88.88', subject: '龙井 50% + “Tea” {}', product_code: 'QUICK_WAP_WAY' }
    const [address] = await official({
      do: 'page',
      method: 'alipay.trade.wap.pay',
      params: { notify_url: 'https://shop.example/notify?a=1', return_url: 'https://shop.example/back', bizContent: content },
    })
    const members = Object.fromEntries(new URL(address).searchParams)

    const ours = await sign(stringToSign(members), app.privateKey, runtime)

    expect(ours).toBe(members.sign)
    expect(isSigned(stringToSign(members), members.sign ?? '', app.publicKey)).toBe(true)
  })

  it('agree on notices, the genuine and the changed', async () => {
    const members = { sign_type: 'RSA2', notify_id: '1', total_amount: '88.88', subject: '红茶 50% + & =', fund_bill_list: '[{"a":"1"}]' }
    const signature = await sign(noticeToSign(Object.entries(members)), alipay.privateKey, runtime)
    const genuine = { ...members, sign: signature }
    const changed = { ...genuine, total_amount: '0.01' }

    const theirs = await official({ do: 'check', notice: genuine }, { do: 'check', notice: changed })
    const ours = [genuine, changed].map((one) => isSigned(noticeToSign(Object.entries(one)), one.sign, alipay.publicKey))

    expect(theirs).toEqual([true, false])
    expect(ours).toEqual([true, false])
  })
})
