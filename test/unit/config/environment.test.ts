import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readConfig } from '../../../server/config/config.ts'
import { makeSettings } from '../../../server/config/environment.ts'
import { Secret } from '../../../server/lib/secret.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shouyin-environment-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string): string {
  const path = join(mkdtempSync(join(folder, 'file-')), 'secret')
  writeFileSync(path, content)
  return path
}

describe('a name', () => {
  it.each([
    ['its value', 'value', 'value'],
    ['nothing when blank', ' \t', undefined],
    ['nothing when empty', '', undefined],
    ['its value as it stands, with spaces', ' a b ', ' a b '],
  ])('is %s', (_name, given, expected) => {
    expect(makeSettings({ NAME: given }).text('NAME')).toBe(expected)
  })

  it.each([
    ['the content', 'from a file', 'from a file'],
    ['the content without the line break at its end', 'from a file\n', 'from a file'],
    ['the content without a Windows line break at its end', 'from a file\r\n', 'from a file'],
    ['the content with the line breaks inside', 'one\ntwo\n', 'one\ntwo'],
    ['nothing when the file is blank', '\n', undefined],
  ])('with _FILE is %s', (_name, content, expected) => {
    const settings = makeSettings({ NAME_FILE: file(content) })

    expect(settings.text('NAME')).toBe(expected)
    expect(settings.secret('NAME')?.reveal()).toBe(expected)
    expect(settings.problems).toEqual([])
  })

  it('given both ways is a problem, told once', () => {
    const settings = makeSettings({ NAME: 'one', NAME_FILE: file('two') })

    settings.text('NAME')
    settings.secret('NAME')

    expect(settings.problems).toEqual([
      { name: 'NAME', problem: 'is given twice, also as NAME_FILE', example: 'NAME_FILE=/run/secrets/name alone' },
    ])
  })

  it.each([
    ['is not there', () => join(folder, 'nowhere')],
    ['is a folder', () => folder],
  ])('whose file %s is a problem that names the path', (_name, path) => {
    const settings = makeSettings({ NAME_FILE: path() })

    expect(settings.text('NAME')).toBeUndefined()
    expect(settings.problems).toEqual([
      { name: 'NAME_FILE', problem: `names a file that cannot be read: ${path()}`, example: '/run/secrets/name' },
    ])
  })
})

describe('every secret of the configuration', () => {
  const environment = () => ({
    WECHAT_MCH_ID: '1900000001',
    PUBLIC_URL: 'https://pay.example.com',
    SESSION_SECRET_FILE: file(`${'session'.repeat(6)}\n`),
    MASTER_KEY_FILE: file('master'.repeat(6)),
    BOOTSTRAP_API_KEY_FILE: file('sk_live_abcdefghijkl\n'),
  })

  it('may be given as a file', () => {
    const config = readConfig(environment(), [])

    expect(config.sessionSecret?.reveal()).toBe('session'.repeat(6))
    expect(config.masterKey?.reveal()).toBe('master'.repeat(6))
    expect(config.bootstrapApiKey?.reveal()).toBe('sk_live_abcdefghijkl')
  })

  it.each([
    ['inspected', (value: unknown) => inspect(value, { depth: 9, showHidden: true })],
    ['made JSON of', (value: unknown) => JSON.stringify(value)],
  ])('prints as *** when the whole is %s', (_name, print) => {
    const printed = print(readConfig(environment(), []))

    expect(printed).toContain('***')
    expect(printed).not.toMatch(/sessionsession|mastermaster|abcdefghijkl/)
  })

  it('prints as *** in a text', () => {
    const secret = new Secret('hush')

    // oxlint-disable-next-line typescript/restrict-template-expressions -- a careless line is what this is about
    expect(`a ${secret} b`).toBe('a *** b')
    expect(String(secret)).toBe('***')
    expect(secret.reveal()).toBe('hush')
  })
})
