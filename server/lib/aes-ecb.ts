import { createDecipheriv } from 'node:crypto'

/**
 * Opens AES-256-ECB with PKCS#7 padding. It has no integrity: whoever has two messages can make a third. What comes out is a hint, never
 * a proof.
 *
 * @returns undefined when the padding is wrong, as with another key.
 */
export function openAesEcb(key: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-ecb', key, null)
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  } catch {
    return undefined
  }
}
