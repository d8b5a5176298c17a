import { describe, expect, it } from '@jest/globals'
import { root } from './checks.ts'
import { functionLengths } from './function-lengths.ts'
import { houseProblems, sourceFiles } from './house-rules.ts'
import { readSource } from './source-text.ts'

const clock = 'the clock comes from the runtime that is handed in'
const waiting = 'waiting is the runtime’s'
const chance = 'chance comes from the runtime that is handed in'
const network = 'the network is the runtime’s'
const environment = 'the environment is read by config/ alone'
const money = 'money is an integer, and computed by money.ts'
const status = 'a status is written by store/transitions.ts alone'
const wire = 'a wire’s words stay in its channel’s folder'
const columns = 'names with an underscore are columns or a wire’s; ours are camelCase'
const claims = 'no ! that claims something is there'
const classes = 'classes are for errors and for what has a life to end or a secret to keep'

const problems = (path: string, text: string) => houseProblems([{ path, text }])

describe('our own code', () => {
  it('keeps the rules of the house', () => {
    expect(houseProblems(sourceFiles(root))).toEqual([])
  })

  it('is all read: every room has files', () => {
    const rooms = new Set(sourceFiles(root).map(({ path }) => path.split('/').slice(0, 2).join('/')))

    expect([...rooms]).toEqual(expect.arrayContaining(['server/core', 'server/store', 'shared/kernel', 'test/unit', 'miniprogram/pages']))
  })
})

describe('a house rule finds', () => {
  it.each([
    ['server/core/x.ts', 'const at = Date.now()', clock],
    ['server/core/x.ts', 'const at = new Date()', clock],
    ['shared/kernel/x.ts', 'const at = new Date( ).getTime()', clock],
    ['server/http/x.ts', 'const now = Date.now', clock],
    ['server/store/x.ts', 'const at = performance.now()', clock],
    ['server/core/x.ts', 'setTimeout(run, 5)', waiting],
    ['server/core/x.ts', 'const stop = setInterval(run, 5)', waiting],
    ['server/core/x.ts', 'setImmediate(run)', waiting],
    ['server/core/x.ts', 'const signal = AbortSignal.timeout(5)', waiting],
    ['server/core/x.ts', "import { scheduler } from 'node:timers/promises'", waiting],
    ['server/core/x.ts', 'const luck = Math.random()', chance],
    ['server/lib/x.ts', 'const id = crypto.randomUUID()', chance],
    ['server/lib/x.ts', 'const id = randomUUIDv7()', chance],
    ['server/lib/x.ts', 'const nth = randomInt(3)', chance],
    ['server/lib/x.ts', "import { createHmac, randomBytes } from 'node:crypto'", chance],
    ['server/core/x.ts', 'const answer = await fetch(address)', network],
    ['server/core/x.ts', 'const name = process.env.NAME', environment],
    ['server/core/x.ts', "console.log('here')", 'what is said goes through the log'],
    ['server/core/x.ts', 'let last = 0', 'nothing at a module’s level changes'],
    ['server/core/x.ts', 'const fen = yuan * 100', money],
    ['miniprogram/pages/x/x.ts', 'const yuan = fen / 100', money],
    ['shared/kernel/x.ts', 'const text = sum.toFixed(2)', money],
    ['server/http/x.ts', 'const sum = parseFloat(text)', money],
    ['server/core/x.ts', "order.status = 'succeeded'", status],
    ['server/store/orders.ts', "query.set({ status: 'succeeded' })", status],
    ['server/core/x.ts', "const number = body['out_trade_no']", wire],
    ['server/http/x.ts', `const sum = \`\${body.txamt}\``, wire],
    ['server/channels/channel.ts', "type Fee = 'total_fee'", wire],
    ['server/core/x.ts', 'const merchant_id = row.merchantId', columns],
    ['server/core/x.ts', 'function take(body: any): void {}', 'no any'],
    ['server/core/x.ts', 'const body = text as any', 'no any'],
    ['server/core/x.ts', 'const all: Record<string, any> = {}', 'no any'],
    ['server/core/x.ts', 'const first = list[0]!.name', claims],
    ['server/core/x.ts', 'const first = find()!', claims],
    ['server/core/x.ts', '// @ts-ignore', 'types are not silenced'],
    ['server/core/x.ts', 'enum Colour { red }', 'only erasable TypeScript'],
    ['server/core/x.ts', 'export const enum Colour { red }', 'only erasable TypeScript'],
    ['server/core/x.ts', 'class Orders { }', classes],
    ['server/core/x.ts', 'class Orders extends Base {}', classes],
    ['server/core/x.ts', 'export default 1', 'exports have names'],
    ['test/unit/x.test.ts', 'export default 1', 'exports have names'],
    ['server/core/x.ts', '// TODO: later', 'finish it or file it'],
    ['server/core/utils.ts', '', 'a file is named by what it holds'],
    ['test/support/helper.ts', '', 'a file is named by what it holds'],
    ['server/core/settleOrder.ts', '', 'a file is named in kebab-case'],
    ['server/core/index.ts', '', 'an import says where a thing lives; no index.ts'],
  ])('in %s: %s', (path, text, says) => {
    expect(problems(path, `${text}\n`)).toEqual([`${path}:1: ${says}`])
  })

  it('a file that is too long, and a function', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, at) => `  work(${at})\n`).join('')

    expect(problems('server/core/x.ts', `${lines(401)}`)).toContain('server/core/x.ts:1: has 401 lines; at most 400')
    expect(problems('server/core/x.ts', `// 一二三\nfunction long() {\n${lines(59)}}\n`)).toEqual([
      'server/core/x.ts:2: a function of 61 lines; at most 60',
    ])
    expect(problems('server/core/x.ts', `function long() {\n${lines(58)}}\n`)).toEqual([])
  })

  it('no table of routes too long: it is read row by row', () => {
    const routes = `function routes() {\n${'  row()\n'.repeat(70)}}\n`

    expect(problems('server/http/routes/orders.ts', routes)).toEqual([])
  })

  it('files that are long altogether', () => {
    const file = (name: string) => ({ path: `server/core/${name}.ts`, text: 'work()\n'.repeat(151) })

    expect(houseProblems(['a', 'b', 'c'].map(file))).toEqual(['half of the files have 151 lines or more; at most 150'])
  })

  it('the line', () => {
    expect(problems('server/core/x.ts', '/* one\n two */\nconst at = Date.now()\n')).toEqual([`server/core/x.ts:3: ${clock}`])
  })
})

