import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { banned } from './banned.ts'
import { functionLengths } from './function-lengths.ts'
import { lineAt, readSource } from './source-text.ts'

const fileMaxLines = 400
/** A file has usually 50 to 250 lines; half of them should be well below. */
const medianMaxLines = 150
const functionMaxLines = 60
const namesThatSayNothing = /^(utils?|helpers?|common|managers?|services?|misc)\.ts$/
const ownName = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d))?\.tsx?$/
const textual = /\.(c?[jt]sx?|mjs|md|jsonc?|ya?ml|css|html|wxml|wxss|conf|service|txt)$/
const mergeMark = /^(?:<{7}|>{7}) /gm

export type SourceFile = { readonly path: string; readonly text: string }

/** Our own code of a folder; what is generated fills files alone, which are nobody's to judge. */
export function sourceFiles(folder: string): SourceFile[] {
  return globSync('{server,shared,test,miniprogram}/**/*.{ts,tsx}', { cwd: folder })
    .filter((path) => !/\/(generated|fixtures|node_modules|miniprogram_npm|dist)\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
}

/** What was left standing of a merge, in any text of ours: `path:line: what`. */
export function mergeProblems(folder: string): string[] {
  return globSync(['*', '{server,shared,test,miniprogram,.ci}/**/*.*'], {
    cwd: folder,
    exclude: (path) => /node_modules|\/dist$/.test(path),
  })
    .filter((path) => textual.test(path))
    .sort()
    .flatMap((path) =>
      [...readFileSync(join(folder, path), 'utf8').matchAll(mergeMark)].map(({ index, input }) => ({ path, index, input })),
    )
    .map(({ path, index, input }) => `${path}:${lineAt(input, index)}: a merge was left undecided`)
}

/** Everything that offends the house's rules, as `path:line: what`; none when there is nothing. */
export function houseProblems(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(problemsOf), ...medianProblem(files)]
}

function problemsOf({ path, text }: SourceFile): string[] {
  return [...nameProblems(path), ...sizeProblems(path, text), ...bannedProblems(path, text)]
}

function nameProblems(path: string): string[] {
  const name = basename(path)
  const isEntry = path === 'shared/kernel/index.ts' || path.startsWith('miniprogram/')
  return [
    ...(namesThatSayNothing.test(name) ? [`${path}:1: a file is named by what it holds`] : []),
    ...(ownName.test(name) ? [] : [`${path}:1: a file is named in kebab-case`]),
    ...(name === 'index.ts' && !isEntry ? [`${path}:1: an import says where a thing lives; no index.ts`] : []),
  ]
}

function sizeProblems(path: string, text: string): string[] {
  const lines = lineCount(text)
  // The cases of a test, the tables of a migration and a list of routes are read row by row.
  const long = /^test\/|^server\/store\/migrations\/|^server\/http\/routes\//.test(path)
    ? []
    : functionLengths(text, { isMarkup: path.endsWith('.tsx') }).filter((one) => one.lines > functionMaxLines)
  return [
    ...(lines > fileMaxLines ? [`${path}:1: has ${lines} lines; at most ${fileMaxLines}`] : []),
    ...long.map((one) => `${path}:${one.line}: a function of ${one.lines} lines; at most ${functionMaxLines}`),
  ]
}

function medianProblem(files: readonly SourceFile[]): string[] {
  const sizes = files.map(({ text }) => lineCount(text)).sort((one, other) => one - other)
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0
  return median > medianMaxLines ? [`half of the files have ${median} lines or more; at most ${medianMaxLines}`] : []
}

function bannedProblems(path: string, text: string): string[] {
  const source = { ...readSource(text), raw: text }
  return banned
    .filter((rule) => rule.in.test(path) && !rule.except?.test(path))
    .flatMap((rule) => [...source[rule.seen].matchAll(rule.pattern)].map(({ index }) => `${path}:${lineAt(text, index)}: ${rule.says}`))
}

function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}
