import { asOwnId, defaultAccount, defaultMerchant } from '../../shared/kernel/ids.ts'
import { channelNames } from '../../shared/kernel/pay.ts'
import { type App, makeApp } from '../app.ts'
import type { AccountSource } from '../channels/channel.ts'
import { channelRegistry, isChannelDefinition } from '../channels/registry.ts'
import { ConfigError, readConfig } from '../config/config.ts'
import { readPayFolders } from '../config/pays-folder.ts'
import { AppError } from '../core/error.ts'
import { makeNodeRuntime } from '../lib/node-runtime.ts'
import { makeLog } from '../lib/pino-log.ts'
import { makeMetrics } from '../lib/prom-metrics.ts'

const configExitCode = 78
const usage =
  'npm run reconcile -- 2026-01-02 [channel] [account]: compares the bill of a day (in China) with the books, beside a running server or without one\n'

process.exitCode = await main(process.argv.slice(2), process.env)

/** @returns 0 when the day was compared, whatever came of it; 1 when it could not be, with the reason. */
async function main(
  [day, name = 'wechat', account = defaultAccount]: string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const channel = channelNames.find((one) => one === name)
  if (day === undefined || !channel) {
    process.stderr.write(usage)
    return 1
  }
  const runtime = makeNodeRuntime()
  try {
    const config = readConfig<AccountSource>(environment, channelRegistry, await readPayFolders(environment, isChannelDefinition))
    if (config.demo)
      throw new AppError('INVALID_REQUEST', 'nothing is configured: in the demo, ask the running server with POST /api/v1/reconciliations')
    const app = await makeApp({ config, sources: config.accounts, runtime, log: makeLog({ level: 'error' }), metrics: makeMetrics() })
    const { report } = await compared(app, { channel, account: asOwnId('AccountId', account), day })
    process.stdout.write(`${JSON.stringify({ date: day, channel, ...report }, undefined, 2)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof AppError) && !(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return error instanceof ConfigError ? configExitCode : 1
  } finally {
    await runtime.end()
  }
}

/** Also when the day cannot be compared the connections are closed: they would keep the command from ending. */
async function compared(app: App, asked: Parameters<App['reconcile']['request']>[1]): ReturnType<App['reconcile']['request']> {
  try {
    return await app.reconcile.request(defaultMerchant, asked)
  } finally {
    await app.drain()
  }
}
