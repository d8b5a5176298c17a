import { type KeyObject, verifyRsaSha256 } from '../../lib/rsa.ts'
import type { Runtime } from '../../lib/runtime.ts'

export type Members = Readonly<Record<string, string | undefined>>

/** What is signed: members with a value by name, `name=value` joined with `&`, raw. `sign_type` is among them in requests (fact sheet §3). */
export function stringToSign(members: Readonly<Record<string, string | null | undefined>>): string {
  return joined(Object.entries(members).filter(([name, value]) => name !== 'sign' && (value ?? '') !== ''))
}

/** What a notice is signed over: as a request, but without `sign_type`, and with empty values as they came (fact sheet §11). */
export function noticeToSign(members: Iterable<readonly [string, string]>): string {
  return joined([...members].filter(([name]) => name !== 'sign' && name !== 'sign_type'))
}

function joined(pairs: ReadonlyArray<readonly [string, string | null | undefined]>): string {
  return [...pairs]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** RSA2: Base64 of RSASSA-PKCS1-v1_5 with SHA-256, without line breaks. */
export async function sign(text: string, key: KeyObject, runtime: Pick<Runtime, 'signRsaSha256'>): Promise<string> {
  return Buffer.from(await runtime.signRsaSha256(key, Buffer.from(text))).toString('base64')
}

export function isSigned(text: string, signature: string, key: KeyObject): boolean {
  return verifyRsaSha256(key, Buffer.from(text), Buffer.from(signature, 'base64'))
}
