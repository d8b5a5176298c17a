import type { Language } from '../../../shared/kernel/words.ts'
import { AppError } from '../../core/error.ts'
import { listenProblem } from '../../lib/start-problem.ts'
import { type Call, type Command, UsageError } from '../command.ts'

/** The demo's own, when nothing else is said. */
const usualPort = 8601

type Started = { readonly origin: string; readonly environment: Readonly<Record<string, string>> }

export const emulator: Command = {
  name: 'emulator',
  usage: '[--port 8601] [--keep folder]',
  words: 0,
  options: { port: { type: 'string' }, keep: { type: 'string' } },
  does: {
    zh: '只启动渠道模拟器，打印其地址与凭据，供任意 SDK 使用；--keep 指定保存状态的目录',
    en: 'Starts the emulator of the channels alone and prints its addresses and credentials, for any SDK; --keep names a folder for its state',
  },
  run: async (call) => {
    // Nothing of the emulator is loaded by any other command.
    const { startEmulatorOnly } = await import('../../demo/emulator-only.ts')
    const started = await startEmulatorOnly({ host: '127.0.0.1', port: portOf(call), folder: call.value('keep') }).catch(cannotListen)
    call.outside.say(call.has('json') ? `${JSON.stringify(presented(started), undefined, 2)}\n` : textOf(started, call.language))
    await call.outside.untilTold()
    await started.close()
    return { text: '', json: { stopped: true } }
  },
}

function cannotListen(error: unknown): never {
  const problem = listenProblem(error, '--port')
  throw problem ? new AppError('CONFLICT', problem.text) : error
}

function portOf(call: Call): number {
  const said = call.value('port')
  if (said === undefined) return usualPort
  const port = /^\d{1,5}$/.test(said) ? Number(said) : Number.NaN
  if (!(port >= 0 && port < 65_536)) throw new UsageError(`--port is ${said}; a number from 0 to 65535`)
  return port
}

function presented({ origin, environment }: Started): unknown {
  return {
    origin,
    phone: `${origin}/phone`,
    credentials: `${origin}/_emulator/credentials`,
    state: `${origin}/_emulator/state`,
    environment,
  }
}

/** The credentials are the emulator's own, made up and worth nothing anywhere else: they are printed to be used. */
function textOf({ origin, environment }: Started, language: Language): string {
  const isZh = language === 'zh'
  const rows: ReadonlyArray<readonly [string, string, string]> = [
    ['微信支付 v3 与 v2、登录', 'WeChat Pay v3 and v2, login', origin],
    ['QFPay', 'QFPay', `${origin}/qfpay`],
    ['支付宝', 'Alipay', `${origin}/alipay/gateway.do`],
    ['付款人的手机', 'The payer’s phone', `${origin}/phone`],
    ['全部凭据（JSON）', 'All credentials (JSON)', `${origin}/_emulator/credentials`],
    ['状态', 'Its state', `${origin}/_emulator/state`],
  ]
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [
    ...rows.map(([zh, en, address]) => `${isZh ? zh : en}: ${address}`),
    '',
    isZh ? '# 供服务端 .env 使用：' : '# For the .env of a server:',
    ...lines,
    '',
    isZh ? '按 Ctrl+C 结束。' : 'Ctrl+C ends it.',
    '',
  ].join('\n')
}
