import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Settings } from './plan.ts'

/** A folder in memory where there is one. */
const folder = process.platform === 'linux' ? '/dev/shm' : tmpdir()
const staleForMs = 2000
const staleForCommits = 10
let made = 0

/** The database of a run: in memory as a rule, a file for the clusters that forget. */
export function openRaw({ profile }: Settings): { raw: DatabaseSync; path: string | undefined } {
  if (profile !== 'stale') return { raw: new DatabaseSync(':memory:'), path: undefined }
  const path = newPath()
  const raw = new DatabaseSync(path)
  raw.exec('pragma journal_mode = wal; pragma synchronous = off')
  return { raw, path }
}

export function newPath(): string {
  return join(folder, `shouyin-simulation-${process.pid}-${made++}.db`)
}

export function removeFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
}

/** A node that lags: what it shows is up to ten commits, or two seconds, old. */
export function makeLaggingNode(path: string, draw: () => number, now: () => number) {
  const node = new DatabaseSync(path)
  let commits = 0
  let allowed = 0
  let since = Number.NEGATIVE_INFINITY
  let isOpen = false
  return { read, committed: () => void commits++, close: () => node.close() }

  function read(sql: string, parameters: readonly unknown[]): unknown[] {
    if (commits >= allowed || now() - since > staleForMs) catchUp()
    return node.prepare(sql).all(...(parameters as never[]))
  }

  function catchUp(): void {
    if (isOpen) node.exec('commit')
    node.exec('begin')
    node.prepare('select count(*) from sqlite_master').get()
    isOpen = true
    commits = 0
    allowed = 1 + Math.floor(draw() * staleForCommits)
    since = now()
  }
}
