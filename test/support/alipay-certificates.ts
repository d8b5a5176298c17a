import { createHash, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto'

const sequence = 0x30
const set = 0x31
const integer = 0x02
const bits = 0x03
const octets = 0x04
const oid = 0x06
const utf8 = 0x0c
const utcTime = 0x17
const version = Buffer.from('a003020102', 'hex')
const algorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
const commonName = Buffer.from('550403', 'hex')
/** basicConstraints: whether the holder may sign certificates. */
const basicConstraints = Buffer.from('551d13', 'hex')
const isTrue = Buffer.from('0101ff', 'hex')

export type Issuer = { readonly key: KeyObject; readonly name: string }
export type Issued = {
  /** Whose certificate it is. */
  readonly holder: Issuer
  readonly issuer: Issuer
  readonly serial: string
  readonly from: number
  readonly to: number
  readonly mayIssue?: boolean
}

/** A certificate in PEM that one key's holder made for another's (X.690 DER). */
export function issued({ holder, issuer, serial, from, to, mayIssue = false }: Issued): string {
  const publicKey = createPublicKey(holder.key).export({ type: 'spki', format: 'der' })
  const constraints = der(sequence, der(oid, basicConstraints), isTrue, der(octets, der(sequence, mayIssue ? isTrue : Buffer.alloc(0))))
  const body = der(
    sequence,
    version,
    der(integer, Buffer.from(serial, 'hex')),
    algorithm,
    named(issuer.name),
    der(sequence, time(from), time(to)),
    named(holder.name),
    publicKey,
    der(0xa3, der(sequence, constraints)),
  )
  const signature = der(bits, Buffer.from([0]), sign('sha256', body, issuer.key))
  const lines = der(sequence, body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** A certificate's number as Alipay counts it: MD5 over the issuer, last name first, and the serial number in decimal. */
export function serialOf(pem: string): string {
  const { issuer, serialNumber } = new X509Certificate(pem)
  const names = issuer.split('\n').reverse().join(',')
  return createHash('md5')
    .update(names + BigInt(`0x${serialNumber}`).toString(10))
    .digest('hex')
}

function named(name: string): Buffer {
  return der(sequence, der(set, der(sequence, der(oid, commonName), der(utf8, Buffer.from(name)))))
}

function time(ms: number): Buffer {
  return der(utcTime, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`))
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
