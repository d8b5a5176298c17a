/** The longest beginning of a text that has at most so many UTF-8 bytes, cut at a character's edge. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) return cut
    cut += character
  }
  return cut
}
