import type { ChannelAccount } from '../../server/channels/channel.ts'
import { ChannelError } from '../../server/channels/failure.ts'
import { makeBill } from '../../server/channels/wechat/v3/bill.ts'
import { makeAccounts } from '../../server/core/accounts.ts'
import { makeAlarms } from '../../server/core/alarms.ts'
import { makeAskChannel } from '../../server/core/ask-channel.ts'
import { makeCommit } from '../../server/core/commit.ts'
import { makeReconcile } from '../../server/core/reconcile.ts'
import type { BillKind } from '../../server/core/rules/bill.ts'
import { makeSettle } from '../../server/core/settle.ts'
import { makeExchanges } from '../../server/lib/exchanges.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import { makeMetrics } from '../../server/lib/prom-metrics.ts'
import type { Database } from '../../server/store/database.ts'
import { defaultAccount } from '../../shared/kernel/ids.ts'
import { billedMerchant, type PackedBill } from './bill-maker.ts'
import { silentLog } from './silent-log.ts'

const gateway = 'https://api.mch.weixin.qq.com'
const chunkBytes = 65_536

/** The product's reconciliation over bills of a test's own, which go through the product's own reader of WeChat's bills. */
export function makeReconciler(db: Database, bills: Partial<Record<BillKind, PackedBill>>) {
  const runtime = makeNodeRuntime()
  const metrics = makeMetrics()
  const alarms = makeAlarms({ log: silentLog, metrics })
  const account = {
    channel: 'wechat',
    account: defaultAccount,
    label: { zh: '微信支付', en: 'WeChat Pay' },
    merchantRef: billedMerchant,
    bill,
    currencies: ['CNY'],
    hasFundFlow: true,
  } as unknown as ChannelAccount
  const accounts = makeAccounts([account])
  const askChannel = makeAskChannel({ runtime, log: silentLog, metrics, alarms, exchanges: makeExchanges() })
  const commit = makeCommit({ db, runtime, afterCommit: () => {} })
  const policy = {
    latePayment: 'refund',
    orderNoPrefix: 'D',
    installation: 'ins_test',
    notifyUrl: () => 'https://shop.example/notify',
  } as const
  const settle = makeSettle({ db, runtime, policy, accounts, alarms, metrics, commit, askChannel })
  const reconcile = makeReconcile({ db, runtime, accounts, alarms, commit, askChannel, settle })
  return { run: (day: string) => reconcile.run(account, day, async () => {}), settle, alarms, end: runtime.end }

  async function bill({ kind, day }: { kind: BillKind; day: string }) {
    const packed = bills[kind]
    if (!packed) throw new ChannelError({ kind: 'refused', refusal: 'billEmpty', code: 'NOT_FOUND', message: 'NO_STATEMENT_EXIST' })
    const read = makeBill({
      credentials: { mchid: billedMerchant, gateway },
      tools: { runtime: { gunzip: runtime.gunzip, download: async () => ({ status: 200, headers: {}, chunks: pieces(packed.gzip) }) } },
      call: async () => ({ hash_type: 'SHA1', hash_value: packed.sha1, download_url: `${gateway}/v3/billdownload/file?token=${day}` }),
      signer: { authorization: async () => 'signed' },
    } as unknown as Parameters<typeof makeBill>[0])
    return read({ kind, day })
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
