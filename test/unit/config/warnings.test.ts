import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { channelRegistry } from '../../../server/channels/registry.ts'
import { readConfig } from '../../../server/config/config.ts'
import { knownNames } from '../../../server/config/names.ts'
import { warningsAbout } from '../../../server/config/warnings.ts'

const names = knownNames(channelRegistry)

describe('a name that nobody reads', () => {
  it.each([
    ['WECHAT_MCHID', 'WECHAT_MCHID is no setting of this server; is WECHAT_MCH_ID meant?'],
    ['WECHAT_APIV3_KEY', 'WECHAT_APIV3_KEY is no setting of this server; is WECHAT_API_V3_KEY meant?'],
    ['WECHAT_MINI_PROGRAM_APP_ID', 'WECHAT_MINI_PROGRAM_APP_ID is no setting of this server; is WECHAT_MINIPROGRAM_APP_ID meant?'],
    ['SESSION_SECRETS_FILE', 'SESSION_SECRETS_FILE is no setting of this server; is SESSION_SECRET meant?'],
    ['DATABASE_URI', 'DATABASE_URI is no setting of this server; is DATABASE_URL meant?'],
    ['WECHAT_COLOUR', 'WECHAT_COLOUR is no setting of this server; nothing reads it'],
  ])('%s is told', (name, warning) => {
    expect(warningsAbout({ [name]: 'hunter2' }, names)).toEqual([warning])
  })

  it.each(['PATH', 'HOME', 'HOSTNAME', 'NODE_ENV', 'MYSQL_URL', 'POST', 'npm_config_cache'])('%s is none of our business', (name) => {
    expect(warningsAbout({ [name]: 'x' }, names)).toEqual([])
  })

  it.each(names)('%s is none, nor is its _FILE', (name) => {
    expect(warningsAbout({ [name]: 'x' }, names)).toEqual([])
    expect(warningsAbout({ [`${name}_FILE`]: 'x' }, names)).toEqual([])
  })

  it('is not told when it is blank', () => {
    expect(warningsAbout({ WECHAT_MCHID: ' ', QFPAY_MCHID: '' }, names)).toEqual([])
  })
})

describe('the demo’s key', () => {
  const warnings = (publicUrl: string) =>
    readConfig({ BOOTSTRAP_API_KEY: 'sk_test_demo', PUBLIC_URL: publicUrl }, []).warnings.filter((warning) => /BOOTSTRAP/.test(warning))

  it('is warned about where everybody can come', () => {
    expect(warnings('https://pay.example.com')).toHaveLength(1)
    expect(warnings('http://127.0.0.1:8600')).toEqual([])
  })
})

describe('.env.example', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8')
  const lines = text.split('\n')
  const listed = lines.flatMap((line) => /^([A-Z0-9_]+)=/.exec(line)?.[1] ?? [])

  it('has every name once, and no other', () => {
    expect([...listed].sort()).toEqual([...names].sort())
  })

  it('explains each on the line above it', () => {
    expect(lines.filter((line, at) => /^[A-Z0-9_]+=/.test(line) && !/^# [^-]/.test(lines[at - 1] ?? ''))).toEqual([])
  })

  it('can be used as it stands: it starts the demo and warns of nothing', () => {
    const environment = Object.fromEntries(lines.flatMap((line) => (/^[A-Z0-9_]+=/.test(line) ? [line.split('=', 2)] : [])))

    expect(readConfig(environment, channelRegistry)).toMatchObject({ demo: true, warnings: [] })
  })
})
