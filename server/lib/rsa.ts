import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  verify,
  X509Certificate,
} from 'node:crypto'

export type { KeyObject } from 'node:crypto'

const minModulusBits = 2048

/** A private RSA key of at least 2048 bits from PEM. @throws Error in words that show nothing of the key. */
export function readPrivateKey(pem: string): KeyObject {
  return strongEnough(() => createPrivateKey(pem), 'is not a PEM private key')
}

/** A public RSA key of at least 2048 bits from PEM. */
export function readPublicKey(pem: string): KeyObject {
  return strongEnough(() => createPublicKey(pem), 'is not a PEM public key')
}

export type Certificate = { readonly serial: string; readonly publicKey: KeyObject; readonly notBefore: number; readonly notAfter: number }

/** A certificate from PEM: its serial number in upper-case hex, its key, and when it is good, in ms. Its chain is not looked at. */
export function readCertificate(pem: string): Certificate {
  const certificate = new X509Certificate(pem)
  return {
    serial: certificate.serialNumber.toUpperCase(),
    publicKey: certificate.publicKey,
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
  }
}

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export function verifyRsaSha256(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', bytes, key, signature)
}

/** Opens RSAES-OAEP with SHA-1 and MGF1-SHA-1, as sensitive members are sealed. */
export function openOaepSha1(key: KeyObject, sealed: Uint8Array): Buffer {
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, sealed)
}

/** Seals text for the holder of a key, as {@link openOaepSha1} opens it. */
export function sealOaepSha1(key: KeyObject, text: string): Buffer {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(text))
}

/** Whether a private and a public key belong together. */
export function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const one = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return one.equals(publicKey.export({ type: 'spki', format: 'der' }))
}

function strongEnough(read: () => KeyObject, problem: string): KeyObject {
  let key: KeyObject
  try {
    key = read()
  } catch {
    throw new Error(problem)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < minModulusBits) throw new Error(`is not an RSA key of at least ${minModulusBits} bits`)
  return key
}
