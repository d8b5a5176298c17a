import { migrateStore } from '../../open-store.ts'
import type { Command } from '../command.ts'
import { partsOf, readConfiguration } from '../open-app.ts'

export const migrate: Command = {
  name: 'migrate',
  usage: '',
  words: 0,
  does: {
    zh: '把数据库结构升级到本程序的版本（可重复执行）',
    en: 'Brings the database to this program’s schema; doing it again changes nothing',
  },
  run: async ({ outside, language }) => {
    const config = await readConfiguration(outside)
    const { from, to } = await migrateStore({ config, ...partsOf(outside) })
    const zh = from === to ? `数据库结构已是版本 ${to}\n` : `数据库结构已从版本 ${from} 升级到 ${to}\n`
    const en = from === to ? `the schema has version ${to} already\n` : `the schema went from version ${from} to ${to}\n`
    return { text: language === 'zh' ? zh : en, json: { from, to } }
  },
}
