import { describe, expect, it } from '@jest/globals'
import { AppError } from '../../../server/core/error.ts'
import { failureAnswer, fieldProblem, inputProblem, systemError } from '../../../server/http/failures.ts'
import { cart, login } from '../../../shared/api/cashier.ts'
import { newOrder, payOrder } from '../../../shared/api/order.ts'

/** What a caller is told about an input a schema does not take. */
function problemsOf(schema: { safeParse(input: unknown): ReturnType<typeof newOrder.safeParse> | object }, input: unknown): AppError {
  const parsed = schema.safeParse(input)
  if (!('error' in parsed) || !parsed.error) throw new Error('the input is taken')
  return inputProblem(parsed.error.issues, input)
}

describe('what is wrong with an input', () => {
  it('is said with the full path, the value and the remedy', () => {
    const { code, message } = problemsOf(cart, {
      items: [
        { productId: 'cake', quantity: 1 },
        { productId: 'tea', quantity: 0 },
      ],
    })

    expect([code, message]).toEqual(['PARAM_ERROR', 'items[1].quantity is 0; at least 1'])
  })

  it('is said all at once, the amount and unknown members too', () => {
    const { details, message } = problemsOf(newOrder, { subject: '', amount: '0.001', expiresIn: 5, colour: 'red' })

    expect(details).toEqual({
      fields: [
        { path: 'subject', problem: 'is empty; at least 1 character' },
        { path: 'expiresIn', problem: 'is 5; at least 60' },
        { path: 'colour', problem: 'is not a member this takes' },
        { path: 'amount', problem: 'is "0.001"; it has 3 decimals; CNY has 2' },
      ],
    })
    expect(message.split('; ')).toContain('colour is not a member this takes')
  })

  it.each([
    [{ subject: 'Tea' }, 'amount is missing'],
    [{ subject: 7, amount: '1' }, 'subject is 7; it has to be a string'],
    [{ subject: '  ', amount: '1' }, 'subject is "  "; it is blank'],
    [{ subject: 'x'.repeat(200), amount: '1' }, `subject is "${'x'.repeat(40)}…"; at most 127 characters`],
    [{ subject: 'Tea', amount: ['1'] }, 'amount is a list; it is neither a decimal string nor a number'],
    [{ subject: 'Tea', amount: '1', goodsType: 'air' }, 'goodsType is "air"; one of physical, virtual'],
    [{ subject: 'Tea', amount: '1', metadata: { a: {} } }, 'metadata.a is an object; it has to be a string'],
    [{ subject: 'Tea', amount: '1', expiresIn: 90.5 }, 'expiresIn is 90.5; it has to be a whole number'],
    [[], 'body is a list; it has to be an object'],
  ])('%j: %s', (input, sentence) => {
    expect(problemsOf(newOrder, input).message).toBe(sentence)
  })

  it.each([
    [login, { code: 'a-login-code\u0001', app: 'miniprogram' }, 'a-login-code'],
    [payOrder, { payType: 'JSAPI', openid: 'oSecret!openid' }, 'oSecret'],
    [payOrder, { payType: 'MICROPAY', authCode: '1341234' }, '1341234'],
  ])('never repeats a credential or an openid', (schema, input, secret) => {
    const { message, details } = problemsOf(schema, input)

    expect(message).toContain('is not taken; it')
    expect(JSON.stringify([message, details])).not.toContain(secret)
  })

  it('is told in few words when there is no end of it', () => {
    const flood = Object.fromEntries(Array.from({ length: 900 }, (_, nth) => [`member${nth}${'🍵'.repeat(200)}`, 1]))

    const { message, details } = problemsOf(newOrder, { subject: 'Tea', amount: '1', ...flood })

    expect(details).toMatchObject({ fields: { length: 20 }, more: 880 })
    expect(message.length).toBeLessThan(3000)
    expect(message.isWellFormed()).toBe(true)
    expect(message).toMatch(/; and 880 more$/)
  })
})

describe('a failure', () => {
  const asked = { language: 'zh', requestId: 'req_1' } as const

  it('has the envelope, the status of its code and the hint in the reader’s language', () => {
    const error = new AppError('ORDERPAID', 'order A is paid already', {
      hint: { zh: '订单已支付', en: 'It is paid' },
      details: { channelCode: 'ORDERPAID' },
    })

    expect(failureAnswer(error, asked)).toEqual({
      status: 409,
      retryAfterSeconds: undefined,
      body: {
        success: false,
        error: '订单已支付',
        code: 'ORDERPAID',
        details: { channelCode: 'ORDERPAID', hint: { zh: '订单已支付', en: 'It is paid' } },
        requestId: 'req_1',
      },
    })
  })

  it('of ours says nothing but where to look', () => {
    expect(failureAnswer(systemError(), asked)).toMatchObject({ status: 500, body: { code: 'SYSTEMERROR', details: {} } })
  })

  it('of a size or a type keeps its own status under INVALID_REQUEST', () => {
    expect(failureAnswer(fieldProblem('body', 'is too large', 'INVALID_REQUEST', 413), asked)).toMatchObject({
      status: 413,
      body: { code: 'INVALID_REQUEST', details: { fields: [{ path: 'body', problem: 'is too large' }] } },
    })
  })
})
