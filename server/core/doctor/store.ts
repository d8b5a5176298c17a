import { formatInstant } from '../../../shared/kernel/time.ts'
import type { Database } from '../../store/database.ts'
import { isDurable } from '../../store/diagnosis.ts'
import { schemaVersions } from '../../store/migrate.ts'
import { type Finding, ok } from '../rules/finding.ts'
import { atHome, isAlive, otherAddresses } from '../rules/instances.ts'
import type { StoreLook } from './parts.ts'

/** A store nobody could ask. Its words show no password: the address is not repeated. */
export function storeAway(reason: string): Finding {
  return {
    id: 'database',
    severity: 'error',
    words: { zh: `数据库无法使用：${reason}`, en: `the database cannot be used: ${reason}` },
    remedy: {
      zh: '请检查 DATABASE_URL、数据库是否启动、账号权限与网络',
      en: 'Check DATABASE_URL, whether the database runs, the user’s rights and the network',
    },
  }
}

export function storeMissing(path: string): Finding {
  return {
    id: 'database',
    severity: 'note',
    about: path,
    words: { zh: '数据库文件还不存在', en: 'the database file is not there yet' },
    remedy: { zh: '首次启动服务或运行 npx shouyin migrate 时会建立', en: 'The first start, or npx shouyin migrate, makes it' },
  }
}

/** Whether the schema is this program's. */
export async function lookAtSchema(db: Database): Promise<Finding> {
  const id = 'migrations'
  const { applied, known } = await schemaVersions(db)
  if (applied === known) return ok(id, `数据库结构为版本 ${known}`, `the schema has version ${known}`)
  const words = {
    zh: `数据库结构为版本 ${applied}，本程序需要 ${known}`,
    en: `the schema has version ${applied}, this program needs ${known}`,
  }
  if (applied < known) return { id, severity: 'error', words, remedy: { zh: '请运行 npx shouyin migrate', en: 'Run npx shouyin migrate' } }
  return {
    id,
    severity: 'error',
    words,
    remedy: { zh: '请升级本程序，或恢复与之相配的备份', en: 'Use a newer program, or restore the backup that goes with this one' },
  }
}

export async function lookAtDurability(db: Database): Promise<Finding> {
  const id = 'durability'
  if (await isDurable(db)) return ok(id, '提交即落盘', 'what is committed survives a power cut')
  return {
    id,
    severity: 'warning',
    words: {
      zh: 'innodb_flush_log_at_trx_commit 不是 1：断电可能丢失已确认的付款',
      en: 'innodb_flush_log_at_trx_commit is not 1: a power cut can lose payments that were acknowledged',
    },
    remedy: { zh: '请在数据库服务器上把它设为 1', en: 'Set it to 1 on the database server' },
  }
}

/** Whether the work of this store is done at our address. */
function lookAtHome(home: string | undefined, publicUrl: string): Finding[] {
  if (home === undefined || atHome(home, publicUrl) !== 'elsewhere') return []
  return [
    {
      id: 'installation',
      severity: 'error',
      about: home,
      words: {
        zh: `此数据库属于 ${home}，这里是 ${publicUrl}：服务在此不执行任何任务（关单、退款、对账、Webhook）`,
        en: `this database belongs to ${home}, and this is ${publicUrl}: a server here runs no task (closing, refunds, bills, webhooks)`,
      },
      remedy: {
        zh: '若已搬到新地址，请运行 npx shouyin adopt；若是副本，请保持原样，或用 npx shouyin adopt --as-copy 让它独立使用',
        en: 'If it moved here, run npx shouyin adopt; if it is a copy, leave it so, or let it go on by itself with npx shouyin adopt --as-copy',
      },
    },
  ]
}

/** Whether a server runs on the store, and whether the store was lately in use under another address that its home does not tell of. */
export function lookAtInstances({ instances, now, home }: Omit<StoreLook, 'db'>, publicUrl: string | undefined): Finding[] {
  const alive = instances.filter((one) => isAlive(one, now))
  const [last] = instances
  const running: Finding =
    alive.length > 0
      ? ok(
          'server',
          `有 ${alive.length} 个服务正在使用此数据库`,
          `${alive.length} ${alive.length === 1 ? 'server runs' : 'servers run'} on this database`,
        )
      : {
          id: 'server',
          severity: 'note',
          words: {
            zh: last ? `没有服务在运行，上次是 ${formatInstant(last.seenAt)}` : '还没有服务在此数据库上运行过',
            en: last
              ? `no server is running; the last one was there at ${formatInstant(last.seenAt)}`
              : 'no server has run on this database yet',
          },
          remedy: { zh: '请启动服务：npm start', en: 'Start it: npm start' },
        }
  if (publicUrl === undefined) return [running]
  const held = lookAtHome(home, publicUrl)
  if (held.length > 0) return [running, ...held]
  const elsewhere = otherAddresses(instances, { publicUrl, now }).map(
    (one): Finding => ({
      id: 'installation',
      severity: 'warning',
      about: one.publicUrl,
      words: {
        zh: `此数据库 ${formatInstant(one.seenAt)} 还在地址 ${one.publicUrl} 下使用：可能是正式库的副本`,
        en: `this database was in use under ${one.publicUrl} at ${formatInstant(one.seenAt)}: it may be a copy of one that is in use`,
      },
      remedy: {
        zh: '若是副本，请勿用同样的渠道凭据启动服务；若只是换了地址，一周后此提示消失',
        en: 'If it is a copy, start no server on it with the same credentials; if the address changed, this goes away in a week',
      },
    }),
  )
  return [running, ...elsewhere]
}
