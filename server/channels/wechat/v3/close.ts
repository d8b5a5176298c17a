import type { OutTradeNo } from '../../../../shared/kernel/ids.ts'
import type { V3Parts } from './parts.ts'

/** Closes a number: 204, empty and still signed. Repeatable. */
export function makeClose({ credentials, call }: V3Parts) {
  return async function close({ outTradeNo }: { outTradeNo: OutTradeNo }): Promise<void> {
    await call({
      method: 'POST',
      pathAndQuery: `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}/close`,
      body: { mchid: credentials.mchid },
    })
  }
}
