import qrcode from 'qrcode'

/**
 * A text as a QR code, drawn as one path of unit squares. Error correction M: a screen is neither torn nor dirty.
 *
 * @throws Error when the text is longer than a QR code holds, about 2,300 bytes.
 */
export function qrPath(text: string): { size: number; path: string } {
  const { size, data } = qrcode.create(text, { errorCorrectionLevel: 'M' }).modules
  const rows: string[] = []
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from = x
      while (x < size && data[y * size + x]) x++
      if (x > from) rows.push(`M${from} ${y}h${x - from}v1h-${x - from}z`)
    }
  return { size, path: rows.join('') }
}
