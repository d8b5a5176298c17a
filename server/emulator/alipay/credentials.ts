import { digits } from '../credentials.ts'
import type { EmulatorRuntime, RsaPair } from '../runtime.ts'
import { makeCertificate } from '../x509.ts'

const year = 365 * 24 * 60 * 60 * 1000

/** Both sides' keys, the apps, and the certificates of certificate mode. */
export type AlipayCredentials = {
  readonly pid: string
  readonly subMerchant: string
  readonly app: { readonly appId: string } & RsaPair
  readonly miniprogram: { readonly appId: string } & RsaPair
  /** Alipay's own, which answers and notices are signed with. */
  readonly alipay: RsaPair
  readonly certificates: { readonly app: string; readonly alipay: string; readonly root: string }
  /** Newer apps get an open_id for a person, older ones a user_id. */
  readonly namesBy: 'open_id' | 'user_id'
}

/** Keys cost most: those that are given are used. */
export async function makeAlipayCredentials(runtime: EmulatorRuntime, given?: readonly RsaPair[]): Promise<AlipayCredentials> {
  const [app, miniprogram, alipay] = given ?? (await Promise.all([runtime.makeRsaPair(), runtime.makeRsaPair(), runtime.makeRsaPair()]))
  if (!app || !miniprogram || !alipay) throw new Error('three pairs of keys are needed')
  const certificate = (pair: RsaPair, commonName: string) =>
    makeCertificate({
      privateKeyPem: pair.privateKey,
      serialHex: `7${digits(runtime, 15)}`,
      commonName,
      notBefore: runtime.now() - year,
      notAfter: runtime.now() + 5 * year,
    })
  const own = certificate(alipay, 'emulated Alipay')
  return {
    pid: `2088${digits(runtime, 12)}`,
    subMerchant: `2088${digits(runtime, 12)}`,
    app: { appId: `2021${digits(runtime, 12)}`, ...app },
    miniprogram: { appId: `2021${digits(runtime, 12)}`, ...miniprogram },
    alipay,
    // Its own certificate is its root: a chain of one.
    certificates: { app: certificate(app, 'emulated application'), alipay: own, root: own },
    namesBy: 'open_id',
  }
}

export function alipayEnvironment({ app, miniprogram, alipay, pid }: AlipayCredentials, origin: string): Record<string, string> {
  return {
    ALIPAY_APP_ID: app.appId,
    ALIPAY_PRIVATE_KEY: app.privateKey,
    ALIPAY_PUBLIC_KEY: alipay.publicKey,
    ALIPAY_MCH_ID: pid,
    ALIPAY_MINIPROGRAM_APP_ID: miniprogram.appId,
    ALIPAY_MINIPROGRAM_PRIVATE_KEY: miniprogram.privateKey,
    ALIPAY_GATEWAY: `${origin}/alipay/gateway.do`,
    ALIPAY_OAUTH_URL: `${origin}/alipay/oauth2/publicAppAuthorize.htm`,
  }
}
