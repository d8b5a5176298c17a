import { unzipSync } from 'fflate'

const maxUnpackedBytes = 512 * 1024 * 1024

/** The files of a ZIP by name, for archives of a few files; names that are no UTF-8 come as they can. @throws Error when it is none, or too large. */
export function unzip(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  let total = 0
  const files = unzipSync(bytes, {
    filter: ({ originalSize }) => {
      total += originalSize
      if (total > maxUnpackedBytes) throw new Error(`it unpacks to more than ${maxUnpackedBytes} bytes`)
      return true
    },
  })
  return new Map(Object.entries(files))
}
