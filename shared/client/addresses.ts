/** An address below /api/v1 made of words and names; a name may hold any character. */
export function addressOf(...steps: readonly string[]): string {
  return steps.map((step) => `/${encodeURIComponent(step)}`).join('')
}

/** `?a=b` of what is given; nothing when nothing is. WeChat has no URLSearchParams. */
export function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(members).filter((member): member is [string, string | number] => member[1] !== undefined)
  const text = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  return text === '' ? '' : `?${text}`
}
