import type { MerchantId } from '../../shared/kernel/ids.ts'
import type { Instant } from '../../shared/kernel/time.ts'
import type { Db } from './database.ts'

/** Something that a key, or somebody at the command line, did. */
export type AuditRow = {
  readonly merchantId: MerchantId
  readonly auditId: string
  readonly at: Instant
  /** The id of a key, or `command line`. */
  readonly actor: string
  /** Method and path of a route, or a command. */
  readonly action: string
  /** What it was done to. */
  readonly subject: string
  readonly clientIp: string
  readonly requestId: string
}

const textMax = { action: 500, subject: 128, clientIp: 64, requestId: 64 }

export async function insertAudits(db: Db, rows: readonly AuditRow[]): Promise<void> {
  const values = rows.map((row) => ({
    merchant_id: row.merchantId,
    audit_id: row.auditId,
    at: row.at,
    actor: row.actor,
    action: row.action.slice(0, textMax.action),
    subject: row.subject.slice(0, textMax.subject),
    client_ip: row.clientIp.slice(0, textMax.clientIp),
    request_id: row.requestId.slice(0, textMax.requestId),
  }))
  await db.query.insertInto('audit').values(values).execute()
}

/** The newest first; as many as anybody looks through. */
export async function listAudit(db: Db, merchantId: MerchantId, limit: number): Promise<AuditRow[]> {
  const rows = await db.query
    .selectFrom('audit')
    .select(['audit_id', 'at', 'actor', 'action', 'subject', 'client_ip', 'request_id'])
    .where('merchant_id', '=', merchantId)
    .orderBy('audit_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    merchantId,
    auditId: row.audit_id,
    at: row.at,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    clientIp: row.client_ip,
    requestId: row.request_id,
  }))
}
