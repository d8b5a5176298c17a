export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null }

/** Every item of a list, page after page, as they are asked for. */
export async function* eachOf<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item, void, undefined> {
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await list(cursor)
    yield* items
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
}