describe('a house rule leaves alone', () => {
  it.each([
    ['server/lib/node-runtime.ts', 'const at = Date.now() + setTimeout(run, 5)'],
    ['server/emulator/runtime.ts', 'const at = new Date()'],
    ['server/core/x.ts', 'const day = new Date(at).toISOString()'],
    ['server/core/x.ts', '// Date.now() and fetch() are banned, "so is" setTimeout'],
    ['server/core/x.ts', "const words = 'Date.now() any! fetch('"],
    ['server/core/x.ts', `const words = \`process.env \${name} console.log(1) Date.now()\``],
    ['server/core/x.ts', 'const pattern = /fetch\\(["\'`/]*any!\\./'],
    ['server/core/x.ts', 'const answer = await runtime.fetch(request)'],
    ['server/core/x.ts', 'const bytes = runtime.randomBytes(8)'],
    ['server/config/x.ts', 'const name = process.env.NAME'],
    ['server/core/x.ts', "if (order.status === 'succeeded') go()"],
    ['server/http/x.ts', 'ctx.status = 204'],
    ['server/store/transitions.ts', "query.set({ status: 'closed' })"],
    ['server/channels/wechat/v3/x.ts', 'const number = wire.out_trade_no'],
    ['server/emulator/x.ts', 'const number = body.out_trade_no'],
    ['server/store/x.ts', 'const id = row.merchant_id'],
    ['server/core/x.ts', 'if (!list.some(isOpen) && one !== other) go()'],
    ['server/core/x.ts', 'export class Lost extends Error {}'],
    ['server/core/x.ts', 'const share = part * 1000'],
    ['test/unit/x.test.ts', 'const at = Date.now()'],
  ])('in %s: %s', (path, text) => {
    expect(problems(path, `${text}\n`)).toEqual([])
  })
})

describe('what runs', () => {
  it.each([
    ["a('it''s') // b", "a('  '' ')"],
    ['a("//b") + c', 'a("   ") + c'],
    [`\`a\${b + \`c\${d}e\` + {f: 1}.f}g\` + h`, `\` \${b + \` \${d} \` + {f: 1}.f} \` + h`],
    ['a = b / c / d', 'a = b / c / d'],
    ['a.test(/[/"]\\/x/) + "y"', 'a.test(/       /) + " "'],
    ["'a\\'b' + c", "'    ' + c"],
  ])('of %s is %s', (source, code) => {
    expect(readSource(source).code.trimEnd()).toBe(code)
  })

  it('is measured without the functions inside', () => {
    const source = 'export function makePart() {\n  return { run }\n\n  function run() {\n    go()\n  }\n}\n'

    expect(functionLengths(source)).toEqual([
      { line: 4, lines: 3 },
      { line: 1, lines: 4 },
    ])
  })
})
