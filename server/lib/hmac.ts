import { createHash, createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

/** A key that signs often: taken in once, a signature costs a seventh. */
export function hmacKey(key: Uint8Array): KeyObject {
  return createSecretKey(key)
}

export function hmacSha256(key: KeyObject | Uint8Array, bytes: Uint8Array | string): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest()
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex')
}

/** Only where a channel's protocol asks for it. */
export function md5Hex(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('hex')
}

export function sha1Hex(bytes: Uint8Array | string): string {
  return createHash('sha1').update(bytes).digest('hex')
}

/** SHA-1 of bytes that come in pieces. */
export function makeSha1(): { update(bytes: Uint8Array): void; hex(): string } {
  const hash = createHash('sha1')
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
}

/** Whether two secrets are equal, in a time that does not tell where they differ. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
