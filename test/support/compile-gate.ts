import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '../..')

/** WeChat's own tags that this mini-program may use; any other has to be a component it names. */
const builtIn = new Set([
  'view',
  'text',
  'block',
  'button',
  'image',
  'scroll-view',
  'input',
  'form',
  'label',
  'navigator',
  'template',
  'import',
  'include',
  'wxs',
  'slot',
  'icon',
  'progress',
  'rich-text',
  'swiper',
  'swiper-item',
  'switch',
  'textarea',
  'checkbox',
  'checkbox-group',
  'radio',
  'radio-group',
  'picker',
  'page-meta',
])

/**
 * What would break the mini-program on a phone, found without WeChat's tools: no single compiler finds all of it, so Tencent's old
 * ones (wcc, wcsc), its new template compiler, TypeScript and a few looks at paths and names are put together.
 *
 * @param folder the mini-program's own, with `shared/` beside it.
 */
export function compileGate(folder: string): string[] {
  const json = readJsonFiles(folder)
  return [...json.problems, ...paths(folder, json.files), ...oldCompilers(folder), ...templates(folder, json.files), ...types(folder)]
}

type JsonFiles = ReadonlyMap<string, Record<string, unknown>>

function readJsonFiles(folder: string): { files: JsonFiles; problems: string[] } {
  const files = new Map<string, Record<string, unknown>>()
  const problems: string[] = []
  for (const file of globSync('**/*.json', { cwd: folder })) {
    try {
      files.set(file, JSON.parse(readFileSync(join(folder, file), 'utf8')))
    } catch {
      problems.push(`json: ${file} is not JSON`)
    }
  }
  return { files, problems }
}

function paths(folder: string, files: JsonFiles): string[] {
  const app = files.get('app.json') ?? {}
  const pages = listOf(app.pages)
  const tabs = listOf((app.tabBar as { list?: unknown } | undefined)?.list).map((tab) => (tab as unknown as { pagePath: string }).pagePath)
  return [
    ...pages.flatMap((page) =>
      ['.wxml', '.ts', '.json']
        .filter((end) => !existsSync(join(folder, page + end)))
        .map((end) => `path: ${page}${end} of app.json is not there`),
    ),
    ...tabs.filter((tab) => !pages.includes(tab)).map((tab) => `path: the tab ${tab} is no page`),
    ...(app.lazyCodeLoading === 'requiredComponents' ? [] : ['app.json: lazyCodeLoading has to be requiredComponents']),
    ...[...files].flatMap(([file, content]) =>
      componentsOf(content).flatMap(([, path]) =>
        existsSync(`${componentPath(folder, file, path)}.wxml`) ? [] : [`path: component ${path} of ${file} is not there`],
      ),
    ),
  ]
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value : []
}

function componentsOf(content: Record<string, unknown>): Array<[string, string]> {
  return Object.entries((content.usingComponents ?? {}) as Record<string, string>)
}

function componentPath(folder: string, file: string, path: string): string {
  return path.startsWith('/') ? join(folder, path) : resolve(join(folder, dirname(file)), path)
}

/** Tencent's compilers for templates, scripts in templates, and styles. They know the phones' old syntax, and refuse newer. */
function oldCompilers(folder: string): string[] {
  const bin = join(dirname(require.resolve('miniprogram-compiler/package.json')), 'bin', process.platform === 'darwin' ? 'mac' : 'linux')
  const compile = (name: string, args: string[]) => {
    chmodSync(join(bin, name), 0o755)
    const { status, stderr, stdout } = spawnSync(join(bin, name), args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    return status === 0 ? [] : [`${name}: ${(stderr || stdout).trim().slice(0, 500)}`]
  }
  return [
    ...compile('wcc', ['-d', ...globSync('**/*.{wxml,wxs}', { cwd: folder })]),
    ...compile('wcsc', ['-lc', ...globSync('**/*.wxss', { cwd: folder })]),
  ]
}

type Warning = { code: number; message: string; isError: boolean; startLine: number }

function templates(folder: string, files: JsonFiles): string[] {
  const { TmplGroup } = require('glass-easel-template-compiler')
  const group = new TmplGroup()
  return globSync('**/*.wxml', { cwd: folder }).flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8')
    const warnings: Warning[] = group.addTmpl(file.replace(/\.wxml$/, ''), source) ?? []
    const own = new Set(componentsOf(files.get(file.replace(/\.wxml$/, '.json')) ?? {}).map(([name]) => name))
    return [
      ...warnings.map(({ code, message }) => `template: ${file}: ${message} #${code}`),
      ...unknownTags(source, own).map((tag) => `template: ${file}: <${tag}> is neither built in nor named in usingComponents`),
      ...missingImports(folder, file, source),
    ]
  })
}

function unknownTags(source: string, own: ReadonlySet<string>): string[] {
  const tags = [...source.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<([a-z][\w-]*)/g)].map(([, tag = '']) => tag)
  return [...new Set(tags)].filter((tag) => !builtIn.has(tag) && !own.has(tag))
}

function missingImports(folder: string, file: string, source: string): string[] {
  const named = [...source.matchAll(/<(?:import|include|wxs)[^>]*\ssrc="([^"]+)"/g)].map(([, path = '']) => path)
  return named.filter((path) => !existsSync(componentPath(folder, file, path))).map((path) => `path: ${path} of ${file} is not there`)
}

function types(folder: string): string[] {
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout
    .split('\n')
    .filter((line) => /error TS\d+/.test(line))
    .map((line) => `types: ${relative(folder, line)}`)
}
