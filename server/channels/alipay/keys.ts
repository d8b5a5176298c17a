import { asInstant } from '../../../shared/kernel/time.ts'
import { alipayRootSerial, alipaySerial, isIssuedBelow, lastEndOf } from '../../lib/certificate-serial.ts'
import { type KeyObject, readCertificate } from '../../lib/rsa.ts'
import type { AccountTools, CertificateEnd } from '../channel.ts'
import type { AlipayTrust } from './account.ts'

const keepsakeName = 'alipay-certificate'

export type AlipayKeys = ReturnType<typeof makeKeys>

/**
 * What Alipay's signatures are verified with. In certificate mode an answer may name another certificate than the one at hand: it is
 * fetched, believed only below the root certificates, and kept for the next start and other instances (fact sheet §3.1).
 */
export function makeKeys(trust: AlipayTrust, { runtime, keepsake, log, account }: AccountTools) {
  const known = new Map<string, KeyObject>()
  const theirs: string[] = []
  let isLoaded = false
  if (trust.mode === 'certificate') add(trust.alipayCertificate)
  return { requestMembers, keyFor, learn, all, certificates }

  /** Certificate mode says with every request which certificates the app has. */
  function requestMembers(): Readonly<Record<string, string>> {
    if (trust.mode === 'key') return {}
    return { app_cert_sn: alipaySerial(trust.appCertificate), alipay_root_cert_sn: alipayRootSerial(trust.rootCertificates) }
  }

  /** The key an answer says it is signed with; undefined when it is not known. */
  function keyFor(serial: string | undefined): KeyObject | undefined {
    if (trust.mode === 'key') return trust.publicKey
    return serial === undefined ? [...known.values()].at(-1) : known.get(serial)
  }

  /** Every key a notice may be signed with: it names none. */
  async function all(): Promise<readonly KeyObject[]> {
    if (trust.mode === 'key') return [trust.publicKey]
    await load()
    return [...known.values()]
  }

  /** When they end: the app's, the last of Alipay's, and the last of the roots. */
  function certificates(): CertificateEnd[] {
    if (trust.mode === 'key') return []
    return [
      { certificate: 'merchant', endsAt: asInstant(lastEndOf(trust.appCertificate)) },
      { certificate: 'platform', endsAt: asInstant(lastEndOf(theirs.join('\n'))) },
      { certificate: 'root', endsAt: asInstant(lastEndOf(trust.rootCertificates)) },
    ]
  }

  /** Fetches a certificate by its number; whether it is known now. */
  async function learn(serial: string, fetchPem: () => Promise<string | undefined>): Promise<boolean> {
    if (trust.mode === 'key') return false
    await load()
    if (known.has(serial)) return true
    const pem = await fetchPem()
    if (pem === undefined || !isTheirs(pem, trust.rootCertificates) || alipaySerial(pem) !== serial) return false
    add(pem)
    await keepsake.save(keepsakeName, pem)
    log.info({ event: 'alipay.certificate', account, serial })
    return true
  }

  async function load(): Promise<void> {
    if (isLoaded || trust.mode === 'key') return
    const pem = await keepsake.load(keepsakeName)
    isLoaded = true
    if (pem !== undefined && isTheirs(pem, trust.rootCertificates)) add(pem)
  }

  /** What came from elsewhere may be no certificate at all. */
  function isTheirs(pem: string, roots: string): boolean {
    try {
      return isIssuedBelow(pem, roots, runtime.now())
    } catch {
      return false
    }
  }

  function add(pem: string): void {
    known.set(alipaySerial(pem), readCertificate(pem).publicKey)
    theirs.push(pem)
  }
}
