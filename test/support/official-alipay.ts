import { AlipaySdk } from 'alipay-sdk'

/**
 * The official client in a process of its own: its HTTP library listens to every connection of the process it is loaded in. It does
 * what it is told on the command line and prints what came of it.
 */
type Deed =
  | { readonly do: 'exec'; readonly method: string; readonly params: Record<string, unknown> }
  | { readonly do: 'check'; readonly notice: Record<string, string> }
  | { readonly do: 'page'; readonly method: string; readonly params: Record<string, unknown> }
export type AlipayJob = { readonly config: ConstructorParameters<typeof AlipaySdk>[0]; readonly deeds: readonly Deed[] }

const { config, deeds }: AlipayJob = JSON.parse(process.argv[2] ?? '{}')
const client = new AlipaySdk(config)
const results: unknown[] = []
for (const deed of deeds) results.push(await perform(deed))
process.stdout.write(JSON.stringify(results))
process.exit(0)

async function perform(deed: Deed): Promise<unknown> {
  switch (deed.do) {
    case 'exec':
      return client.exec(deed.method, deed.params, { validateSign: true })
    case 'check':
      return client.checkNotifySignV2(deed.notice)
    case 'page':
      return client.pageExecute(deed.method, 'GET', deed.params)
  }
}
