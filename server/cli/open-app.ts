import { readName } from '../../shared/kernel/ids.ts'
import { type App, makeApp } from '../app.ts'
import type { AccountSource } from '../channels/channel.ts'
import { channelRegistry, isChannelDefinition } from '../channels/registry.ts'
import { type Config, readConfig } from '../config/config.ts'
import { readPayFolders } from '../config/pays-folder.ts'
import { AppError } from '../core/error.ts'
import { memberOf } from '../lib/member-of.ts'
import { makeLog } from '../lib/pino-log.ts'
import { makeMetrics } from '../lib/prom-metrics.ts'
import type { Call, Outside } from './command.ts'
import { merchantOf } from './merchant.ts'

/** @throws ConfigError */
export async function readConfiguration({ environment }: Outside): Promise<Config<AccountSource>> {
  return readConfig(environment, channelRegistry, await readPayFolders(environment, isChannelDefinition))
}

/** @throws ConfigError; AppError in the demo, whose accounts live in the running server. */
export async function readOwnConfiguration(outside: Outside): Promise<Config<AccountSource>> {
  const config = await readConfiguration(outside)
  if (!config.demo) return config
  throw new AppError('INVALID_REQUEST', 'nothing is configured: the demo is asked through its running server, at /api/v1', {
    hint: {
      zh: '演示模式请直接调用运行中的服务（/api/v1）；要用命令行，请先填写 .env',
      en: 'Ask the running demo by its API, or fill in .env to use the command line',
    },
  })
}

/** What a command's parts are made of; a command prints its outcome, its log would only be in the way. */
export function partsOf({ runtime }: Outside) {
  return { runtime, log: makeLog({ level: 'silent' }), metrics: makeMetrics() }
}

/** Whose and what it was, as the result says, or else as it was typed. */
function whatWasDone(call: Call, result: unknown) {
  const said = (name: string) => {
    const member = memberOf(result, name)
    return typeof member === 'string' ? member : undefined
  }
  const merchantId = readName('MerchantId', said('merchantId') ?? '') ?? merchantOf(call)
  const subject = said('keyId') ?? said('refundId') ?? call.words[0] ?? ''
  return { merchantId, action: `shouyin ${call.name}`, subject }
}

/** Does something with the server's own parts, without the loop and without listening, beside a running server or without one. */
export async function withApp<T>(call: Call, work: (app: App) => Promise<T>): Promise<T> {
  const { outside } = call
  const config = await readOwnConfiguration(outside)
  const app = await makeApp({ config, sources: config.accounts, ...partsOf(outside) })
  try {
    const result = await work(app)
    if (call.isActing) await app.audit.record({ ...whatWasDone(call, result), actor: 'command line', clientIp: '', requestId: '' })
    return result
  } finally {
    // Also when it failed: connections that stay open would keep the command from ending.
    await app.drain()
  }
}
