import { AsyncLocalStorage } from 'node:async_hooks'
import type { Log, LogRecord } from './log.ts'

type Fields = Readonly<Record<string, unknown>>

export type LogScope = ReturnType<typeof makeLogScope>

/** Fields that stand in every line written while some work runs, such as the id of the request it is done for, however deep below. */
export function makeLogScope() {
  const storage = new AsyncLocalStorage<Fields>()
  return {
    run: <T>(fields: Fields, work: () => T): T => storage.run(fields, work),
    field: (name: string) => storage.getStore()?.[name],
    over,
  }

  /** The same log with the fields of the scope a line is written in; a line's own fields win. */
  function over(log: Log): Log {
    const withFields = (record: LogRecord): LogRecord => {
      const fields = storage.getStore()
      return fields === undefined ? record : { ...fields, ...record }
    }
    return {
      debug: (record) => log.debug(withFields(record)),
      info: (record) => log.info(withFields(record)),
      warn: (record) => log.warn(withFields(record)),
      error: (record) => log.error(withFields(record)),
      child: (fields) => over(log.child(fields)),
    }
  }
}
