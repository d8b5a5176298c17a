import { registerHooks } from 'node:module'
import { former, mutants } from './mutants.ts'

const mutant = [...mutants, ...former].find((one) => one.name === process.env.MUTANT)
if (!mutant) throw new Error(`there is no mutant ${process.env.MUTANT}`)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(mutant.file)) return loaded
    return { ...loaded, source: mutant.edits.reduce(edited, Buffer.from(loaded.source as Uint8Array).toString()) }
  },
})

/** An edit that finds nothing to change would switch off no guard. */
function edited(source: string, { from, to }: { from: string; to: string }): string {
  if (source.split(from).length !== 2)
    throw new Error(`${mutant?.name}: what it changes stands ${source.split(from).length - 1} times in ${mutant?.file}`)
  return source.replace(from, () => to)
}
