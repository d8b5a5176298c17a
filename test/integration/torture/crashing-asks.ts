/** Where the virtual clock of a crashing server stands, before or after the real one. */
export const clockVariable = 'CRASHING_CLOCK_OFFSET_MS'

/** What a crashing server is told; it answers each with what it knows by then. */
export type Ask =
  /** Count from here on, and end by SIGKILL at that point. */
  { readonly do: 'arm'; readonly at?: string | undefined } | { readonly do: 'advance'; readonly ms: number }
export type Told = { readonly points: readonly string[] }
