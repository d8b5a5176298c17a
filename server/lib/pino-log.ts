import { pino } from 'pino'
import type { Log, LogRecord } from './log.ts'
import { type Mask, makeMask } from './mask.ts'
import type { Secret } from './secret.ts'

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof levels)[number]

/** Lines are written together, at most so many bytes or so long after they were said; what waits is written before the process ends. */
const bufferBytes = 4096
const flushEveryMs = 100

type Outside = {
  readonly level: LogLevel
  /** Texts that must not appear, whatever they look like and wherever they are. */
  readonly secrets?: readonly Secret[]
  readonly destination?: { write(line: string): void }
}

/** One JSON line an event, on standard output; no secret and no person stands in it. */
export function makeLog({ level, secrets, destination }: Outside): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Ours is made before pino sees it.
      serializers: { err: (error: unknown) => error },
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: bufferBytes, periodicFlush: flushEveryMs }),
  )
  return wrap(logger, makeMask(secrets))
}

function wrap(logger: pino.Logger, mask: Mask): Log {
  return {
    debug: (record: LogRecord) => logger.isLevelEnabled('debug') && logger.debug(mask.record(record)),
    info: (record: LogRecord) => logger.isLevelEnabled('info') && logger.info(mask.record(record)),
    warn: (record: LogRecord) => logger.isLevelEnabled('warn') && logger.warn(mask.record(record)),
    error: (record: LogRecord) => logger.isLevelEnabled('error') && logger.error(mask.record(record)),
    child: (fields) => wrap(logger.child(mask.record(fields)), mask),
  }
}
