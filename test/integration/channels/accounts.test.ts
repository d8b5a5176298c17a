import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type RunningEmulator, startEmulator } from '../../../server/emulator/listen.ts'
import { makeEmulatorRuntime, type OutgoingPost } from '../../../server/emulator/runtime.ts'
import { type Shop, startShop } from '../../support/shop.ts'

let folder: string
let second: RunningEmulator
const letters: OutgoingPost[] = []
let shop: Shop

/** The default account is a v3 merchant; the folders hold a v2 merchant of another WeChat Pay, and a type of the merchant's own. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-pays-'))
  const post = async (letter: OutgoingPost) => {
    letters.push(letter)
    return { status: 200, body: '' }
  }
  second = await startEmulator({ port: 0, runtime: { ...makeEmulatorRuntime(), post } })
  const { mchid, apiKey, apps, sub } = second.emulator.credentials()
  const [app] = apps
  const names = { mchId: mchid, apiKey }
  put('second', 'e.json', {
    type: 'pays.WechatPayType',
    title: 'Second shop',
    backendBundleEntry: '.',
    frontBundleEntry: './front',
    ...names,
  })
  put('second', 'second.json', { config: { appId: app?.appid, gateway: second.origin, ...names } })
  put('own', 'e.json', { type: 'pays.MyPayType', title: 'Our own', backendBundleEntry: './backend', mchId: mchid, apiKey })
  // The same number as a service provider's: whose a notification is, its sub merchant says.
  put('own', 'own.json', { config: { appId: app?.appid, subMchId: sub.mchid, gateway: second.origin } })
  mkdirSync(join(folder, 'own', 'backend'))
  const wechat = join(import.meta.dirname, '../../../server/channels/wechat/definition.ts')
  writeFileSync(
    join(folder, 'own', 'backend', 'index.mjs'),
    `import { wechat } from ${JSON.stringify(wechat)}\nexport const channel = { ...wechat, folder: { ...wechat.folder, type: 'pays.MyPayType' } }\n`,
  )
  shop = await startShop({ environment: { PAYS_FOLDER: folder } })
})
afterAll(async () => {
  await shop.close()
  await second.close()
  rmSync(folder, { recursive: true })
})

function put(name: string, file: string, content: unknown): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, file), JSON.stringify(content))
}

const payAt = async (account: string | undefined) => {
  const { orderId } = await shop.order()
  const paying = await shop.pay(orderId, account === undefined ? {} : { account, channel: 'wechat' })
  if (paying.status !== 200) throw new Error(paying.text)
  return orderId
}
const deliver = async (letter: OutgoingPost | undefined, path: string) =>
  fetch(shop.origin() + path, { method: 'POST', headers: letter?.headers ?? {}, body: Buffer.from(letter?.body ?? '') })
/** What the other WeChat Pay tells of a payment, without it being delivered. */
const told = async (orderId: string) => {
  await second.emulator.act(orderId, { do: 'pay' })
  return letters.at(-1)
}

describe('an account in a folder', () => {
  it.each(['second', 'own'])('%s takes payments beside the default one, each at its own merchant', async (account) => {
    const orderId = await payAt(account)

    expect((await shop.read(orderId)).attempts).toMatchObject([{ channel: 'wechat', account }])
    expect(second.emulator.state().payment.has(orderId)).toBe(true)
    expect(shop.emulator.state().payment.has(orderId)).toBe(false)
  })

  it('is told at an address of its own', async () => {
    const orderId = await payAt('second')

    expect(second.emulator.state().payment.get(orderId)?.notifyUrl).toBe(`${shop.origin()}/api/v1/payments/wechat/notify/second`)
  })

  it('that is not there is refused by name', async () => {
    const { orderId } = await shop.order()

    expect(await shop.pay(orderId, { channel: 'wechat', account: 'third' })).toMatchObject({
      status: 400,
      body: { details: { fields: [{ path: 'account' }] } },
    })
  })
})

describe('a notification', () => {
  it.each([
    ['at its account’s address', '/api/v1/payments/wechat/notify/second'],
    ['at the channel’s address, where its merchant number finds it', '/api/v1/payments/wechat/notify'],
    ['at the address of the Odoo module', '/wechat/callback'],
    ['at the address of the JitAi element', '/api/shop/pays/services/PaySvc/wechatNotify'],
  ])('%s is taken', async (_name, path) => {
    const orderId = await payAt('second')

    const answer = await deliver(await told(orderId), path)

    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('SUCCESS')])
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded', attempts: [{ account: 'second', kept: true }] })
  })

  it('of v3 at the old address is taken as well', async () => {
    const orderId = await payAt(undefined)
    shop.mail.isHeld = true
    await shop.phone(orderId)
    shop.mail.isHeld = false

    expect((await deliver(shop.mail.letters.at(-1), '/wechat/callback')).status).toBe(204)
    await shop.until(orderId, ({ status }) => status === 'succeeded')
  })

  it('of Alipay at the old address is taken', async () => {
    const { orderId } = await shop.order()
    await shop.pay(orderId, { channel: 'alipay' })
    shop.mail.isHeld = true
    await shop.phone(orderId)
    shop.mail.isHeld = false

    const answer = await deliver(shop.mail.letters.at(-1), '/alipay/callback')

    expect([answer.status, await answer.text()]).toEqual([200, 'success'])
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded' })
  })

  it('of one account at another’s address is refused, and changes nothing', async () => {
    const orderId = await payAt('second')
    const letter = await told(orderId)

    expect((await deliver(letter, '/api/v1/payments/wechat/notify/default')).status).toBe(401)
    expect((await deliver(letter, '/api/v1/payments/qfpay/notify')).status).toBe(401)
    expect((await deliver(letter, '/api/v1/payments/alipay/notify')).status).toBe(401)
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })
  })

  it('for an account that is not there is not found', async () => {
    expect((await deliver(undefined, '/api/v1/payments/wechat/notify/third')).status).toBe(404)
    expect((await deliver(undefined, '/api/v1/payments/paypal/notify')).status).toBe(404)
  })

  it('of the same number at two accounts stays apart', async () => {
    const [here, there] = [await payAt(undefined), await payAt('second')]
    await shop.phone(here)
    await shop.until(here, ({ status }) => status === 'succeeded')

    expect(await shop.read(there)).toMatchObject({ status: 'pending' })
  })
})

describe('an account’s keys', () => {
  it('are kept under its own name', async () => {
    const kept = await shop.query((db) => db.query.selectFrom('keepsakes').select(['account', 'name']).execute())

    expect(new Set(kept.map(({ account }) => account)).size).toBeLessThanOrEqual(1)
    expect(JSON.stringify(await shop.get('/orders'))).not.toContain(second.emulator.credentials().apiKey)
  })
})
