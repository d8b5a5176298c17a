import { parseArgs } from 'node:util'
import { type Language, languages } from '../../shared/kernel/words.ts'
import { ConfigError } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { AppError } from '../core/error.ts'
import { memberOf } from '../lib/member-of.ts'
import { storeProblem } from '../lib/start-problem.ts'
import { type Call, type Command, exitCodes, type Outside, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { helpOf, usageOf } from './help.ts'

const common = { json: { type: 'boolean' }, lang: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

/**
 * Runs one command.
 *
 * @param words what was typed behind `shouyin`.
 * @returns the exit code. Nothing is thrown for what people do wrong; what is thrown is a bug.
 */
export async function runCommand(words: readonly string[], outside: Outside): Promise<number> {
  let language = languageOf(outside.environment)
  try {
    const command = commandIn(words)
    if (!command) return unknown(words, language, outside)
    const call = readCall(command, words, outside)
    language = call.language
    if (call.has('help')) return tell(outside, `${usageOf(command, language)}\n`)
    const { isGood = true, text, json } = await command.run(call)
    outside.say(call.has('json') ? `${JSON.stringify(json, undefined, 2)}\n` : text)
    return isGood ? exitCodes.good : exitCodes.bad
  } catch (error) {
    return failed(error, { words, language, outside })
  }
}

/** The command whose name the first words are; a longer name before a shorter one. */
function commandIn(words: readonly string[]): Command | undefined {
  const typed = words.filter((word) => !word.startsWith('-'))
  return commands.find(({ name }) => name === typed.slice(0, 2).join(' ')) ?? commands.find(({ name }) => name === typed[0])
}

function unknown(words: readonly string[], language: Language, outside: Outside): number {
  const [first, second] = words.filter((word) => !word.startsWith('-'))
  if (first === undefined || first === 'help') {
    const asked = commands.filter(({ name }) => second !== undefined && name.split(' ')[0] === second)
    return tell(outside, asked.length > 0 ? `${asked.map((one) => usageOf(one, language)).join('\n\n')}\n` : helpOf(commands, language))
  }
  outside.complain(language === 'zh' ? `没有这个命令：${first}\n\n` : `there is no command ${first}\n\n`)
  outside.complain(helpOf(commands, language))
  return exitCodes.usage
}

function readCall(command: Command, words: readonly string[], outside: Outside): Call {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { ...common, ...command.options },
    allowPositionals: true,
    strict: true,
  })
  const given: Readonly<Record<string, unknown>> = values
  const rest = positionals.slice(command.name.split(' ').length)
  const has = (option: string) => given[option] === true
  if (rest.length !== command.words && !has('help'))
    throw new UsageError(`${command.name} takes ${command.words === 0 ? 'no word' : command.usage}`)
  const value = (option: string) => (typeof given[option] === 'string' ? given[option] : undefined)
  const said = value('lang')
  const language = languages.find((one) => one === said)
  if (said !== undefined && !language) throw new UsageError(`--lang is ${said}; one of ${languages.join(', ')}`)
  const { name, isActing = false } = command
  return { name, isActing, words: rest, outside, has, value, language: language ?? languageOf(outside.environment) }
}

function failed(error: unknown, { words, language, outside }: { words: readonly string[]; language: Language; outside: Outside }): number {
  const isJson = words.includes('--json')
  if (error instanceof ConfigError) {
    outside.complain(isJson ? json({ error: 'CONFIG', problems: error.problems }) : `${error.message}\n`)
    return exitCodes.configuration
  }
  if (error instanceof AppError) {
    const { code, message, details, hint } = error
    const fields = problemsIn(details)
    const lines = [message, ...fields, ...(hint ? [hint[language]] : [])]
    outside.complain(isJson ? json({ error: code, message, details, hint: hint?.[language] }) : `${lines.join('\n')}\n`)
    return exitCodes.bad
  }
  if (error instanceof UsageError || String(memberOf(error, 'code')).startsWith('ERR_PARSE_ARGS')) {
    const command = commandIn(words)
    outside.complain(`${String(memberOf(error, 'message'))}\n\n${command ? usageOf(command, language) : helpOf(commands, language)}\n`)
    return exitCodes.usage
  }
  const problem = storeProblem(error)
  if (!problem) throw error
  outside.complain(isJson ? json({ error: 'UNAVAILABLE', message: problem.text }) : `${problem.text}\n`)
  return problem.passes ? exitCodes.bad : exitCodes.configuration
}

/** What is wrong with several names at once, a line each. */
function problemsIn(details: Readonly<Record<string, unknown>> | undefined): string[] {
  const problems: unknown = details?.problems
  return Array.isArray(problems) ? problems.map((one) => `  ${String(one)}`) : []
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function tell(outside: Outside, text: string): number {
  outside.say(text)
  return exitCodes.good
}

/** What the terminal speaks; English when it does not say Chinese. */
function languageOf(environment: Environment): Language {
  const said = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || ''
  return said.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}
