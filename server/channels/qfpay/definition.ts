import { type AppId, asAppId } from '../../../shared/kernel/ids.ts'
import { type Currency, isCurrency } from '../../../shared/kernel/money.ts'
import { payTypes } from '../../../shared/kernel/pay.ts'
import type { Settings } from '../../lib/settings.ts'
import type { AccountSource, ChannelDefinition } from '../channel.ts'
import { type EndRule, type QfpayCredentials, signTypes } from './account.ts'
import { makeQfpay } from './channel.ts'
import { usualCodes } from './codes.ts'
import { label } from './label.ts'
import { readZone } from './times.ts'
import { readPlain, text } from './wire.ts'

const officialGateway = 'https://openapi-hk.qfapi.com'
const officialDirectUrl = 'https://o2-hk.qfapi.com/q/direct'
/** Documented currencies; those of which nobody says what their smallest unit is are left out (fact sheet §5). */
const currencies: readonly Currency[] = ['AED', 'AUD', 'CAD', 'CNY', 'EUR', 'HKD', 'JPY', 'MYR', 'SGD', 'THB', 'USD']

export const qfpay: ChannelDefinition = {
  name: 'qfpay',
  label,
  credentials: ['QFPAY_APP_CODE', 'QFPAY_CLIENT_KEY', 'QFPAY_MCHID'],
  settings: [
    'QFPAY_GATEWAY',
    'QFPAY_DIRECT_URL',
    'QFPAY_CURRENCY',
    'QFPAY_SIGN_TYPE',
    'QFPAY_PAY_TYPES',
    'QFPAY_CLOSE_RULES',
    'QFPAY_TIME_ZONE',
    'QFPAY_MERCHANT_NAME',
    'QFPAY_APP_ID',
    'QFPAY_MINIPROGRAM_APP_ID',
  ],
  folder: {
    type: 'pays.QfpayType',
    members: {
      appCode: 'QFPAY_APP_CODE',
      clientKey: 'QFPAY_CLIENT_KEY',
      mchId: 'QFPAY_MCHID',
      currency: 'QFPAY_CURRENCY',
      signType: 'QFPAY_SIGN_TYPE',
      gateway: 'QFPAY_GATEWAY',
      directUrl: 'QFPAY_DIRECT_URL',
      payTypes: 'QFPAY_PAY_TYPES',
      closeRules: 'QFPAY_CLOSE_RULES',
      timeZone: 'QFPAY_TIME_ZONE',
      title: 'QFPAY_MERCHANT_NAME',
      appId: 'QFPAY_APP_ID',
      miniprogramAppId: 'QFPAY_MINIPROGRAM_APP_ID',
      notifyUrl: 'QFPAY_NOTIFY_URL',
    },
  },
  fromEnvironment,
}

/** The account that the `QFPAY_…` names describe; undefined when none of its credentials is set. */
function fromEnvironment(settings: Settings): AccountSource | undefined {
  const [appCode, clientKey] = [settings.text('QFPAY_APP_CODE'), settings.secret('QFPAY_CLIENT_KEY')]
  const mchid = settings.text('QFPAY_MCHID')
  if (appCode === undefined && clientKey === undefined && mchid === undefined) return undefined
  if (appCode === undefined || !/^[0-9A-Fa-f]{32}$/.test(appCode))
    settings.refuse('QFPAY_APP_CODE', appCode === undefined ? 'is missing' : 'is not 32 hex characters', 'D00DFEED00000000000000000000A001')
  if (!clientKey) settings.refuse('QFPAY_CLIENT_KEY', 'is missing', '32 characters, sent by QFPay')
  if (mchid !== undefined && !/^[0-9A-Za-z]{1,16}$/.test(mchid))
    settings.refuse('QFPAY_MCHID', 'is not up to 16 letters and digits', 'ZaMVg12345')
  const rest = readRest(settings)
  if (appCode === undefined || !clientKey || !rest) return undefined
  const credentials: QfpayCredentials = { appCode, clientKey, mchid, ...rest }
  return { open: (tools) => makeQfpay(credentials, tools) }
}

