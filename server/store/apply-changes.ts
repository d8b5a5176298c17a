import type { Change } from '../core/rules/decision.ts'
import { writeAttempt } from './attempts.ts'
import type { Tx } from './database.ts'
import { insertNew } from './insert-ignore.ts'
import { writeOrder } from './orders.ts'
import { applyChange } from './transitions.ts'

/**
 * Writes the changes of a transaction: new rows of a table in one statement, the moves each by itself. All are written or, when one
 * finds its row otherwise or its key taken, the transaction is to be undone.
 *
 * @returns false when one was lost.
 */
export async function applyChanges(tx: Tx, changes: readonly Change[]): Promise<boolean> {
  const [orders, attempts] = [
    changes.filter((change) => change.kind === 'insertOrder'),
    changes.filter((change) => change.kind === 'insertAttempt'),
  ]
  const rest = changes.filter((change) => change.kind !== 'insertOrder' && change.kind !== 'insertAttempt')
  for (const change of rest) if (!(await applyChange(tx, change))) return false
  if (
    orders.length > 0 &&
    !(await insertNew(
      tx,
      'orders',
      orders.map(({ order }) => writeOrder(order)),
    ))
  )
    return false
  return (
    attempts.length === 0 ||
    insertNew(
      tx,
      'attempts',
      attempts.map(({ attempt }) => writeAttempt(attempt)),
    )
  )
}
