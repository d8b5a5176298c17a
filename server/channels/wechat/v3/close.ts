import type { OutTradeNo } from '../../../../shared/kernel/ids.ts'
import type { V3Parts } from './parts.ts'
import { merchantBody, transactionsPath } from './paths.ts'

/** Closes a number: 204, empty and still signed. Repeatable. */
export function makeClose({ credentials, call }: V3Parts) {
  return async function close({ outTradeNo }: { outTradeNo: OutTradeNo }): Promise<void> {
    await call({
      method: 'POST',
      pathAndQuery: `${transactionsPath(credentials)}/out-trade-no/${encodeURIComponent(outTradeNo)}/close`,
      body: merchantBody(credentials),
    })
  }
}
