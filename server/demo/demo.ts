import { join } from 'node:path'
import type { Orders } from '../core/orders.ts'
import type { OrderLink } from '../core/pay-page.ts'
import type { Products } from '../core/products.ts'
import { startEmulator } from '../emulator/listen.ts'
import { seedGoods } from './goods.ts'
import { type CashierLinks, makeOrdersToPay } from './orders-to-pay.ts'
import { writeProviderAccount } from './provider-account.ts'
import { demoSecrets } from './secrets.ts'
import { welcome } from './welcome.ts'

export const demoApiKey = 'sk_test_demo'

export type Demo = Awaited<ReturnType<typeof startDemo>>

/**
 * What is missing when nothing is configured: secrets, a channel, goods to sell. The channel is the emulator, which the server is
 * pointed at by the same environment names that an owner would set.
 */
export async function startDemo({
  dataFolder,
  host,
  port,
  emulatorPort,
  publicUrl,
  randomBytes,
}: {
  dataFolder: string
  host: string
  port: number
  emulatorPort: number
  publicUrl: string | undefined
  randomBytes: (count: number) => Uint8Array
}) {
  const secrets = demoSecrets(dataFolder, randomBytes)
  const {
    origin: emulatorOrigin,
    emulator,
    close,
  } = await startEmulator({ host: '127.0.0.1', port: emulatorPort, stateFile: join(dataFolder, 'emulator.jsonl') })
  const links: CashierLinks[] = []
  const origin = publicUrl ?? `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`
  const environment: Record<string, string> = {
    ...emulator.environment(),
    ...secrets,
    PUBLIC_URL: origin,
    MERCHANT_NAME: '云上茶铺',
    BOOTSTRAP_API_KEY: demoApiKey,
    HOST: host,
    PAYS_FOLDER: writeProviderAccount(dataFolder, emulator.environmentFor('partner-v2')),
  }
  return {
    environment,
    seed: async (app: { products: Products; orders: Orders; cashierUrl: (link: OrderLink) => string }) => {
      await seedGoods(app.products)
      links.push(await makeOrdersToPay(app))
    },
    clockOffset: emulator.clockOffset,
    welcome: () => welcome({ origin, emulatorOrigin, apiKey: demoApiKey, links: links.at(-1) }),
    close,
  }
}
