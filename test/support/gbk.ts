/** Text in GBK, which Node reads and cannot write: the table is made by reading every pair of bytes once. */
export function gbk(text: string): Uint8Array {
  const table = pairs()
  return Uint8Array.from([...text].flatMap((letter) => table.get(letter) ?? [letter.charCodeAt(0) < 0x80 ? letter.charCodeAt(0) : 0x3f]))
}

function pairs(): ReadonlyMap<string, readonly number[]> {
  const decoder = new TextDecoder('gbk', { fatal: false })
  const table = new Map<string, readonly number[]>()
  for (let high = 0x81; high <= 0xfe; high++) {
    for (let low = 0x40; low <= 0xfe; low++) {
      const letter = decoder.decode(Uint8Array.of(high, low))
      if ([...letter].length === 1 && letter !== '\ufffd') table.set(letter, [high, low])
    }
  }
  return table
}