function readRest(settings: Settings): Omit<QfpayCredentials, 'appCode' | 'clientKey' | 'mchid'> | undefined {
  const signType = oneOf(settings, 'QFPAY_SIGN_TYPE', signTypes, 'MD5')
  const said = settings.text('QFPAY_CURRENCY') ?? 'HKD'
  const currency = isCurrency(said) && currencies.includes(said) ? said : undefined
  if (!currency) settings.refuse('QFPAY_CURRENCY', `is ${said}; one of ${currencies.join(', ')}`, 'HKD')
  const zoneMinutes = readZone(settings.text('QFPAY_TIME_ZONE') ?? '+0800')
  if (zoneMinutes === undefined) settings.refuse('QFPAY_TIME_ZONE', 'is not an offset from Greenwich', '+0800')
  const codes = { ...usualCodes, ...pairs(settings, payTypePairs) }
  const rules = pairs(settings, closeRulePairs)
  const [gateway, directUrl] = [
    address(settings, 'QFPAY_GATEWAY', officialGateway),
    address(settings, 'QFPAY_DIRECT_URL', officialDirectUrl),
  ]
  if (!signType || !currency || zoneMinutes === undefined) return undefined
  return {
    signType,
    currency,
    zoneMinutes,
    codes,
    endRules: Object.fromEntries(
      Object.entries(rules).map(([code, rule]): [string, EndRule] => [code, rule === 'close' ? 'close' : 'reversal']),
    ),
    merchantName: settings.text('QFPAY_MERCHANT_NAME') ?? settings.text('MERCHANT_NAME') ?? 'Shouyin',
    gateway,
    directUrl,
    officialAppId: appId(settings, 'QFPAY_APP_ID', 'WECHAT_APP_ID'),
    hasOwnAccount: settings.text('QFPAY_APP_ID') !== undefined,
    miniprogramAppId: appId(settings, 'QFPAY_MINIPROGRAM_APP_ID', 'WECHAT_MINIPROGRAM_APP_ID'),
  }
}

type Pairs = { readonly name: string; isName(word: string): boolean; readonly value: RegExp; readonly example: string }

const payTypePairs: Pairs = {
  name: 'QFPAY_PAY_TYPES',
  isName: (word) => payTypes.some((one) => one === word),
  value: /^\d{6}$/,
  example: 'NATIVE=800101,JSAPI=800207',
}
const closeRulePairs: Pairs = {
  name: 'QFPAY_CLOSE_RULES',
  isName: (word) => /^\d{6}$/.test(word),
  value: /^(close|reversal)$/,
  example: '800101=reversal,800201=close',
}

/** What a setting of pairs says; nothing when it is not set, or wrong. */
function pairs(settings: Settings, { name, isName, value, example }: Pairs): Record<string, string> {
  const said = settings.text(name)
  if (said === undefined) return {}
  const read = said.trim().startsWith('{') ? pairsOfJson(said) : said.split(',').map((pair) => pair.trim().split('='))
  if (!read.every(([left = '', right = '', ...more]) => isName(left) && value.test(right) && more.length === 0))
    settings.refuse(name, 'is not a list of pairs of names and codes', example)
  return Object.fromEntries(read.map(([left = '', right = '']) => [left, right]))
}

/** As a JSON object; a pair of nothing when it is none, so that it is refused. */
function pairsOfJson(source: string): string[][] {
  const read = readPlain(source)
  return 'plain' in read ? Object.keys(read.plain).map((name) => [name, text(read.plain, name) ?? '']) : [[]]
}

function appId(settings: Settings, own: string, shared: string): AppId | undefined {
  const text = settings.text(own) ?? settings.text(shared)
  return text === undefined ? undefined : asAppId(text)
}

function oneOf<Word extends string>(settings: Settings, name: string, words: readonly Word[], fallback: Word): Word | undefined {
  const text = settings.text(name)
  const word = words.find((one) => one === (text ?? fallback))
  if (!word) settings.refuse(name, `is ${text ?? ''}; one of ${words.join(', ')}`, fallback)
  return word
}

/** A key would travel in clear over http, so that is for this machine only. */
function address(settings: Settings, name: string, fallback: string): string {
  const text = (settings.text(name) ?? fallback).replace(/\/+$/, '')
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname)
  if (url?.search !== '' || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    settings.refuse(name, 'is not an https address (http is for this machine only)', fallback)
  return text
}
