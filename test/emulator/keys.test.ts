import { createDecipheriv, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Data } from '../support/client.ts'
import { isGenuine, startWorld, type World } from './virtual-world.ts'

let world: World

beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

const serialOf = (nth: number) => world.letters[nth]?.headers['Wechatpay-Serial']
const newest = () => world.emulator.credentials().certificates.at(-1)?.serial
const publicKeyId = () => world.emulator.credentials().publicKey.id

/** A certificate of the list, opened with the merchant's APIv3 key. */
function certificateIn({ encrypt_certificate: { ciphertext, nonce, associated_data: aad } }: Data): X509Certificate {
  const sealed = Buffer.from(ciphertext, 'base64')
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(world.emulator.credentials().apiV3Key), nonce)
  cipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(-16))
  return new X509Certificate(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]))
}

describe('the platform’s certificates', () => {
  it('are listed, sealed; each is what its entry says', async () => {
    await world.emulator.rotate('certificate')
    const { data, isVerified } = await world.call('GET', '/v3/certificates')

    expect(isVerified).toBe(true)
    expect(data.data).toHaveLength(2)
    for (const entry of data.data) {
      const certificate = certificateIn(entry)
      expect(certificate.serialNumber).toBe(entry.serial_no)
      expect(certificate.validToDate.getTime()).toBe(Date.parse(entry.expire_time))
      expect(certificate.validFromDate.getTime()).toBe(Date.parse(entry.effective_time))
      expect(certificate.verify(certificate.publicKey)).toBe(true)
    }
  })

  it('rotate: the new one signs what names no key; the old one still answers to its name', async () => {
    const before = newest() ?? ''
    await world.paid('ROTATE-1')
    const { data } = await world.control('POST', 'rotate', { to: 'certificate' })
    await world.paid('ROTATE-2')

    const answers = [await world.query('ROTATE-1'), await world.query('ROTATE-1', { headers: { 'wechatpay-serial': before } })]

    expect(data).toEqual({ notificationsBy: 'certificate', serial: newest() })
    expect(newest()).not.toBe(before)
    expect([serialOf(0), serialOf(1)]).toEqual([before, newest()])
    expect(world.letters.map((letter) => isGenuine(world, letter))).toEqual([true, true])
    expect(answers.map(({ headers }) => headers.get('wechatpay-serial'))).toEqual([newest(), before])
    expect(answers.map(({ isVerified }) => isVerified)).toEqual([true, true])
  })
})

describe('the public key', () => {
  it('signs notifications once they are switched to it, and no longer when they are switched back', async () => {
    await world.control('POST', 'rotate', { to: 'public_key' })
    await world.paid('SWITCH-1')
    await world.control('POST', 'rotate', { to: 'certificate' })
    await world.paid('SWITCH-2')

    expect([serialOf(0), serialOf(1)]).toEqual([publicKeyId(), newest()])
    expect(world.letters.map((letter) => isGenuine(world, letter))).toEqual([true, true])
  })

  it('has its id written as WeChat Pay writes it, and signs answers to those who name it, whatever signs notifications', async () => {
    const answer = await world.call('GET', '/v3/certificates', undefined, { headers: { 'wechatpay-serial': publicKeyId() } })

    expect(publicKeyId()).toMatch(/^PUB_KEY_ID_01\d{30}$/)
    expect([answer.headers.get('wechatpay-serial'), answer.isVerified]).toEqual([publicKeyId(), true])
  })

  it('may sign a share of the notifications during the switch, so that both are seen', async () => {
    await world.control('POST', 'rotate', { to: 'public_key', share: 0.5 })
    for (let nth = 0; nth < 40; nth++) await world.paid(`SHARE-${nth}`)
    const serials = new Set(world.letters.map((letter) => letter.headers['Wechatpay-Serial']))

    expect(serials).toEqual(new Set([publicKeyId(), newest()]))
    expect(world.letters.every((letter) => isGenuine(world, letter))).toBe(true)
  })

  it('is what a rotation goes to, or a certificate; nothing else', async () => {
    expect((await world.control('POST', 'rotate', { to: 'paper' })).status).toBe(400)
  })
})

describe('what a client needs', () => {
  it('is told to this machine: keys that fit together, and people’s openids in each app', async () => {
    const { data } = await world.control('GET', 'credentials')
    const certificate = new X509Certificate(data.merchantCertificate)

    expect(certificate.serialNumber).toBe(data.merchantSerial)
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).not.toBe(data.publicKey)
    expect(data.apiV3Key).toHaveLength(32)
    expect(Object.keys(data.openids)).toEqual(['miniprogram', 'official'])
    expect(data.openids.miniprogram.alice).not.toBe(data.openids.official.alice)
    expect(data.env.WECHAT_GATEWAY).toBe(world.origin)
  })
})
