import { createDecipheriv } from 'node:crypto'

const nonceBytes = 12
const tagBytes = 16

/** The ciphertext was not made with this key, or was changed. */
export class Undecryptable extends Error {}

/**
 * Opens AES-GCM with a key of 32 bytes (16 for AES-128): `sealed` is the ciphertext followed by its 16-byte tag, which is always checked in full.
 *
 * @throws Undecryptable, for every way in which it can be wrong.
 */
export function openAesGcm({
  key,
  nonce,
  associatedData,
  sealed,
}: {
  key: Uint8Array
  nonce: Uint8Array
  associatedData: Uint8Array
  sealed: Uint8Array
}): Buffer {
  if (nonce.length !== nonceBytes) throw new Undecryptable(`the nonce has ${nonce.length} bytes, not ${nonceBytes}`)
  if (sealed.length < tagBytes) throw new Undecryptable('the ciphertext is shorter than its tag')
  try {
    const decipher = createDecipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(associatedData)
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()])
  } catch (cause) {
    throw new Undecryptable('the tag does not fit the key and the text', { cause })
  }
}
