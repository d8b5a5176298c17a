import { applyChanges } from '../store/apply-changes.ts'
import type { Database, Tx } from '../store/database.ts'
import { CommitUnknown, transaction } from '../store/transaction.ts'
import { endTasks, insertEvents, insertNotes, insertTasks, wasWritten } from '../store/transitions.ts'
import type { Decision } from './rules/decision.ts'

/** A decision with the rows that come with it; their ids are made before any transaction. */
export type Prepared = {
  readonly decision: Decision
  readonly events: Parameters<typeof insertEvents>[1]
  readonly tasks: Parameters<typeof insertTasks>[1]
  readonly notes: Parameters<typeof insertNotes>[1]
}

type Waiting = { readonly prepared: Prepared; readonly resolve: (won: boolean) => void; readonly reject: (error: unknown) => void }

/** Decisions that one transaction takes at most: a lost one makes all of them go by themselves. */
const groupMax = 16

/** One of the changes found its row in another state than the rule knew. */
class Lost extends Error {}

/**
 * Decisions that wait at the same moment share a transaction: while one is under way the next ones gather. When one of a group is
 * lost, none is written, and each is put down by itself.
 */
export function makeCommitQueue({ db }: { db: Database }) {
  const waiting: Waiting[] = []
  let busy = 0
  return put

  /** @returns false when the decision was lost: nothing of it is written. */
  function put(prepared: Prepared): Promise<boolean> {
    return new Promise((resolve, reject) => {
      waiting.push({ prepared, resolve, reject })
      pump()
    })
  }

  function pump(): void {
    while (busy < db.dialect.writers && waiting.length > 0) {
      busy++
      void putGroup(waiting.splice(0, groupMax)).finally(() => {
        busy--
        pump()
      })
    }
  }

  async function putGroup(group: readonly Waiting[]): Promise<void> {
    if (group.length > 1 && (await couldWriteTogether(group))) return
    for (const { prepared, resolve, reject } of group) await putOne(prepared).then(resolve, reject)
  }

  async function couldWriteTogether(group: readonly Waiting[]): Promise<boolean> {
    try {
      await transaction(db, (tx) =>
        write(
          tx,
          group.map(({ prepared }) => prepared),
        ),
      )
    } catch {
      // Whatever it was, it is met again, and told apart, by whoever it belongs to.
      return false
    }
    for (const { resolve } of group) resolve(true)
    return true
  }

  /**
   * A COMMIT that went unanswered is looked up by a row whose id was made before it. A decision that moves anything writes such a row;
   * one that was written by a group whose answer was lost finds its rows moved, and is lost here.
   */
  async function putOne(prepared: Prepared): Promise<boolean> {
    try {
      await transaction(db, (tx) => write(tx, [prepared]))
      return true
    } catch (error) {
      if (error instanceof Lost) return false
      const [marker] = prepared.notes
      if (error instanceof CommitUnknown && marker !== undefined && (await wasWritten(db, marker))) return true
      throw error
    }
  }
}

async function write(tx: Tx, group: readonly Prepared[]): Promise<void> {
  if (
    !(await applyChanges(
      tx,
      group.flatMap(({ decision }) => decision.changes),
    ))
  )
    throw new Lost()
  const [events, notes] = [group.flatMap((one) => one.events), group.flatMap((one) => one.notes)]
  const [ended, tasks] = [group.flatMap(({ decision }) => decision.ended), group.flatMap((one) => one.tasks)]
  if (events.length > 0) await insertEvents(tx, events)
  if (notes.length > 0) await insertNotes(tx, notes)
  if (ended.length > 0) await endTasks(tx, ended)
  if (tasks.length > 0) await insertTasks(tx, tasks)
}
