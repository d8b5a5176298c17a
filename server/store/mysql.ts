import { MysqlDialect } from 'kysely'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MysqlUrl } from './database-url.ts'
import type { StoreDialect } from './dialect.ts'
import { failoverPool } from './failover-pool.ts'
import { mysqlErrors } from './mysql-errors.ts'

export function mysqlDialect(url: MysqlUrl, outside: { runtime: Runtime; log: Log }): StoreDialect {
  const { isDuplicate, retryReason, isConnectionLost, isHostDown, isUndone } = mysqlErrors
  const pool = failoverPool(url, { ...outside, isHostDown, isUndone })
  return {
    kind: 'mysql',
    kysely: new MysqlDialect({ pool }),
    connections: pool.connections,
    isDuplicate,
    retryReason,
    isConnectionLost,
    writers: 1,
  }
}
