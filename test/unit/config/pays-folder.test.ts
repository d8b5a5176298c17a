import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { AccountSource } from '../../../server/channels/channel.ts'
import { channelRegistry, isChannelDefinition } from '../../../server/channels/registry.ts'
import { ConfigError, readConfig } from '../../../server/config/config.ts'
import { readPayFolders } from '../../../server/config/pays-folder.ts'

const secrets = { PUBLIC_URL: 'https://pay.example.com', SESSION_SECRET: 's'.repeat(32), MASTER_KEY: 'm'.repeat(32) }
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-folders-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function put(name: string, file: string, content: unknown): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, file), typeof content === 'string' ? content : JSON.stringify(content))
}

async function read() {
  const environment = { ...secrets, PAYS_FOLDER: folder }
  return readConfig<AccountSource>(environment, channelRegistry, await readPayFolders(environment, isChannelDefinition))
}

async function problems(): Promise<string> {
  try {
    await read()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

const good = { mchId: '1900000109', apiKey: 'k'.repeat(32) }

describe('pays/<name>/', () => {
  it('describes an account; with it alone the server is its owner’s, not a demo', async () => {
    put('shop', 'e.json', { type: 'pays.WechatPayType', title: 'Shop', ...good })
    put('shop', 'shop.json', { config: { appId: 'wx0123456789abcdef', ...good } })

    expect(await read()).toMatchObject({ demo: false, accounts: [{ channel: 'wechat', account: 'shop' }] })
  })

  it('may name files instead of values', async () => {
    put('shop', 'e.json', { type: 'pays.WechatPayType', title: 'Shop', mchId: good.mchId, apiKeyFile: './key.txt' })
    put('shop', 'shop.json', { config: { appId: 'wx0123456789abcdef' } })
    put('shop', 'key.txt', `${good.apiKey}\n`)

    expect((await read()).accounts).toHaveLength(1)
  })

  it('without e.json is somebody else’s folder', async () => {
    mkdirSync(join(folder, 'notes'))

    await expect(readPayFolders({ PAYS_FOLDER: folder }, isChannelDefinition)).resolves.toEqual([])
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown> | string, string]>([
    ['no title', { type: 'pays.WechatPayType' }, { config: good }, 'pays/shop: e.json: title is missing'],
    ['no type', { title: 'Shop' }, { config: good }, 'pays/shop: e.json: type is missing'],
    ['a type nobody brings', { type: 'pays.Paypal', title: 'Shop' }, { config: good }, 'backendBundleEntry: there is no index.ts'],
    [
      'a member that is wrong, by its own name',
      { type: 'pays.WechatPayType', title: 'Shop' },
      { config: { ...good, mchId: 'mine', appId: 'wx0123456789abcdef' } },
      'pays/shop mchId',
    ],
    [
      'a key that is too short',
      { type: 'pays.WechatPayType', title: 'Shop' },
      { config: { ...good, apiKey: 'short', appId: 'wx0123456789abcdef' } },
      'pays/shop apiKey: has 5 characters',
    ],
    ['what is not JSON', { type: 'pays.WechatPayType', title: 'Shop' }, '{', 'is not JSON'],
    [
      'an app code that is none',
      { type: 'pays.QfpayType', title: 'Shop' },
      { config: { appCode: 'x', clientKey: 'y' } },
      'pays/shop appCode: is not 32 hex',
    ],
    [
      'Alipay’s key missing',
      { type: 'pays.AlipayType', title: 'Shop' },
      { config: { appId: '2021000000000001' } },
      'pays/shop privateKey: is missing',
    ],
  ])('with %s is told', async (_name, element, business, problem) => {
    put('shop', 'e.json', element)
    put('shop', 'shop.json', business)

    expect(await problems()).toContain(problem)
  })

  it('says no key in what it tells', async () => {
    put('shop', 'e.json', { type: 'pays.WechatPayType', title: 'Shop' })
    put('shop', 'shop.json', { config: { ...good, mchId: 'mine', apiKey: 'hunter2' } })

    expect(await problems()).not.toContain('hunter2')
  })
})
