import { describe, expect, it } from '@jest/globals'
import { rejectionOf } from '../../server/channels/alipay/rejections.ts'

const said = (code: string, subCode: string) => rejectionOf({ code, subCode, words: '…' })

/** Fact sheet §12, one of each kind at least, and what a merchant's server does about it. */
const business: ReadonlyArray<readonly [subCode: string, refusal: string | undefined]> = [
  ['ACQ.SYSTEM_ERROR', undefined],
  ['AQC.SYSTEM_ERROR', undefined],
  ['ACQ.REFUND_CHARGE_ERROR', undefined],
  ['ACQ.A_CODE_NOBODY_LISTED', undefined],
  ['', undefined],
  ['ACQ.INVALID_PARAMETER', 'invalid'],
  ['AQC.INVALID_PARAMETER', 'invalid'],
  ['ACQ.EXIST_FORBIDDEN_WORD', 'invalid'],
  ['ACQ.TOTAL_FEE_EXCEED', 'invalid'],
  ['ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR', 'invalid'],
  ['ACQ.PAYMENT_AUTH_CODE_INVALID', 'invalid'],
  ['ACQ.BUYER_BALANCE_NOT_ENOUGH', 'invalid'],
  ['ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR', 'invalid'],
  ['ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR', 'invalid'],
  ['ACQ.PAYMENT_REQUEST_HAS_RISK', 'invalid'],
  ['ACQ.CANCEL_NOT_ALLOWED', 'invalid'],
  ['ACQ.TRADE_CANCEL_TIME_OUT', 'invalid'],
  ['ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'invalid'],
  ['ACQ.NOT_ALLOW_PARTIAL_REFUND', 'invalid'],
  ['ACQ.ACCESS_FORBIDDEN', 'configuration'],
  ['ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION', 'configuration'],
  ['ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT', 'configuration'],
  ['ACQ.MERCHANT_AGREEMENT_INVALID', 'configuration'],
  ['ACQ.SUB_MERCHANT_CREATE_FAIL', 'configuration'],
  ['ACQ.SECONDARY_MERCHANT_ID_INVALID', 'configuration'],
  ['ACQ.CONTEXT_INCONSISTENT', 'numberUsed'],
  ['ACQ.TRADE_BUYER_NOT_MATCH', 'numberUsed'],
  ['ACQ.DISCORDANT_REPEAT_REQUEST', 'numberUsed'],
  ['ACQ.TRADE_HAS_SUCCESS', 'orderPaid'],
  ['ACQ.TRADE_STATUS_ERROR', 'orderPaid'],
  ['ACQ.TRADE_HAS_FINISHED', 'orderPaid'],
  ['ACQ.TRADE_HAS_CLOSE', 'orderClosed'],
  ['ACQ.TRADE_NOT_EXIST', 'notFound'],
  ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'notEnough'],
]

describe('a business failure', () => {
  it.each(business)('%s is refused as %s, or unknown', (subCode, refusal) => {
    const failure = said('40004', subCode)

    expect([failure.kind, failure.refusal]).toEqual(refusal === undefined ? ['unknown', undefined] : ['refused', refusal])
    expect(failure).toMatchObject({ channelCode: subCode || '40004', hint: { zh: expect.any(String), en: expect.any(String) } })
  })

  it('that a number was used before names the cause and the remedy', () => {
    expect(said('40004', 'ACQ.CONTEXT_INCONSISTENT').hint?.en).toMatch(/another database uses these credentials.*next number/)
  })

  it('is one only with its own code: the same word elsewhere says nothing', () => {
    expect(said('20000', 'ACQ.TRADE_NOT_EXIST').kind).toBe('unknown')
    expect(said('77777', 'ACQ.TRADE_HAS_SUCCESS').kind).toBe('unknown')
  })
})

describe('a gateway’s code', () => {
  it.each([
    ['20000', 'isp.unknow-error', 'unknown', undefined],
    ['20000', 'aop.unknow-error', 'unknown', undefined],
    ['20001', 'aop.invalid-app-auth-token', 'refused', 'configuration'],
    ['40001', 'isv.missing-method', 'refused', 'invalid'],
    ['40001', 'isv.missing-signature', 'refused', 'caller'],
    ['40002', 'isv.invalid-signature', 'refused', 'caller'],
    ['40002', 'isv.invalid-app-id', 'refused', 'caller'],
    ['40002', 'isv.invalid-timestamp', 'refused', 'caller'],
    ['40002', 'isv.missing-signature-config', 'refused', 'caller'],
    ['40002', 'isv.code-invalid', 'refused', 'invalid'],
    ['40002', 'isv.invalid-parameter', 'refused', 'invalid'],
    ['40003', 'isv.invalid-app-state', 'refused', 'configuration'],
    ['40005', 'isv.app-call-limited', 'refused', 'rateLimited'],
    ['40006', 'isv.insufficient-isv-permissions', 'refused', 'configuration'],
    ['', '', 'unknown', undefined],
  ])('%s %s is %s %s', (code, subCode, kind, refusal) => {
    expect([said(code, subCode).kind, said(code, subCode).refusal]).toEqual([kind, refusal])
  })

  it('that calls came too fast says when to come again', () => {
    expect(said('40005', 'isv.app-call-limited').retryAfterMs).toBeGreaterThan(0)
  })
})
