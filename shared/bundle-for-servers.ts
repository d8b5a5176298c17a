import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const banner = '/* Shouyin’s client for servers, made by "npm run client"; needs nothing but fetch and WebCrypto. MIT. */'

/** The client as one file of plain JavaScript, for servers that do not run TypeScript. */
export async function bundleClient(): Promise<string> {
  const entries = ['web-platform', 'merchant-client', 'api-error', 'verify-webhook', 'former-element']
  const result = await build({
    stdin: {
      contents: entries.map((name) => `export * from './${name}.ts'\n`).join(''),
      resolveDir: join(import.meta.dirname, 'client'),
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    write: false,
    banner: { js: banner },
  })
  return result.outputFiles[0]?.text ?? ''
}

if (import.meta.main) {
  const [, , file = 'shouyin-client.js'] = process.argv
  await writeFile(file, await bundleClient())
}
