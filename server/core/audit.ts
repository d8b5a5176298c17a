import { newId } from '../lib/ids.ts'
import { type AuditRow, insertAudit } from '../store/audit.ts'
import type { Parts } from './parts.ts'

export type Audit = ReturnType<typeof makeAudit>

/** Writes down what keys and staff did. What was done is done: a row that cannot be written is told in the log, with all that it says. */
export function makeAudit({ db, runtime, log }: Pick<Parts, 'db' | 'runtime' | 'log'>) {
  return async function audit(done: Omit<AuditRow, 'auditId' | 'at'>): Promise<void> {
    const row = { ...done, auditId: newId(runtime, 'aud'), at: runtime.now() }
    await insertAudit(db, row).catch((error: unknown) => log.error({ event: 'audit.not_written', ...row, error }))
  }
}
