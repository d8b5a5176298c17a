import { createCipheriv } from 'node:crypto'
import { openAesGcm, Undecryptable } from './aes-gcm.ts'
import { hmacSha256 } from './hmac.ts'
import type { Runtime } from './runtime.ts'
import { Secret } from './secret.ts'

const version = 'v1'
const nonceBytes = 12

export type Sealer = ReturnType<typeof makeSealer>

/**
 * Seals what must lie in the store but be of use to nobody who reads the store: AES-256-GCM under a key of the master key's for each
 * purpose. What a text belongs to is sealed with it, so that it opens nowhere else.
 */
export function makeSealer({ masterKey, runtime }: { masterKey: Secret; runtime: Pick<Runtime, 'randomBytes'> }) {
  return { seal, open }

  function seal(purpose: string, belongsTo: string, text: Secret): string {
    const nonce = Uint8Array.from(runtime.randomBytes(nonceBytes))
    const cipher = createCipheriv('aes-256-gcm', keyFor(purpose), nonce, { authTagLength: 16 })
    cipher.setAAD(Buffer.from(belongsTo))
    const sealed = Buffer.concat([nonce, cipher.update(text.reveal()), cipher.final(), cipher.getAuthTag()])
    return `${version}.${sealed.toString('base64url')}`
  }

  /** @throws Undecryptable when it was sealed under another master key, for another purpose, or belongs elsewhere. */
  function open(purpose: string, belongsTo: string, sealed: string): Secret {
    const [made = '', body = ''] = sealed.split('.')
    if (made !== version) throw new Undecryptable(`sealed as ${made.slice(0, 8)}, which this program does not know`)
    const bytes = Buffer.from(body, 'base64url')
    const opened = openAesGcm({
      key: keyFor(purpose),
      nonce: bytes.subarray(0, nonceBytes),
      associatedData: Buffer.from(belongsTo),
      sealed: bytes.subarray(nonceBytes),
    })
    return new Secret(opened.toString())
  }

  function keyFor(purpose: string): Uint8Array {
    return hmacSha256(Buffer.from(masterKey.reveal()), `seal ${purpose}`)
  }
}
