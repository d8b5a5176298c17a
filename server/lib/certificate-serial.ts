import { X509Certificate } from 'node:crypto'
import { md5Hex } from './hmac.ts'

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
/** DER of 1.2.840.113549.1.1, the family of RSA signatures. */
const rsaFamily = Buffer.from('2a864886f70d0101', 'hex')

/**
 * A certificate's number as Alipay counts: MD5 over its issuer's names, last first, joined with commas, and its serial number in decimal.
 *
 * @throws Error when it is no PEM certificate.
 */
export function alipaySerial(pem: string): string {
  return serialOf(new X509Certificate(pem))
}

/** The numbers of those certificates of a bundle that are signed with RSA, joined with `_`: others are of another family of algorithms. */
export function alipayRootSerial(bundle: string): string {
  return pemsOf(bundle)
    .map((pem) => new X509Certificate(pem))
    .filter(isSignedWithRsa)
    .map(serialOf)
    .join('_')
}

/**
 * Whether one of the bundle's certificates, directly or through others beside it, signed the certificate. Those between have to be
 * allowed to: the root stands above the certificates of every app too, and an app may not make Alipay's.
 *
 * @throws Error when a block of the text is no certificate.
 */
export function isIssuedBelow(pem: string, bundle: string, now: number): boolean {
  const roots = pemsOf(bundle).map((one) => new X509Certificate(one))
  const [leaf, ...others] = pemsOf(pem).map((one) => new X509Certificate(one))
  if (!leaf || now < Date.parse(leaf.validFrom) || now > Date.parse(leaf.validTo)) return false
  return isVouchedFor(leaf, [...others, ...roots], roots, 4)
}

/** When the last certificate of a text ends, in ms, of whatever family it is. @throws Error when a block of it is no certificate. */
export function lastEndOf(bundle: string): number {
  return pemsOf(bundle).reduce((latest, pem) => Math.max(latest, Date.parse(new X509Certificate(pem).validTo)), 0)
}

function isVouchedFor(
  certificate: X509Certificate,
  known: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  depth: number,
): boolean {
  if (depth === 0) return false
  return known.some((issuer) => {
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false
    if (roots.some((root) => root.fingerprint256 === issuer.fingerprint256)) return true
    return issuer.ca && isVouchedFor(issuer, known, roots, depth - 1)
  })
}

function pemsOf(bundle: string): string[] {
  return bundle.match(pemBlock) ?? []
}

function serialOf(certificate: X509Certificate): string {
  const issuer = certificate.issuer.split('\n').reverse().join(',')
  return md5Hex(issuer + BigInt(`0x${certificate.serialNumber}`).toString(10))
}

/** The algorithm stands behind the signed part; its family is looked for in the first bytes there. */
function isSignedWithRsa({ raw }: X509Certificate): boolean {
  const body = lengthAt(raw, 1)
  const signed = lengthAt(raw, body.next + 1)
  const algorithm = raw.subarray(signed.next + signed.length, signed.next + signed.length + 20)
  return algorithm.includes(rsaFamily)
}

/** A DER length at a place, and where what it measures begins. */
function lengthAt(raw: Buffer, at: number): { length: number; next: number } {
  const first = raw[at] ?? 0
  if (first < 0x80) return { length: first, next: at + 1 }
  const bytes = first & 0x7f
  return { length: raw.readUIntBE(at + 1, bytes), next: at + 1 + bytes }
}
