import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { Undecryptable } from '../../../server/lib/aes-gcm.ts'
import { makeSealer } from '../../../server/lib/seal.ts'
import { Secret } from '../../../server/lib/secret.ts'

const runtime = { randomBytes }
const sealer = makeSealer({ masterKey: new Secret('a master key that is long enough, and more'), runtime })
const other = makeSealer({ masterKey: new Secret('another master key that is long enough, too'), runtime })
const text = new Secret('whsec_不要告诉别人')
const sealed = sealer.seal('webhook secret', 'whe_1', text)

describe('what is sealed', () => {
  it('opens for its purpose, where it belongs', () => {
    expect(sealer.open('webhook secret', 'whe_1', sealed).reveal()).toBe(text.reveal())
  })

  it('says nothing of itself, not even whether two are the same', () => {
    expect(sealed).not.toContain('whsec')
    expect(sealer.seal('webhook secret', 'whe_1', text)).not.toBe(sealed)
  })

  it.each([
    ['under another master key', () => other.open('webhook secret', 'whe_1', sealed)],
    ['for another purpose', () => sealer.open('account', 'whe_1', sealed)],
    ['where it does not belong', () => sealer.open('webhook secret', 'whe_2', sealed)],
    ['when it was changed', () => sealer.open('webhook secret', 'whe_1', `${sealed.slice(0, -2)}AA`)],
    ['when it was cut', () => sealer.open('webhook secret', 'whe_1', sealed.slice(0, 12))],
    ['as another version', () => sealer.open('webhook secret', 'whe_1', sealed.replace('v1', 'v2'))],
    ['as nothing at all', () => sealer.open('webhook secret', 'whe_1', '')],
  ])('does not open %s', (_name, open) => {
    expect(open).toThrow(Undecryptable)
  })
})
