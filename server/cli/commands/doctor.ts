import type { Language } from '../../../shared/kernel/words.ts'
import { checkUp } from '../../checkup.ts'
import { type Finding, type Severity, severities } from '../../core/rules/finding.ts'
import type { Command } from '../command.ts'
import { partsOf, readConfiguration } from '../open-app.ts'

const marks: Record<Severity, string> = { ok: '✓', note: '·', warning: '!', error: '✗' }

export const doctor: Command = {
  name: 'doctor',
  usage: '[--offline]',
  words: 0,
  options: { offline: { type: 'boolean' } },
  does: {
    zh: '检查配置、密钥、证书、AppID、通知地址、时钟与数据库，每个问题都给出处理办法；--offline 不访问网络',
    en: 'Looks at configuration, keys, certificates, AppIDs, notify address, clock and database, and says what to do; --offline asks nobody',
  },
  run: async ({ outside, language, has }) => {
    const config = await readConfiguration(outside)
    const findings = await checkUp({ config, isOnline: !has('offline'), ...partsOf(outside) })
    const counts = Object.fromEntries(severities.map((one) => [one, findings.filter(({ severity }) => severity === one).length]))
    return {
      isGood: counts.error === 0,
      text: textOf(findings, language),
      json: { findings: findings.map(presented), counts },
    }
  },
}

function textOf(findings: readonly Finding[], language: Language): string {
  const lines = findings.flatMap(({ severity, about, words, remedy }) => [
    `${marks[severity]} ${about === undefined ? '' : `${about}  `}${words[language]}`,
    ...(remedy === undefined ? [] : [`    → ${remedy[language]}`]),
  ])
  return [...lines, '', sumOf(findings, language), ''].join('\n')
}

function sumOf(findings: readonly Finding[], language: Language): string {
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length
  const [errors, warnings] = [count('error'), count('warning')]
  if (language === 'zh') return errors + warnings === 0 ? '没有发现问题。' : `${errors} 个错误，${warnings} 个警告。`
  return errors + warnings === 0 ? 'Nothing wrong was found.' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}.`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function presented({ id, severity, about, words, remedy }: Finding) {
  return { id, severity, about: about ?? null, words, remedy: remedy ?? null }
}
