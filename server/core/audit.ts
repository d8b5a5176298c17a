import type { MerchantId } from '../../shared/kernel/ids.ts'
import { newId } from '../lib/ids.ts'
import { type AuditRow, insertAudits, listAudit } from '../store/audit.ts'
import type { Parts } from './parts.ts'

export type Audit = ReturnType<typeof makeAudit>

const groupMax = 100
/** As many as anybody looks through. */
const listMax = 200

/**
 * Writes down what keys and staff did; rows that wait at the same moment share a statement. What was done is done: a row that cannot
 * be written is told in the log, with all that it says.
 */
export function makeAudit({ db, runtime, log }: Pick<Parts, 'db' | 'runtime' | 'log'>) {
  const waiting: Array<{ readonly row: AuditRow; readonly written: () => void }> = []
  let isWriting = false
  return { record, list }

  /** Resolves once it is written, or told in the log. */
  function record(done: Omit<AuditRow, 'auditId' | 'at'>): Promise<void> {
    const row = { ...done, auditId: newId(runtime, 'aud'), at: runtime.now() }
    return new Promise((written) => {
      waiting.push({ row, written })
      if (!isWriting) void writeAll()
    })
  }

  /** What was done for a merchant last, the newest first. */
  function list(merchantId: MerchantId): Promise<AuditRow[]> {
    return listAudit(db, merchantId, listMax)
  }

  async function writeAll(): Promise<void> {
    isWriting = true
    for (let group = waiting.splice(0, groupMax); group.length > 0; group = waiting.splice(0, groupMax)) {
      const rows = group.map(({ row }) => row)
      await insertAudits(db, rows).catch((error: unknown) => log.error({ event: 'audit.not_written', rows, error }))
      for (const { written } of group) written()
    }
    isWriting = false
  }
}
