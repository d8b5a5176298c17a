import { createCipheriv, createHash, createHmac } from 'node:crypto'

type Values = Readonly<Record<string, string | undefined>>

/** MD5, or HMAC-SHA256 under the same key, over the sorted members that have a value and the key at the end. */
export function signV2(values: Values, key: string, type: string): string {
  const names = Object.keys(values).filter((name) => name !== 'sign' && (values[name] ?? '') !== '')
  const text = `${names
    .sort()
    .map((name) => `${name}=${values[name]}`)
    .join('&')}&key=${key}`
  const digest = type === 'HMAC-SHA256' ? createHmac('sha256', key).update(text, 'utf8') : createHash('md5').update(text, 'utf8')
  return digest.digest('hex').toUpperCase()
}

/** What a refund notification carries in place of a signature. */
export function sealReqInfo(plain: string, apiKey: string): string {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(apiKey).digest('hex'), null)
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64')
}
