import { type KeyId, readName } from '../../../shared/kernel/ids.ts'
import { type Scope, scopes } from '../../../shared/kernel/scopes.ts'
import { formatInstant, type Instant, later } from '../../../shared/kernel/time.ts'
import type { Language } from '../../../shared/kernel/words.ts'
import type { App } from '../../app.ts'
import { AppError } from '../../core/error.ts'
import { type Call, type Command, type Outcome, UsageError } from '../command.ts'
import { merchantOf, merchantOption } from '../merchant.ts'
import { withApp } from '../open-app.ts'

type Key = Awaited<ReturnType<App['apiKeys']['list']>>[number]

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
const defaultOverlapMs = dayMs

export const keysCreate: Command = {
  name: 'keys create',
  usage: '[--name shop] [--merchant mer_default] [--scopes read,pay,refund] [--expires 90d] [--test]',
  words: 0,
  isActing: true,
  options: {
    ...merchantOption,
    name: { type: 'string' },
    scopes: { type: 'string' },
    expires: { type: 'string' },
    test: { type: 'boolean' },
  },
  does: { zh: '新建一个商户 API 密钥；密钥只显示这一次', en: 'Makes a merchant’s key; the key itself is shown this once' },
  run: async (call) => {
    const [merchantId, asked, life] = [merchantOf(call), scopesOf(call), durationIn(call, 'expires')]
    const expiresAt = life === undefined ? undefined : later(call.outside.runtime.now(), life)
    const name = call.value('name') ?? 'command line'
    const mode = call.has('test') ? ('test' as const) : ('live' as const)
    const { key, keyId } = await withApp(call, (app) => app.apiKeys.create({ merchantId, name, scopes: asked, expiresAt, mode }))
    return shownOnce({ key: key.reveal(), keyId, expiresAt }, call.language)
  },
}

export const keysList: Command = {
  name: 'keys list',
  usage: '[--merchant mer_default]',
  words: 0,
  options: merchantOption,
  does: {
    zh: '列出密钥（不含密钥本身）：权限、到期、是否已吊销',
    en: 'Lists keys, never the keys themselves: scopes, end, whether they were revoked',
  },
  run: async (call) => {
    const merchantId = call.value('merchant') === undefined ? undefined : merchantOf(call)
    const keys = await withApp(call, (app) => app.apiKeys.list(merchantId))
    const rows = keys.map((one) => `${textOf(one)}\n`)
    const none = call.language === 'zh' ? '还没有密钥\n' : 'there are no keys yet\n'
    return { text: rows.length === 0 ? none : rows.join(''), json: { items: keys.map(presented) } }
  },
}

export const keysRevoke: Command = {
  name: 'keys revoke',
  usage: '<keyId>',
  words: 1,
  isActing: true,
  does: { zh: '立即吊销一个密钥', en: 'Revokes a key; it opens nothing from this moment' },
  run: async (call) => {
    const found = await withApp(call, async (app) => {
      const one = await keyIn(app, keyIdOf(call))
      if (!(await app.apiKeys.revoke(one.merchantId, one.keyId))) throw new AppError('CONFLICT', `${one.keyId} was revoked already`)
      return one
    })
    const text = call.language === 'zh' ? `已吊销 ${found.keyId}\n` : `revoked ${found.keyId}\n`
    return { text, json: { keyId: found.keyId, merchantId: found.merchantId, revoked: true } }
  },
}

export const keysRotate: Command = {
  name: 'keys rotate',
  usage: '<keyId> [--overlap 24h]',
  words: 1,
  isActing: true,
  options: { overlap: { type: 'string' } },
  does: {
    zh: '换一个权限相同的新密钥，旧密钥在重叠期后失效；新密钥只显示这一次',
    en: 'Makes a new key with the same scopes; the one before ends after the overlap. The new key is shown this once',
  },
  run: async (call) => {
    const overlapMs = durationIn(call, 'overlap') ?? defaultOverlapMs
    const made = await withApp(call, async (app) => {
      const one = await keyIn(app, keyIdOf(call))
      const fresh = await app.apiKeys.rotate(one.merchantId, one.keyId, overlapMs)
      if (!fresh) throw new AppError('CONFLICT', `${one.keyId} opens nothing any more; make a new one with keys create`)
      return fresh
    })
    return shownOnce({ key: made.key.reveal(), keyId: made.keyId, expiresAt: undefined }, call.language)
  },
}

function keyIdOf(call: Call): KeyId {
  const keyId = readName('KeyId', call.words[0] ?? '')
  if (!keyId) throw new UsageError(`${call.words[0] ?? ''} is no key’s id; keys list shows them`)
  return keyId
}

async function keyIn(app: App, keyId: KeyId): Promise<Key> {
  const found = (await app.apiKeys.list()).find((one) => one.keyId === keyId)
  if (!found) throw new AppError('NOT_FOUND', `there is no key ${keyId}; keys list shows them`)
  return found
}

function scopesOf(call: Call): Scope[] {
  const asked = (call.value('scopes') ?? scopes.join(',')).split(',').map((word) => word.trim())
  const unknown = asked.find((word) => !scopes.some((one) => one === word))
  if (unknown !== undefined) throw new UsageError(`--scopes has ${unknown}; some of ${scopes.join(', ')}`)
  return scopes.filter((one) => asked.includes(one))
}

function durationIn(call: Call, option: string): number | undefined {
  const said = call.value(option)
  if (said === undefined) return undefined
  const [, count, unit] = /^(\d{1,4})([dh])$/.exec(said) ?? []
  if (count === undefined || Number(count) === 0) throw new UsageError(`--${option} is ${said}; for example 90d or 12h`)
  return Number(count) * (unit === 'd' ? dayMs : hourMs)
}

function shownOnce({ key, keyId, expiresAt }: { key: string; keyId: KeyId; expiresAt: Instant | undefined }, language: Language): Outcome {
  const end = expiresAt === undefined ? '' : `  ${formatInstant(expiresAt)}`
  const advice = language === 'zh' ? '请立即保存，它不会再显示。' : 'Keep it now; it is not shown again.'
  return {
    text: `${keyId}${end}\n${key}\n${advice}\n`,
    json: { keyId, key, expiresAt: expiresAt === undefined ? null : formatInstant(expiresAt) },
  }
}

function textOf({ keyId, merchantId, name, scopes: may, hint, expiresAt, revokedAt }: Key): string {
  const end =
    revokedAt !== undefined ? `revoked ${formatInstant(revokedAt)}` : expiresAt !== undefined ? `until ${formatInstant(expiresAt)}` : ''
  return [keyId, merchantId, hint ?? '', may.join(','), name, end].filter((part) => part !== '').join('  ')
}

function presented({ keyId, merchantId, name, scopes: may, hint, createdAt, expiresAt, revokedAt }: Key) {
  const time = (at: Instant | undefined) => (at === undefined ? null : formatInstant(at))
  return {
    keyId,
    merchantId,
    name,
    scopes: may,
    hint: hint ?? null,
    createdAt: formatInstant(createdAt),
    expiresAt: time(expiresAt),
    revokedAt: time(revokedAt),
  }
}
