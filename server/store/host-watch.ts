import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { HostAddress, Line } from './mysql-line.ts'

const probeEveryMs = 1000
/** A host that takes longer is frozen, or as good as. */
const probeLimitMs = 2000
/** A host that comes up again is not trusted at its first word: a cluster's node answers before it can write. */
const goodAnswersToBeUp = 4

/** `down`: not to be asked while another host is up. Its own word and its silence both count. */
export type Host = HostAddress & { readonly name: string; isDown: boolean }

type Outside = {
  readonly runtime: Runtime
  readonly log: Log
  open(host: Host): Promise<Line>
  /** The host is silent or gone: nothing that waits for it will be answered. */
  onSilent(host: Host): void
}

/**
 * Looks after every host by a connection of its own: whether it answers, and whether it writes. `select 1` would not do: a replica
 * and a cluster's node that is cut off answer it like any other.
 */
export function watchHosts(hosts: readonly Host[], { runtime, log, open, onSilent }: Outside) {
  const ended = new AbortController()
  for (const host of hosts) void watch(host)
  return { markDown, end: () => ended.abort() }

  function markDown(host: Host, why: unknown): void {
    if (host.isDown) return
    host.isDown = true
    log.warn({ event: 'store.host_down', host: host.name, reason: why instanceof Error ? why.message : String(why) })
  }

  async function watch(host: Host): Promise<void> {
    let line: Line | undefined
    let goodAnswers = 0
    while (!ended.signal.aborted) {
      await runtime.sleep(probeEveryMs, ended.signal)
      if (ended.signal.aborted) break
      try {
        const answer = probe(host, line)
        line = await within(answer)
        goodAnswers++
        if (host.isDown && goodAnswers >= goodAnswersToBeUp) markUp(host)
      } catch (error) {
        goodAnswers = 0
        markDown(host, error)
        if (error instanceof DoesNotWrite) continue
        // A late answer must not count, so the next probe has a connection of its own.
        line?.cut()
        line = undefined
        onSilent(host)
      }
    }
    line?.end()
  }

  function markUp(host: Host): void {
    host.isDown = false
    log.info({ event: 'store.host_up', host: host.name })
  }

  async function probe(host: Host, known: Line | undefined): Promise<Line> {
    const line = known?.isUsable() ? known : await open(host)
    if (ended.signal.aborted) line.end()
    if ((await ownWord(line, 'VARIABLES', 'read_only')) === 'ON') throw new DoesNotWrite('the host is read-only')
    // A MariaDB that is in no cluster says that it is not ready for one.
    const isInCluster = (await ownWord(line, 'VARIABLES', 'wsrep_on')) === 'ON'
    if (isInCluster && (await ownWord(line, 'STATUS', 'wsrep_ready')) !== 'ON')
      throw new DoesNotWrite('this node of the cluster is not ready')
    return line
  }

  async function within<T>(answer: Promise<T>): Promise<T> {
    const limit = runtime.deadline(probeLimitMs)
    const silence = new Promise<never>((_, reject) =>
      limit.signal.addEventListener('abort', () => reject(new Error(`no answer within ${probeLimitMs} ms`)), { once: true }),
    )
    // The loser of the race is heard by nobody.
    answer.catch(() => {})
    try {
      return await Promise.race([answer, silence])
    } finally {
      limit.clear()
    }
  }
}

class DoesNotWrite extends Error {}

/** What the server says of itself; undefined where it does not know the name. */
async function ownWord(line: Line, what: 'VARIABLES' | 'STATUS', name: 'read_only' | 'wsrep_on' | 'wsrep_ready'): Promise<unknown> {
  const rows = await line.ask(`SHOW GLOBAL ${what} LIKE '${name}'`)
  const [row]: unknown[] = Array.isArray(rows) ? rows : []
  return typeof row === 'object' && row !== null && 'Value' in row ? row.Value : undefined
}
