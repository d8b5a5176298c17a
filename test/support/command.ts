import { runCommand } from '../../server/cli/run.ts'
import { makeNodeRuntime } from '../../server/lib/node-runtime.ts'
import type { Runtime } from '../../server/lib/runtime.ts'
import { asInstant } from '../../shared/kernel/time.ts'
import type { Data } from './client.ts'
import type { Shop } from './shop.ts'

export type Ran = { readonly code: number; readonly out: string; readonly err: string; readonly json: Data }

/** Runs `npx shouyin …` in this process, with an environment of its own. `json` is there when the command was asked for it. */
export async function shouyin(
  environment: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
  { skewMs = 0, told = Promise.resolve() }: { skewMs?: number; told?: Promise<void> } = {},
): Promise<Ran> {
  const real = makeNodeRuntime()
  const runtime: Runtime = { ...real, now: () => asInstant(real.now() + skewMs) }
  const [said, complained]: [string[], string[]] = [[], []]
  try {
    const code = await runCommand(words, {
      environment,
      runtime,
      say: (text) => void said.push(text),
      complain: (text) => void complained.push(text),
      untilTold: () => told,
    })
    const [out, err] = [said.join(''), complained.join('')]
    return { code, out, err, json: words.includes('--json') && out !== '' ? JSON.parse(out) : undefined }
  } finally {
    await real.end()
  }
}

/** What the server of a shop was configured with, for a command beside it. */
export function environmentOf(shop: Shop): Record<string, string> {
  return {
    ...shop.emulator.environment(),
    PORT: new URL(shop.origin()).port,
    HOST: '127.0.0.1',
    PUBLIC_URL: shop.origin(),
    DATABASE_URL: shop.databaseUrl,
    ...shop.secrets,
    BOOTSTRAP_API_KEY: shop.key,
    LANG: 'en_US.UTF-8',
  }
}
