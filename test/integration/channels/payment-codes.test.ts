import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Shop, startShop } from '../../support/shop.ts'

const second = 1000

/** A till that scans the payer's code, through each channel that takes codes. */
describe.each([
  ['wechat', 'v2', {}],
  ['wechat', 'v3 with codes by v2', { WECHAT_API_KEY: 'from the emulator' }],
  ['wechat', 'v3 with codes by v3', { WECHAT_CODE_PAY: 'v3' }],
] as const)('a code of %s by %s', (wallet, way, environment) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await startShop({ mode: way === 'v2' ? 'v2' : undefined, environment, withApiKey: 'WECHAT_API_KEY' in environment })
  })
  afterAll(() => shop.close())

  const show = () => shop.showCode(wallet)
  const scan = async (orderId: string, authCode: string) => shop.pay(orderId, { payType: 'MICROPAY', authCode })
  const typing = async (amount = '1500.00') => {
    const { orderId } = await shop.order({ amount })
    const answer = await scan(orderId, show())
    return { orderId, answer }
  }
  const atChannel = (orderId: string) => shop.emulator.state().payment.get(orderId)?.state

  it('pays at once', async () => {
    const { orderId } = await shop.order()

    expect(await scan(orderId, show())).toMatchObject({ status: 200, data: { action: { type: 'none' } } })

    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded', payType: 'MICROPAY', attempts: [{ kept: true }] })
  })

  it('that asks for the password is paid when the payer typed it, found within five seconds', async () => {
    const { orderId, answer } = await typing()
    expect(answer).toMatchObject({ status: 200, data: { action: { type: 'none' } } })
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })

    await shop.phone(orderId)
    await shop.advance(6 * second)

    await shop.until(orderId, ({ status }) => status === 'succeeded')
  })

  it('that stays undecided is undone at the channel, and the order can be paid another way', async () => {
    const { orderId } = await typing()

    await shop.advance(60 * second)
    const after = await shop.until(orderId, ({ attempts }) => attempts[0].status === 'closed')

    expect([after.status, atChannel(orderId)]).toEqual(['pending', 'REVOKED'])
    const again = await scan(orderId, show())
    expect(again.status).toBe(200)
    expect(again.data.outTradeNo).not.toBe(orderId)
  })

  it('whose answer is lost is asked about, and sent only once', async () => {
    const { orderId } = await shop.order()
    const authCode = show()
    shop.emulator.arm({ fault: 'reset', match: { outTradeNo: orderId } })
    shop.emulator.arm({ fault: 'status_500', match: { outTradeNo: orderId } })

    expect(await scan(orderId, authCode)).toMatchObject({ status: 200, data: { action: { type: 'none' } } })
    shop.emulator.faults.clear()
    await scan(orderId, authCode)
    await shop.advance(120 * second)
    const after = await shop.until(orderId, ({ attempts }) =>
      attempts.every((one: { status: string }) => one.status !== 'sent' && one.status !== 'open'),
    )

    expect(after.attempts).toHaveLength(1)
    expect(atChannel(orderId)).not.toBe('SUCCESS')
  })

  it('that was taken although the answer was lost is paid', async () => {
    const { orderId } = await shop.order()
    shop.emulator.arm({ fault: 'bad_signature', match: { outTradeNo: orderId } })

    expect(await scan(orderId, show())).toMatchObject({ status: 200, data: { action: { type: 'none' } } })
    await shop.advance(6 * second)

    await shop.until(orderId, ({ status }) => status === 'succeeded')
  })

  it('that was used is refused with words, and the next one pays', async () => {
    const authCode = show()
    const first = await shop.order()
    await scan(first.orderId, authCode)
    const { orderId } = await shop.order()

    const refused = await scan(orderId, authCode)

    expect(refused).toMatchObject({
      status: 502,
      body: { code: 'CHANNEL_ERROR', details: { hint: { en: expect.stringContaining('fresh one') } } },
    })
    expect(await scan(orderId, show())).toMatchObject({ status: 200 })
    expect(await shop.read(orderId)).toMatchObject({ status: 'succeeded' })
  })

  it('is not taken for paid once it is being undone', async () => {
    const { orderId } = await typing()
    // The channel undoes it and its answer is lost; the payer had paid a moment before.
    shop.emulator.arm({
      fault: 'status_500',
      times: 50,
      match: { path: way.startsWith('v3 with codes by v3') ? '/v3/pay' : '/secapi/pay/reverse' },
    })
    await shop.advance(50 * second)
    await shop.eventually(
      () =>
        shop.query((db) => db.query.selectFrom('attempts').select('reversing_at').where('out_trade_no', '=', orderId).executeTakeFirst()),
      (row) => row?.reversing_at != null,
    )
    await shop.phone(orderId, 'pay', { force: true })
    shop.emulator.faults.clear()

    await shop.post(`/orders/${orderId}/check`)
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending' })

    await shop.advance(10 * second)
    await shop.until(orderId, ({ attempts }) => attempts[0].status === 'closed')
    expect(await shop.read(orderId)).toMatchObject({ status: 'pending', attempts: [{ kept: null }] })
    expect(atChannel(orderId)).toBe('REVOKED')
  })

  it('is undone, not closed, when the order is cancelled', async () => {
    const { orderId } = await typing()

    expect(await shop.post(`/orders/${orderId}/cancel`)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    await shop.advance(16 * second)
    await shop.eventually(
      () => shop.post(`/orders/${orderId}/cancel`),
      ({ status }) => status === 200,
    )

    expect([(await shop.read(orderId)).status, atChannel(orderId)]).toEqual(['closed', 'REVOKED'])
  })
})
