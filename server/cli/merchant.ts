import { defaultMerchant, type MerchantId, readName } from '../../shared/kernel/ids.ts'
import { type Call, UsageError } from './command.ts'

export const merchantOption = { merchant: { type: 'string' } } as const

/** Whose order or key it is; the merchant of an installation for one when it is not said. */
export function merchantOf(call: Call): MerchantId {
  const said = call.value('merchant')
  const merchantId = said === undefined ? defaultMerchant : readName('MerchantId', said)
  if (!merchantId) throw new UsageError(`--merchant is ${said}: up to 64 letters, digits, _, - and .`)
  return merchantId
}
