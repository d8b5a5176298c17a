import type { Command } from '../command.ts'
import { withApp } from '../open-app.ts'

export const adopt: Command = {
  name: 'adopt',
  usage: '[--as-copy]',
  words: 0,
  isActing: true,
  options: { 'as-copy': { type: 'boolean' } },
  does: {
    zh: '此数据库的任务今后在 PUBLIC_URL 处理（搬家之后）；--as-copy：原库也继续使用，这里换用自己的安装编号',
    en: 'From now on the work of this database is done at PUBLIC_URL (after a move); --as-copy: the original goes on, too, and numbers here get an id of their own',
  },
  run: async (call) => {
    const isCopy = call.has('as-copy')
    const { home, before } = await withApp(call, (app) => app.home.adopt({ isCopy }))
    const zh = `任务今后在 ${home} 处理${before === undefined || before === home ? '' : `，原先在 ${before}`}；运行中的服务会在五秒内知道${isCopy ? '，新的安装编号在重启后生效' : ''}\n`
    const en = `the work is done at ${home} from now on${before === undefined || before === home ? '' : `; it was done at ${before}`}. Running servers know within five seconds${isCopy ? '; the new id is used from their next start on' : ''}\n`
    return { text: call.language === 'zh' ? zh : en, json: { home, before: before ?? null, isCopy } }
  },
}
