import type { MysqlPool, MysqlPoolConnection } from 'kysely'
import type { QueryError } from 'mysql2'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MysqlUrl } from './database-url.ts'
import type { Connections } from './dialect.ts'
import { type Host, watchHosts } from './host-watch.ts'
import { type Line, openLine } from './mysql-line.ts'

const maxLines = 12
/** Who waits longer for a free connection is refused: the server is overloaded, and more waiting makes it worse. */
const waitLimitMs = 10_000

/** No host takes a connection, or none became free in time. */
class NoConnection extends Error {
  override readonly name = 'NoConnection'
}

type Outside = {
  readonly runtime: Runtime
  readonly log: Log
  /** The host says that it does not write: another one may. */
  isHostDown(error: QueryError): boolean
  isUndone(error: QueryError): boolean
}
type Callback = (error: unknown, connection: MysqlPoolConnection) => void
type Waiter = { give(line: Line): void; refuse(error: unknown): void }

/**
 * Connections to the first host that is up, so that a cluster sees one writer; the next host's when that one is silent, gone, or says
 * that it does not write. What waits for a silent host is cut off after two or three seconds.
 */
export function failoverPool(url: MysqlUrl, { runtime, log, isHostDown, isUndone }: Outside): MysqlPool & { connections(): Connections } {
  const hosts: Host[] = url.hosts.map((at) => ({ ...at, name: `${at.host}:${at.port}`, isDown: false }))
  const hostOf = new Map<Line, Host>()
  const idle: Line[] = []
  const waiting: Waiter[] = []
  let opening = 0
  let isEnded = false
  const noEvents = { onRelease: () => {}, onClose: () => {}, onError: () => {}, isUndone: () => false }
  const watch = watchHosts(hosts, { runtime, log, open: (host) => openLine(url, host, runtime, noEvents), onSilent: cutLinesOf })
  return { getConnection, end, connections }

  function connections(): Connections {
    return { busy: hostOf.size - idle.length, idle: idle.length, waiting: waiting.length }
  }

  function getConnection(callback: Callback): void {
    const line = waiting.length === 0 ? takeIdle() : undefined
    if (line) callback(null, line.connection)
    else wait(callback)
  }

  function wait(callback: Callback): void {
    const limit = runtime.deadline(waitLimitMs)
    const waiter: Waiter = {
      give: (line) => {
        limit.clear()
        callback(null, line.connection)
      },
      refuse: (error) => {
        limit.clear()
        // A failed call has no connection, and the callback's type has no word for that.
        Reflect.apply(callback, undefined, [error])
      },
    }
    limit.signal.addEventListener('abort', () => {
      const place = waiting.indexOf(waiter)
      if (place < 0) return
      waiting.splice(place, 1)
      waiter.refuse(new NoConnection(`no database connection became free within ${waitLimitMs} ms`))
    })
    waiting.push(waiter)
    serve()
  }

  function serve(): void {
    while (waiting.length > 0) {
      const line = takeIdle()
      if (!line) break
      waiting.shift()?.give(line)
    }
    while (opening < waiting.length && hostOf.size + opening < maxLines) void open()
  }

  function takeIdle(): Line | undefined {
    for (let line = idle.pop(); line; line = idle.pop()) {
      if (isWanted(line)) return line
      drop(line)
    }
    return undefined
  }

  function isWanted(line: Line): boolean {
    const current = hosts.find((one) => !one.isDown)
    return line.isUsable() && (current === undefined || current === hostOf.get(line))
  }

  async function open(): Promise<void> {
    opening++
    try {
      const line = await openFirst()
      if (isEnded) drop(line)
      else idle.push(line)
    } catch (error) {
      waiting.shift()?.refuse(error)
    } finally {
      opening--
    }
    serve()
  }

  async function openFirst(): Promise<Line> {
    const up = hosts.filter((host) => !host.isDown)
    let last: unknown
    // With every host down, what is known of them may be old.
    for (const host of up.length > 0 ? up : hosts) {
      try {
        const line = await openLine(url, host, runtime, { isUndone, onRelease: release, onClose: forget, onError })
        hostOf.set(line, host)
        return line
      } catch (error) {
        last = error
        watch.markDown(host, error)
      }
    }
    throw new NoConnection('no database host takes a connection', { cause: last })
  }

  function onError(line: Line, error: QueryError): void {
    if (!isHostDown(error)) return
    line.discard()
    const host = hostOf.get(line)
    if (host) watch.markDown(host, error)
  }

  function release(line: Line): void {
    if (isWanted(line)) idle.push(line)
    else drop(line)
    serve()
  }

  function drop(line: Line): void {
    forget(line)
    line.end()
  }

  function forget(line: Line): void {
    hostOf.delete(line)
  }

  function cutLinesOf(silent: Host): void {
    for (const [line, host] of [...hostOf]) if (host === silent) line.cut()
  }

  function end(callback: (error: unknown) => void): void {
    isEnded = true
    watch.end()
    for (const waiter of waiting.splice(0)) waiter.refuse(new NoConnection('the store is closed'))
    for (const line of idle.splice(0)) drop(line)
    for (const line of hostOf.keys()) line.cut()
    callback(null)
  }
}
