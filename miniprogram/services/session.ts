/** What a session needs from outside; a test hands in its own. */
export type SessionParts = {
  readonly loginCode: () => Promise<string>
  readonly exchange: (code: string) => Promise<{ token: string; expiresIn: number }>
  readonly load: () => unknown
  readonly save: (value: unknown) => void
  readonly forget: () => void
  readonly now: () => number
}

type Kept = { readonly token: string; readonly until: number }

/** A session this close to its end is renewed before it is used. */
const marginMs = 60_000

export type Session = ReturnType<typeof makeSession>

/** Logs in once for all who ask at the same time, keeps the token while it is good, and renews it silently. */
export function makeSession(parts: SessionParts) {
  let flight: Promise<string> | undefined
  return { token, renew }

  async function token(): Promise<string> {
    const kept = readKept(parts.load())
    return kept && kept.until - marginMs > parts.now() ? kept.token : login()
  }

  /** The server does not know the token any more; of many who notice, one logs in. */
  async function renew(refused: string): Promise<string> {
    const kept = readKept(parts.load())
    if (kept && kept.token !== refused) return kept.token
    parts.forget()
    return login()
  }

  function login(): Promise<string> {
    flight ??= exchangeOnce().finally(() => {
      flight = undefined
    })
    return flight
  }

  async function exchangeOnce(): Promise<string> {
    const { token: fresh, expiresIn } = await parts.exchange(await parts.loginCode())
    parts.save({ token: fresh, until: parts.now() + expiresIn * 1000 })
    return fresh
  }
}

function readKept(value: unknown): Kept | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { token, until } = value as Partial<Kept>
  return typeof token === 'string' && typeof until === 'number' ? { token, until } : undefined
}
