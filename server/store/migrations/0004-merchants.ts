import type { AddedColumn, Index, Table } from './ddl.ts'

/** What merchants' servers need: where events go, what became of each, and who did what. */
export const merchantTables: readonly Table[] = [
  {
    name: 'webhook_endpoints',
    columns: {
      merchant_id: 'id',
      endpoint_id: 'id',
      url: 'text',
      types: 'text',
      description: 'text?',
      status: 'id',
      secret: 'text',
      former_secret: 'text?',
      former_until: 'int?',
      disabled_why: 'text?',
      created_at: 'int',
    },
    primary: ['merchant_id', 'endpoint_id'],
    indexes: { by_age: ['merchant_id', 'created_at', 'endpoint_id'] },
  },
  {
    name: 'deliveries',
    columns: {
      merchant_id: 'id',
      delivery_id: 'id',
      event_id: 'id',
      endpoint_id: 'id',
      status: 'id',
      tries: 'int',
      next_at: 'int?',
      created_at: 'int',
      finished_at: 'int?',
    },
    primary: ['merchant_id', 'delivery_id'],
    indexes: { by_event: ['merchant_id', 'event_id'] },
  },
  {
    name: 'delivery_tries',
    columns: {
      merchant_id: 'id',
      delivery_id: 'id',
      try_id: 'id',
      at: 'int',
      ms: 'int',
      outcome: 'id',
      status_code: 'int?',
      detail: 'text?',
    },
    primary: ['merchant_id', 'delivery_id', 'try_id'],
  },
  {
    name: 'audit',
    columns: {
      merchant_id: 'id',
      audit_id: 'id',
      at: 'int',
      actor: 'id',
      action: 'text',
      subject: 'name',
      client_ip: 'id',
      request_id: 'id',
    },
    primary: ['merchant_id', 'audit_id'],
  },
]

/** A key without scopes may do everything, as keys could before there were any. */
export const merchantColumns: readonly AddedColumn[] = [
  { table: 'api_keys', name: 'scopes', type: 'id?' },
  { table: 'api_keys', name: 'hint', type: 'id?' },
  { table: 'api_keys', name: 'expires_at', type: 'int?' },
  { table: 'tasks', name: 'queue', type: 'id?' },
  { table: 'tasks', name: 'lane', type: 'id?' },
]

export const merchantIndexes: readonly Index[] = [
  { table: 'attempts', name: 'by_age', on: ['merchant_id', 'created_at', 'payment_id'] },
  { table: 'tasks', name: 'by_queue', on: ['queue', 'run_at'] },
]
