/** A source without its comments, strings and patterns: what is left is what runs. */
export function codeOf(source: string): string {
  let code = ''
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at, at + 2)
    if (rest === '//') at = endOf(source, '\n', at)
    else if (rest === '/*') at = endOf(source, '*/', at + 2) + 2
    else if (source[at] === "'" || source[at] === '"') at = endOfString(source, at)
    else code += source[at++]
  }
  return code
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from)
  return end === -1 ? source.length : end
}

function endOfString(source: string, from: number): number {
  const quote = source[from]
  let at = from + 1
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1
  return at + 1
}
