import { describe, expect, it } from '@jest/globals'
import type { ChannelFailure } from '../../../server/channels/failure.ts'
import { channelRefusal } from '../../../server/core/error.ts'

const silence: ChannelFailure = { kind: 'unknown', code: 'CHANNEL_TIMEOUT', message: 'WeChat Pay: no whole answer within 10000 ms' }

describe('what a caller is told of a channel’s call', () => {
  it('whose outcome nobody knows: that it may be asked again, in both languages', () => {
    const { code, status, hint, message } = channelRefusal(silence)

    expect([code, status, message]).toEqual(['CHANNEL_TIMEOUT', 504, silence.message])
    expect(hint?.en).toMatch(/nobody knows yet; ask again/)
    expect(hint?.zh).toMatch(/不确定/)
  })

  it('that was refused: what the channel’s own hint says, and else nothing more', () => {
    const hint = { zh: '余额不足', en: 'Too low a balance' }

    expect(channelRefusal({ ...silence, hint }).hint).toBe(hint)
    expect(channelRefusal({ kind: 'refused', code: 'CHANNEL_ERROR', message: 'no' }).hint).toBeUndefined()
  })
})
