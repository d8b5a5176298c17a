import { type Finding, ok } from '../rules/finding.ts'
import { isThisMachine } from '../rules/this-machine.ts'
import type { Setup } from './parts.ts'

const fewestLetters = 10
const guessable = /change.?me|password|secret|example|default|12345678|abcdefgh|qwerty/i

/** What can be seen in the configuration alone, once it can be read at all. */
export function lookAtSetup(setup: Setup): Finding[] {
  const { isDemo, warnings } = setup
  const read = isDemo
    ? {
        id: 'configuration',
        severity: 'note' as const,
        words: { zh: '尚未配置任何渠道：npm start 将以演示模式运行', en: 'no channel is configured: npm start runs the demo' },
        remedy: {
          zh: '要真正收款，请把 .env.example 复制为 .env 并填写',
          en: 'To take real money copy .env.example to .env and fill it in',
        },
      }
    : ok('configuration', '配置可读', 'the configuration can be read')
  return [read, ...warnings.map(warned), ...lookAtSecrets(setup), ...lookAtProxies(setup)]
}

function warned(warning: string): Finding {
  const isOpenDoor = warning.startsWith('BOOTSTRAP_API_KEY')
  return {
    id: isOpenDoor ? 'demo_key' : 'configuration.name',
    severity: isOpenDoor ? 'error' : 'warning',
    about: warning.split(' ')[0],
    words: { zh: isOpenDoor ? '公网地址上使用了人人皆知的演示密钥' : `环境变量名可能写错：${warning}`, en: warning },
    remedy: isOpenDoor
      ? {
          zh: '请把 BOOTSTRAP_API_KEY 换成 sk_live_ 加 32 位随机字符',
          en: 'Replace BOOTSTRAP_API_KEY with sk_live_ and 32 random characters',
        }
      : { zh: '请改正变量名，或删去它', en: 'Correct the name, or leave it out' },
  }
}

/** Of nobody's making (the demo's are made by it). What a secret is made of is looked at; nothing of it is shown. */
function lookAtSecrets({ sessionSecret, masterKey }: Setup): Finding[] {
  const given = [
    { name: 'SESSION_SECRET', text: sessionSecret?.reveal() },
    { name: 'MASTER_KEY', text: masterKey?.reveal() },
  ]
  const findings = given.flatMap(({ name, text }): Finding[] => (text === undefined || isStrong(text) ? [] : [weak(name)]))
  if (sessionSecret !== undefined && sessionSecret.reveal() === masterKey?.reveal())
    findings.push({
      id: 'secrets',
      severity: 'warning',
      about: 'MASTER_KEY',
      words: { zh: 'SESSION_SECRET 与 MASTER_KEY 相同', en: 'SESSION_SECRET and MASTER_KEY are the same' },
      remedy: { zh: '请各用一个：openssl rand -base64 36', en: 'Use one for each: openssl rand -base64 36' },
    })
  const isGood = findings.length === 0 && sessionSecret !== undefined
  return isGood ? [ok('secrets', 'SESSION_SECRET 与 MASTER_KEY 强度足够', 'SESSION_SECRET and MASTER_KEY are strong')] : findings
}

function isStrong(text: string): boolean {
  return new Set(text).size >= fewestLetters && !guessable.test(text) && !/^(.{1,8})\1+$/.test(text)
}

function weak(name: string): Finding {
  return {
    id: 'secrets',
    severity: 'warning',
    about: name,
    words: { zh: `${name} 容易猜到`, en: `${name} can be guessed` },
    remedy: { zh: `请换成随机值：openssl rand -base64 36`, en: `Replace it with a random one: openssl rand -base64 36` },
  }
}

function lookAtProxies({ publicUrl, trustsNoProxy }: Setup): Finding[] {
  if (publicUrl === undefined || !publicUrl.startsWith('https:') || !trustsNoProxy) return []
  if (isThisMachine(new URL(publicUrl).hostname)) return []
  return [
    {
      id: 'trusted_proxies',
      severity: 'warning',
      words: {
        zh: 'PUBLIC_URL 是 https，前面应有代理，但未设置 TRUSTED_PROXIES：所有付款人的 IP 都是代理的',
        en: 'PUBLIC_URL is https, so a proxy stands in front, but TRUSTED_PROXIES is not set: every payer has the proxy’s address',
      },
      remedy: {
        zh: '请设置 TRUSTED_PROXIES 为代理层数（通常是 1）或其地址段',
        en: 'Set TRUSTED_PROXIES to how many proxies there are (1, as a rule) or to their addresses',
      },
    },
  ]
}
