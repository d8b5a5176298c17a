import { asOwnId, defaultAccount } from '../../../shared/kernel/ids.ts'
import { type ChannelName, channelNames } from '../../../shared/kernel/pay.ts'
import { formatInstant } from '../../../shared/kernel/time.ts'
import type { App } from '../../app.ts'
import { channelRegistry } from '../../channels/registry.ts'
import { readDescription } from '../../config/stored-account.ts'
import { AppError } from '../../core/error.ts'
import type { AccountRow } from '../../core/kept-accounts.ts'
import { type Call, type Command, type Outcome, UsageError } from '../command.ts'
import { withApp } from '../open-app.ts'

const from = '--from <folder or json file>'
const options = { channel: { type: 'string' }, from: { type: 'string' } } as const

export const accountsAdd: Command = {
  name: 'accounts add',
  usage: `<name> --channel wechat ${from}`,
  words: 1,
  isActing: true,
  options,
  does: {
    zh: '把一个渠道账户加密存入数据库；运行中的服务几秒内生效',
    en: 'Keeps an account of a channel in the database, sealed; running servers take it up within seconds',
  },
  run: async (call) => {
    const { channel, named, members } = described(call)
    const row = await withApp(call, (app) => app.keptAccounts.add(named, members))
    return outcomeOf(row, call, { zh: `已添加 ${channel}/${row.account}`, en: `added ${channel}/${row.account}` })
  },
}

export const accountsRotate: Command = {
  name: 'accounts rotate',
  usage: `<name> --channel wechat ${from} [--force]`,
  words: 1,
  isActing: true,
  options: { ...options, force: { type: 'boolean' } },
  does: {
    zh: '更换账户的凭据；商户号须不变，除非 --force',
    en: 'Replaces an account’s credentials; the merchant number stays the same unless --force',
  },
  run: async (call) => {
    const { channel, named, members } = described(call)
    const row = await withApp(call, (app) => app.keptAccounts.rotate(named, members, { force: call.has('force') }))
    return outcomeOf(row, call, {
      zh: `已更换 ${channel}/${row.account} 的凭据`,
      en: `replaced the credentials of ${channel}/${row.account}`,
    })
  },
}

export const accountsList: Command = {
  name: 'accounts list',
  usage: '',
  words: 0,
  does: {
    zh: '列出全部渠道账户，不含任何密钥',
    en: 'Lists every account: channel, name, merchant number, fingerprint and dates, no secret',
  },
  run: (call) => withApp(call, async (app) => listed(await app.keptAccounts.list(), app)),
}

/** What `--from` describes, with every problem of its form. */
function described(call: Call) {
  const channel = channelOf(call)
  const path = call.value('from')
  if (path === undefined) throw new UsageError(`${from} is missing`)
  const reader = channelRegistry.find((one) => one.name === channel)
  if (!reader) throw new UsageError(`there is no channel ${channel}`)
  const read = readDescription(path, reader)
  if ('problems' in read)
    throw new AppError('PARAM_ERROR', `${path} cannot be used; nothing was stored:`, { details: { problems: read.problems } })
  return { channel, named: { channel, account: asOwnId('AccountId', call.words[0] ?? '') }, members: read.members }
}

function channelOf(call: Call): ChannelName {
  const said = call.value('channel')
  const channel = channelNames.find((one) => one === said)
  if (!channel) throw new UsageError(`--channel is ${said ?? 'missing'}; one of ${channelNames.join(', ')}`)
  return channel
}

function outcomeOf(row: AccountRow, { language }: Call, done: { zh: string; en: string }): Outcome {
  return { text: `${done[language]}\n${textOf(row)}\n`, json: presented(row) }
}

function listed(rows: readonly AccountRow[], app: App): Outcome {
  const others = app.accounts
    .all()
    .filter((one) => !rows.some((row) => row.channel === one.channel && row.account === one.account))
    .map(({ channel, account, merchantRef }) => ({
      channel,
      account,
      from: account === defaultAccount ? 'environment' : 'folder',
      merchantNumber: merchantRef,
    }))
  const lines = [...others.map((one) => `${one.channel}/${one.account}  ${one.merchantNumber}  ${one.from}`), ...rows.map(textOf)]
  return { text: `${lines.join('\n')}\n`, json: { items: [...others, ...rows.map(presented)] } }
}

function textOf({ channel, account, merchantRef, fingerprint, createdAt, updatedAt, isOldSeal }: AccountRow): string {
  const seal = isOldSeal ? '  MASTER_KEY_PREVIOUS' : ''
  return `${channel}/${account}  ${merchantRef}  database  ${fingerprint}  ${formatInstant(createdAt)}  ${formatInstant(updatedAt)}${seal}`
}

function presented({ channel, account, merchantRef, fingerprint, createdAt, updatedAt, isOldSeal }: AccountRow) {
  return {
    channel,
    account,
    from: 'database',
    merchantNumber: merchantRef,
    fingerprint,
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
    sealedUnderPreviousKey: isOldSeal,
  }
}
