import { queryOf } from './addresses.ts'
import type { PageOf } from './answers.ts'
import type { Call } from './calls.ts'

type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null }

/** A list: one page of it, or each of its items, page after page. */
export function listing<Item, Filter extends PageOf>(call: Call, path: string) {
  return {
    list: (filter?: Filter) => page(filter),
    each: (filter?: Omit<Filter, 'cursor'>) => eachOf((cursor) => page({ ...filter, cursor })),
  }

  function page(query: Readonly<Record<string, string | number | undefined>> = {}): Promise<Page<Item>> {
    return call<Page<Item>>({ method: 'GET', path: path + queryOf(query) })
  }
}

async function* eachOf<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await list(cursor)
    yield* items
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
}
