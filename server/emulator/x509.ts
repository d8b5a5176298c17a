import { createPrivateKey, createPublicKey, sign } from 'node:crypto'

const sha256WithRsa = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
const commonNameOid = Buffer.from('0603550403', 'hex')

/** A self-signed certificate in PEM: Node makes keys but no certificates, so the few structures are written here (X.690 DER). */
export function makeCertificate({
  privateKeyPem,
  serialHex,
  commonName,
  notBefore,
  notAfter,
}: {
  privateKeyPem: string
  serialHex: string
  commonName: string
  notBefore: number
  notAfter: number
}): string {
  const key = createPrivateKey(privateKeyPem)
  const publicKey = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' })
  const name = sequence(set(sequence(commonNameOid, tagged(0x0c, Buffer.from(commonName)))))
  const serial = Buffer.from(serialHex, 'hex')
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, (serial[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), serial]) : serial),
    sha256WithRsa,
    name,
    sequence(generalizedTime(notBefore), generalizedTime(notAfter)),
    name,
    publicKey,
  )
  const signature = sign('sha256', content, key)
  const der = sequence(content, sha256WithRsa, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function generalizedTime(ms: number): Buffer {
  return tagged(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function set(...parts: Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts))
}

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes = length > 0xff ? [length >> 8, length & 0xff] : [length]
  return Buffer.from([0x80 | bytes.length, ...bytes])
}
