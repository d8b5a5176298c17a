import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'miniprogram/generated')
const banner = '/* Made from shared/ by "npm run miniprogram:shared"; not to be edited. */'

/** The shared code as one file that WeChat's own compiler and phones understand. */
export async function bundleShared(): Promise<string> {
  const contents = "export * from './kernel/index.ts'\nexport * from './api/client.ts'\n"
  const result = await build({
    stdin: { contents, resolveDir: join(root, 'shared'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    target: 'es2018',
    charset: 'utf8',
    write: false,
    banner: { js: banner },
  })
  return result.outputFiles[0]?.text ?? ''
}

/** Its types are those of the sources. */
export const sharedTypes = `${banner}\nexport * from '../../shared/kernel/index.ts'\nexport * from '../../shared/api/client.ts'\n\n/** The sources of the types mention it; no code of the mini-program may. */\ndeclare global {\n  const URL: { canParse(text: string): boolean }\n}\n`

if (import.meta.main) {
  await writeFile(join(folder, 'shared.js'), await bundleShared())
  await writeFile(join(folder, 'shared.d.ts'), sharedTypes)
}
