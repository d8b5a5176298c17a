import { type App, makeApp } from '../app.ts'
import type { AccountSource } from '../channels/channel.ts'
import { channelRegistry, isChannelDefinition } from '../channels/registry.ts'
import { type Config, readConfig } from '../config/config.ts'
import { readPayFolders } from '../config/pays-folder.ts'
import { AppError } from '../core/error.ts'
import { makeLog } from '../lib/pino-log.ts'
import { makeMetrics } from '../lib/prom-metrics.ts'
import type { Call, Outside } from './command.ts'

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

/** Does something with the server's own parts, without the loop and without listening, beside a running server or without one. */
export async function withApp<T>({ outside }: Call, work: (app: App) => Promise<T>): Promise<T> {
  const config = await readOwnConfiguration(outside)
  const app = await makeApp({ config, sources: config.accounts, ...partsOf(outside) })
  try {
    return await work(app)
  } finally {
    // Also when it failed: connections that stay open would keep the command from ending.
    await app.drain()
  }
}
