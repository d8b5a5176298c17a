import { createPublicKey, type KeyObject, sign } from 'node:crypto'

const sequence = 0x30
const set = 0x31
const integer = 0x02
const bits = 0x03
const oid = 0x06
const utf8 = 0x0c
const utcTime = 0x17

/** sha256WithRSAEncryption (1.2.840.113549.1.1.11) and its empty parameters. */
const algorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
const commonName = Buffer.from('550403', 'hex')

/** A certificate over its own key in PEM: the plainest that X.509 knows, which is all that a serial number and a key need. */
export function selfSigned(
  key: KeyObject,
  { serial, from, to, name: subject = 'Stand-in' }: { serial: string; from: number; to: number; name?: string },
): string {
  const name = der(sequence, der(set, der(sequence, der(oid, commonName), der(utf8, Buffer.from(subject)))))
  const validity = der(sequence, time(from), time(to))
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const body = der(sequence, der(integer, positive(serial)), algorithm, name, validity, name, publicKey)
  const signature = der(bits, Buffer.from([0]), sign('sha256', body, key))
  const lines = der(sequence, body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** An integer whose first bit is set would be below zero. */
function positive(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex')
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes])
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
