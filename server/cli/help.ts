import type { Language } from '../../shared/kernel/words.ts'
import type { Command } from './command.ts'

/** Every command with what it does. */
export function helpOf(commands: readonly Command[], language: Language): string {
  const rows = commands.map((one) => `  ${line(one)}\n      ${one.does[language]}`)
  const isZh = language === 'zh'
  const more = isZh
    ? '每个命令都可加 --json（给程序读）、--lang zh|en、--help。退出码：0 正常，1 有错误，2 用法不对，78 配置有误。'
    : 'Each takes --json (for programs), --lang zh|en and --help. Exit codes: 0 good, 1 bad news, 2 typed wrongly, 78 configuration.'
  return [isZh ? '用法：npx shouyin <命令>' : 'Usage: npx shouyin <command>', '', ...rows, '', more, ''].join('\n')
}

export function usageOf(command: Command, language: Language): string {
  return `npx shouyin ${line(command)}\n    ${command.does[language]}`
}

function line({ name, usage }: Command): string {
  return usage === '' ? name : `${name} ${usage}`
}
