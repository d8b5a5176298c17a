import { createCipheriv } from 'node:crypto'
import { openAesGcm, Undecryptable } from './aes-gcm.ts'
import { hmacSha256 } from './hmac.ts'
import type { Runtime } from './runtime.ts'
import { Secret } from './secret.ts'

const version = 'v1'
const nonceBytes = 12
const fingerprintLetters = 12

export type Sealer = ReturnType<typeof makeSealer>

/**
 * Seals what must lie in the store but be of use to nobody who reads the store: AES-256-GCM under a key of the master key's for each
 * purpose. What a text belongs to is sealed with it, so that it opens nowhere else.
 */
export function makeSealer({
  masterKey,
  masterKeyBefore,
  runtime,
}: {
  masterKey: Secret
  /** The one that was replaced: it only opens. */
  masterKeyBefore?: Secret | undefined
  runtime: Pick<Runtime, 'randomBytes'>
}) {
  return { seal, open, isCurrent, fingerprint }

  function seal(purpose: string, belongsTo: string, text: Secret): string {
    const nonce = Uint8Array.from(runtime.randomBytes(nonceBytes))
    const cipher = createCipheriv('aes-256-gcm', keyFor(masterKey, purpose), nonce, { authTagLength: 16 })
    cipher.setAAD(Buffer.from(belongsTo))
    const sealed = Buffer.concat([nonce, cipher.update(text.reveal()), cipher.final(), cipher.getAuthTag()])
    return `${version}.${sealed.toString('base64url')}`
  }

  /** @throws Undecryptable when it was sealed under a master key that is not at hand, for another purpose, or belongs elsewhere. */
  function open(purpose: string, belongsTo: string, sealed: string): Secret {
    if (masterKeyBefore === undefined || isCurrent(purpose, belongsTo, sealed)) return openBy(masterKey, purpose, belongsTo, sealed)
    return openBy(masterKeyBefore, purpose, belongsTo, sealed)
  }

  /** Whether the master key in use opens it. */
  function isCurrent(purpose: string, belongsTo: string, sealed: string): boolean {
    try {
      openBy(masterKey, purpose, belongsTo, sealed)
      return true
    } catch (error) {
      if (error instanceof Undecryptable) return false
      throw error
    }
  }

  /** Tells two texts apart without telling anything of them: nobody can try texts without the master key. */
  function fingerprint(purpose: string, text: Secret): string {
    const hash = hmacSha256(keyFor(masterKey, purpose), `fingerprint ${text.reveal()}`)
    return Buffer.from(hash).toString('hex').slice(0, fingerprintLetters)
  }

  function openBy(key: Secret, purpose: string, belongsTo: string, sealed: string): Secret {
    const [made = '', body = ''] = sealed.split('.')
    if (made !== version) throw new Undecryptable(`sealed as ${made.slice(0, 8)}, which this program does not know`)
    const bytes = Buffer.from(body, 'base64url')
    const opened = openAesGcm({
      key: keyFor(key, purpose),
      nonce: bytes.subarray(0, nonceBytes),
      associatedData: Buffer.from(belongsTo),
      sealed: bytes.subarray(nonceBytes),
    })
    return new Secret(opened.toString())
  }

  function keyFor(key: Secret, purpose: string): Uint8Array {
    return hmacSha256(Buffer.from(key.reveal()), `seal ${purpose}`)
  }
}
