import { pino } from 'pino'
import type { Log, LogRecord } from './log.ts'

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof levels)[number]

/** Members that hold a person or a secret whatever object they are in; `Secret` prints as `***` by itself. */
const masked = ['openId', 'openid', 'paySign', 'signature', 'authorization', 'session_key', 'token', 'apiKey']

/** One JSON line an event, on standard output. */
export function makeLog({ level, destination }: { level: LogLevel; destination?: { write(line: string): void } }): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      redact: { paths: [...masked, ...masked.map((name) => `*.${name}`)], censor: '***' },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  )
  return wrap(logger)
}

function wrap(logger: pino.Logger): Log {
  return {
    debug: (record: LogRecord) => logger.debug(record),
    info: (record: LogRecord) => logger.info(record),
    warn: (record: LogRecord) => logger.warn(record),
    error: (record: LogRecord) => logger.error(record),
    child: (fields) => wrap(logger.child({ ...fields })),
  }
}
