import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { walletOf } from '../../../server/core/rules/payment-code.ts'

type Vector = { readonly kind: string; readonly input: { codes: string[] }; readonly expected: { wallets: Array<string | null> } }

const { vectors }: { vectors: Vector[] } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/qfpay-alipay.json'), 'utf8'))
const codes = vectors
  .filter(({ kind }) => kind === 'auth_code_wallet')
  .flatMap(({ input, expected }) => input.codes.map((code, at) => [code, expected.wallets[at] ?? undefined] as const))

describe('the code a payer shows', () => {
  it.each(codes)('%s is one of %s', (code, wallet) => {
    expect(walletOf(code)).toBe(wallet)
  })

  it.each(['13457930243216418', '1345793024321641811', '2412345678901234', '311234567890123456', '28943186936271464x', ''])(
    '%s is nobody’s',
    (code) => {
      expect(walletOf(code)).toBeUndefined()
    },
  )
})
